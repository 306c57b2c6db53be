"""What every binding of every vendor promises, checked against what its mapper does."""

import json
import string
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, inspect

from service.connectors.registry import CONNECTORS, get_connector
from service.connectors.sdk.binding import Query
from service.connectors.sdk.faults import SchemaDrift
from service.connectors.sdk.flow import Response
from service.connectors.sdk.wire import raw_records, unmapped
from tests.bench.pages import bodies_before, page_body
from tests.connectors.flows import BOOK, ok, play

EVERY = [(connector.slug, name) for connector in CONNECTORS for name in connector.bindings()]
BINDINGS = [(vendor, name) for vendor, name in EVERY if get_connector(vendor).bindings()[name].raw]
ATTACHED = {"meta", "raw", "expanded"}
IDS = {
    **{("sodium", resource): "code" for resource in get_connector("sodium").bindings()},
    ("sodium", "invoices"): "id",
    **{("taxdome", resource): "id" for resource in get_connector("taxdome").bindings()},
    **{("ignition", resource): "slug" for resource in get_connector("ignition").bindings()},
    ("canopy_public", "clients"): "id",
    ("canopy_public", "contacts"): "id",
    ("financial_cents", "clients"): "id",
    ("financial_cents", "users"): "id",
    ("karbon", "clients"): "ContactKey",
    ("smartvault", "clients"): "name",
    **{("uku", resource): "id" for resource in get_connector("uku").bindings()},
    **{("xpm", resource): "UUID" for resource in get_connector("xpm").bindings()},
    ("canopy", "documents"): "file_id",
    ("canopy", "organizers"): "questionnaire_id",
    ("canopy", "time_entries"): "entry_id",
}
"""What a row calls its id, where that does not follow from the resource's name."""


KNOWN = {
    **{
        (vendor, resource): "third_party"
        for vendor in ("canopy_public", "ignition", "smartvault", "uku")
        for resource in get_connector(vendor).bindings()
    },
    ("financial_cents", "clients"): "third_party",
    ("financial_cents", "users"): "third_party",
    ("senta", "clients"): "third_party",
    ("sodium", "contacts"): "assumed",
    ("sodium", "document_requests"): "assumed",
    ("sodium", "engagements"): "third_party",
    ("sodium", "organizers"): "assumed",
}
"""How a contract is known, where it is not known like the vendor's others."""


def page_of(vendor: str, resource: str, rows: list[Any]) -> list[Any]:
    """The unified records that a page with these rows becomes."""
    connector = get_connector(vendor)
    binding = connector.bindings()[resource]
    assert binding.page is not None
    body: Any = rows
    for name in reversed(binding.wire.many):
        body = {name.split("|")[0]: body}
    before = [Response(200, {}, earlier) for earlier in bodies_before(vendor, resource)]
    answer = ok(
        body | {"next_cursor": None, "next_page": None, "meta": {"pagination": {"has_more": False}, "has_more": False}}
    )
    found: list[Any] = play(connector, binding.page(Query(limit=50), BOOK), *before, answer).value.records
    return found


def usual(vendor: str, resource: str) -> tuple[list[dict[str, Any]], list[Any]]:
    """Usual vendor records and the unified ones."""
    wire = get_connector(vendor).bindings()[resource].wire
    rows = raw_records(page_body(vendor, resource, 3), wire, many=True)
    return rows, page_of(vendor, resource, json.loads(msgspec.json.encode(rows)))


@pytest.mark.parametrize(("vendor", "resource"), BINDINGS)
def test_unsupported_is_exactly_what_the_mapper_leaves_unset(vendor: str, resource: str) -> None:
    binding = get_connector(vendor).bindings()[resource]
    for found in usual(vendor, resource)[1]:
        unset = {name for name in found.__struct_fields__ if getattr(found, name) is UNSET}

        assert unset - ATTACHED == {*binding.unsupported, *binding.record_only}
        assert found.meta.unsupported == (*binding.unsupported, *binding.record_only)


