"""What a vendor can never hold is refused before the vendor is asked for anything: so a dry run finds it."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pytest
from msgspec.inspect import StructType, type_info

from service.connectors.registry import get_connector
from service.connectors.sdk.faults import Invalid, VendorFault
from service.unified.routes.nouns import NOUNS
from tests.connectors.test_round_trips import opened
from tests.connectors.vendors import Vendor
from tests.samples_of_types import sample

_UPDATES: Final = {noun.name: noun.update for noun in NOUNS}
_BY_STATE: Final = {("sodium", "document_requests")}
"""Where it depends on what became of the record so far."""
CASES: Final = [
    (slug, noun)
    for slug in ("canopy", "quickbooks", "sodium")
    for noun, one in get_connector(slug).bindings().items()
    if one.update is not None and (slug, noun) not in _BY_STATE
]


@pytest.fixture(scope="module", params=["canopy", "quickbooks", "sodium"])
def vendor(request: pytest.FixtureRequest) -> Iterator[Vendor]:
    with opened(request.param) as found:
        yield found


def changes(noun: str) -> Iterator[tuple[str, Any]]:
    """Each change of a single field."""
    described = type_info(_UPDATES[noun])
    assert isinstance(described, StructType)
    for field in described.fields:
        yield field.encode_name, msgspec.convert({field.encode_name: sample(field.type)}, _UPDATES[noun])


def refusal(vendor: Vendor, noun: str, remote_id: str, change: Any, name: str) -> str | None:
    """The code with which we ourselves refuse the change, if we do so in the end."""
    update = vendor.binding(noun).update
    assert update is not None
    try:
        vendor.run(update(remote_id, change, None, f"{noun}-{name}", vendor.book))
    except VendorFault as fault:
        return fault.code if fault.status is None else None
    return None


def test_unsupported_change_is_refused_without_a_call(vendor: Vendor) -> None:
    found = 0
    for noun in (noun for slug, noun in CASES if slug == vendor.connector.slug):
        remote_id = vendor.every(noun)[0].remote_id
        update = vendor.binding(noun).update
        assert update is not None
        for name, change in changes(noun):
            if refusal(vendor, noun, remote_id, change, name) != "unsupported":
                continue
            found += 1
            with pytest.raises(Invalid) as refused:
                next(update(remote_id, change, None, "again", vendor.book))
            assert refused.value.fields[0].pointer == f"/{name}", noun
    assert found > 10
