"""Rows with no more than the fields that public sketches of Canopy's and TaxDome's answers name: ids, names, few more.

Whoever plays such an answer to us gets a record that says what it does not know, not a failure.
"""

from typing import Any

import pytest
from msgspec import UNSET

from service.connectors.registry import get_connector
from service.connectors.sdk.binding import Query, RemotePage
from service.resources.client import ClientKind, ClientStatus
from service.resources.common import Email
from service.resources.document import Area
from service.resources.user import MfaLevel
from tests.connectors.flows import BOOK, ok, play

CANOPY = get_connector("canopy")
TAXDOME = get_connector("taxdome")
CLIENT = {
    "client_id": "cny_7ab1",
    "display_name": "Tern Supplies",
    "filing_type": "Business",
    "emails": [{"type": "billing", "value": "ap@tern.example"}],
    "custom_fields": {"level": "Silver"},
}
DOCUMENT = {"id": "d-1", "name": "W-2.pdf", "path": "/2025/Bank", "size": 40122, "uploaded_at": "2026-02-03T04:05:06Z"}


def page(connector: Any, resource: str, answer: object, **filters: tuple[str, ...]) -> RemotePage[Any]:
    binding = connector.bindings()[resource]
    assert binding.page is not None
    found: RemotePage[Any] = play(connector, binding.page(Query(limit=50, filters=filters), BOOK), ok(answer)).value
    return found


def test_a_client_of_canopys_sketch_is_read() -> None:
    found = page(CANOPY, "clients", {"clients": [CLIENT], "next_cursor": "more"})
    [client] = found.records

    assert (found.next or "").endswith("more")
    assert (client.remote_id, client.display_name, client.kind) == ("cny_7ab1", "Tern Supplies", ClientKind.BUSINESS)
    assert (client.emails, client.phones) == ([Email("ap@tern.example", "billing")], [])
    assert client.custom_fields == {"level": "Silver"}
    assert (client.status, client.status_native) == (ClientStatus.OTHER, None)
    unsaid = ("addresses", "linked", "tags", "updated_at")
    assert all(getattr(client, name) is UNSET and name in client.meta.unsupported for name in unsaid)


@pytest.mark.parametrize("name", ["phones", "addresses", "linked", "tags"])
def test_a_list_that_is_null_is_empty(name: str) -> None:
    [client] = page(CANOPY, "clients", {"clients": [{**CLIENT, name: None}], "next_cursor": None}).records

    assert getattr(client, name) == []
    assert name not in client.meta.unsupported


def test_the_session_of_canopys_sketch_is_read() -> None:
    assert CANOPY.session is not None
    devices = [{"device_id": "dev_x", "platform": "Android", "last_seen": "2026-04-11T09:00:00Z"}]
    answer = {"user_id": "usr_1", "mfa_level": "phishing_resistant", "devices": devices}
    found = play(CANOPY, CANOPY.session(BOOK), ok(answer)).value

    assert (found.mfa_level, found.devices[0].platform) == (MfaLevel.PHISHING_RESISTANT, "Android")


@pytest.mark.parametrize("area", ["client_uploaded", "firm_shared"])
def test_a_document_of_taxdomes_sketch_is_read_into_the_area_it_was_listed_in(area: str) -> None:
    found = page(TAXDOME, "documents", {"items": [DOCUMENT], "next_page": 2}, area=(area,))
    [document] = found.records

    assert found.next is not None
    assert (document.area, document.area_native) == (Area(area), area)
    assert document.client == BOOK.ref("cli_", BOOK.account)
    assert (document.name, document.path, document.size_bytes) == ("W-2.pdf", "/2025/Bank", 40122)
    assert document.folder is not None
    unsaid = ("uploaded_by", "visible_to_client", "approval", "approval_native", "signing", "status_native")
    assert all(getattr(document, name) is UNSET and name in document.meta.unsupported for name in unsaid)