@pytest.mark.parametrize(("vendor", "resource"), BINDINGS)
def test_records_keep_their_remote_id_and_place(vendor: str, resource: str) -> None:
    rows, records = usual(vendor, resource)
    names = (IDS.get((vendor, resource), f"{resource.removesuffix('s')}_id"), "Id")
    ids = [str(next(row[name] for name in names if name in row)) for row in rows]

    assert [found.remote_id.rpartition(":")[2] for found in records] == ids
    assert {(found.connection, found.account) for found in records} == {(BOOK.connection, BOOK.account)}
    assert all(found.id.endswith(BOOK.ref("", found.remote_id)) for found in records)


@pytest.mark.parametrize(("vendor", "resource"), EVERY)
def test_every_contract_says_how_it_is_known(vendor: str, resource: str) -> None:
    doc = get_connector(vendor).bindings()[resource].doc

    assert doc.url is not None
    assert doc.url.startswith("https://")
    assert doc.read_on == date(2026, 11, 20)
    assert doc.known == KNOWN.get((vendor, resource), "assumed" if vendor in ("canopy", "taxdome") else "documented")


@pytest.mark.parametrize(("vendor", "resource"), BINDINGS)
def test_nothing_of_a_usual_record_is_silently_dropped(vendor: str, resource: str) -> None:
    wire = get_connector(vendor).bindings()[resource].wire
    row = usual(vendor, resource)[0][0]
    left = unmapped(row, wire.record)
    declared = {field.encode_name for field in inspect.type_info(wire.record).fields}  # type: ignore[attr-defined]

    assert set(row) <= set(left) | declared


@cache
def rows_of(vendor: str, resource: str) -> st.SearchStrategy[Any]:
    """JSON values that the wire type accepts; kept, for to make them takes longer than to draw from them."""
    return json_of(inspect.type_info(get_connector(vendor).bindings()[resource].wire.record))


def json_of(described: inspect.Type) -> st.SearchStrategy[Any]:
    match described:
        case inspect.StructType(fields=fields):
            required = {field.encode_name: json_of(field.type) for field in fields if field.required}
            optional = {
                field.encode_name: json_of(field.type)
                for field in fields
                if not field.required and not (isinstance(field.type, inspect.ListType) and field.name == "Line")
            }
            return st.fixed_dictionaries(required, optional=optional)
        case inspect.Metadata(type=inner):
            return json_of(inner)
        case inspect.UnionType(types=types):
            return st.one_of([json_of(option) for option in types])
        case inspect.ListType(item_type=item):
            return st.lists(json_of(item), max_size=3)
        case inspect.DictType():
            return st.dictionaries(st.text(max_size=3), st.none() | st.booleans() | st.text(max_size=3), max_size=2)
        case inspect.StrType():
            words = st.sampled_from(["USD", "JPY", "1", "Invoice", "GroupLineDetail", "DiscountLineDetail", "paid"])
            return words | st.text(string.printable, max_size=5)
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
        case inspect.IntType():
            return st.integers(-(10**12), 10**12)
        case inspect.AnyType():
            return st.none() | st.booleans() | st.text(max_size=3)
        case inspect.DecimalType():
            return st.decimals(-(10**9), 10**9, places=2).map(float) | st.just(0)
        case inspect.DateType():
            return st.dates().map(date.isoformat)
        case inspect.DateTimeType():
            years = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
            return years.map(datetime.isoformat)
        case _:
            raise AssertionError(f"no strategy for {described}")


@pytest.mark.parametrize(("vendor", "resource"), BINDINGS)
@given(data=st.data())
def test_a_mapper_gives_a_record_or_drift_and_nothing_else(vendor: str, resource: str, data: st.DataObject) -> None:
    row = data.draw(rows_of(vendor, resource))
    with suppress(SchemaDrift):
        (found,) = page_of(vendor, resource, [row])
        msgspec.json.encode(found)
