"""Senta: a host for each practice, one list for everything, fields that each practice makes up."""

from typing import Any

import pytest

from service.connectors.sdk.binding import Query
from service.connectors.sdk.faults import CredentialsExpired, NotFound, Refused, SchemaDrift
from service.connectors.sdk.flow import Request, Response
from service.connectors.sdk.references import at_account
from service.connectors.senta.connector import SENTA
from service.connectors.senta.discovery import discover
from service.resources.client import Client, ClientKind, ClientStatus
from service.resources.common import Address, Email, Phone
from tests.connectors.flows import BOOK, ok, play

DOC: dict[str, Any] = {
    "_id": "5f10a1",
    "title": "Quill Bakery",
    "clientstate": "Former client",
    "clienttype": "LLP",
    "telephone": "(555) 555-0142",
    "web": "https://quill.example",
    "address1": "1 Pier",
    "address2": "",
    "town": "Rivermouth",
    "postcode": "RM1 1AA",
    "contacts": [{"firstname": "Alma", "email": "alma@quill.example", "mobile": "(555) 555-0143"}],
    "fees": 1200,
    "yearend": "31 March",
    "companyUTR": "1234567890",
    "ni_number": "QQ123456C",
    "companies_auth_code": "A1B2C3",
}


def get(answer: object) -> Client:
    binding = SENTA.clients
    assert binding is not None
    assert binding.get is not None
    return play(SENTA, binding.get("5f10a1", BOOK), ok(answer)).value


def test_practices_have_hosts_of_their_own() -> None:
    assert at_account(SENTA.base_urls["us"], "acme") == "https://acme.senta.co"
    with pytest.raises(Refused):
        at_account(SENTA.base_urls["us"], "acme.evil")


def test_practice_is_the_account() -> None:
    found = play(SENTA, discover({"practice": "acme"}), ok({"docs": []})).value

    assert [account.remote_id for account in found] == ["acme"]


def test_one_client_shows_its_own_fields_but_no_number_of_a_government() -> None:
    found = get({"doc": DOC})

    assert (found.status, found.status_native) == (ClientStatus.INACTIVE, "Former client")
    assert (found.kind, found.filing_type) == (ClientKind.BUSINESS, "LLP")
    assert found.addresses == [Address(lines=("1 Pier",), city="Rivermouth", postal_code="RM1 1AA")]
    assert found.emails == [Email("alma@quill.example")]
    assert found.phones == [Phone("(555) 555-0142"), Phone("(555) 555-0143", "mobile")]
    assert found.custom_fields == {"fees": 1200, "yearend": "31 March"}


def test_state_that_a_practice_made_up_is_other() -> None:
    found = get({"doc": DOC | {"clientstate": "On hold", "clienttype": "Charity"}})

    assert (found.status, found.status_native) == (ClientStatus.OTHER, "On hold")
    assert (found.kind, found.kind_native) == (ClientKind.OTHER, "Charity")


def test_saved_list_is_no_client() -> None:
    with pytest.raises(NotFound):
        get({"docs": [{"_id": "1", "Client name": "Quill"}]})
    with pytest.raises(SchemaDrift):
        get({})


def test_pages_are_parts_of_one_list_in_the_order_of_ids() -> None:
    binding = SENTA.clients
    assert binding is not None
    assert binding.page is not None
    docs = {"docs": [{"_id": name, "title": name.upper()} for name in ("c", "a", "b")]}
    first = play(SENTA, binding.page(Query(limit=2), BOOK), ok(docs)).value
    second = play(SENTA, binding.page(Query(limit=2, position=first.next), BOOK), ok(docs)).value

    assert [one.remote_id for one in first.records + second.records] == ["a", "b", "c"]
    assert second.next is None


def test_body_of_a_refusal_is_not_needed() -> None:
    asked = Request(method="GET", path="/clients/search", lane="read")

    assert type(SENTA.classify(asked, Response(401, {}, b""))) is CredentialsExpired
