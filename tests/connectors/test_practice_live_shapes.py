"""What others have met in the answers of vendors that publish little, with values of our own.

Sources, read 2026-11-20: public programs that call Financial Cents, SmartVault, Ignition and Senta; the inventory of
Uku's fields at https://github.com/mindcloud; Canopy's public API v3, whose specification is kept at
https://github.com/nfbs2000/vibe-with-upwork-canopy-n8n.
"""

from datetime import UTC, datetime
from typing import Any

import pytest

from service.connectors.registry import get_connector
from service.connectors.sdk.binding import Query
from service.connectors.sdk.faults import SchemaDrift
from service.resources.client import ClientStatus
from service.resources.common import Email, Money, Phone
from service.resources.engagement import EngagementStatus
from tests.connectors.flows import BOOK, Played, ok, play


def paged(vendor: str, resource: str, answer: Any, position: str | None = None, limit: int = 50) -> Played[Any]:
    connector = get_connector(vendor)
    binding = connector.bindings()[resource]
    assert binding.page is not None
    return play(connector, binding.page(Query(limit=limit, position=position), BOOK), ok(answer))


def test_financial_cents_names_and_archives_its_clients_in_more_than_one_way() -> None:
    rows: list[dict[str, Any]] = [
        {"id": 7001, "name": "Quill", "archived_at": None, "created_at": "2025-03-04 05:06:07"},
        {"id": "7002", "company_name": "Tern Ltd", "archived_at": "2026-01-02T03:04:05.000000Z", "contacts": []},
        {"id": 7003, "display_name": "Wren", "is_archived": False, "archived_at": None, "status": "whatever"},
    ]
    found = paged("financial_cents", "clients", rows).value

    assert [(one.display_name, one.status) for one in found.records] == [
        ("Quill", ClientStatus.ACTIVE),
        ("Tern Ltd", ClientStatus.ARCHIVED),
        ("Wren", ClientStatus.ACTIVE),
    ]
    assert found.records[0].created_at == datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert found.next is None


def test_financial_cents_is_never_asked_for_more_than_a_page_of_its_own() -> None:
    """A vendor that ignores the size it is asked for would end the list after the first page otherwise."""
    assert all(binding.max_page == 100 for binding in get_connector("financial_cents").bindings().values())


def test_financial_cents_users_may_have_an_address_only() -> None:
    found = paged("financial_cents", "users", {"data": [{"id": 9, "name": None, "email": "alma@quill.example"}]}).value

    assert found.records[0].name == "alma@quill.example"


PAGES = {"pagination": {"has_more": False, "next_cursor": None, "limit": 100}}


def test_ignition_leaves_out_what_is_not_there_yet() -> None:
    client = {"slug": "quill", "name": "Quill", "state": None, "tags": None, "created_at": None, "email": None}
    proposal = {
        "slug": "p-1",
        "state": "new",
        "name": None,
        "minimum_contract_value": {"amount": None, "currency": None},
        "services": [
            {"name": "Books", "pricing": {"quantity": "1.0", "minimum_period_value": None}, "billing": None},
            {"name": "Pay", "pricing": {"currency": "USD", "minimum_period_value": {"amount": "12.50"}}},
        ],
        "created_at": "2026-03-04T05:06:07.891Z",
    }
    [one] = paged("ignition", "clients", {"data": [client], "meta": PAGES}).value.records
    [agreed] = paged("ignition", "engagements", {"data": [proposal], "meta": PAGES}).value.records

    assert (one.status, one.tags, one.created_at) == (ClientStatus.OTHER, [], None)
    assert (agreed.status, agreed.status_native, agreed.total) == (EngagementStatus.OTHER, "new", None)
    assert [service.price for service in agreed.services] == [None, Money(1250, "USD")]


def test_ignition_never_prices_in_an_unknown_currency() -> None:
    row = {"slug": "p", "state": "draft", "minimum_contract_value": {"amount": 5}, "services": None}
    with pytest.raises(SchemaDrift):
        paged("ignition", "engagements", {"data": [row], "meta": PAGES})


def test_ignition_knows_people_by_their_address_where_it_has_no_name() -> None:
    row = {"slug": "c", "name": None, "email": "alma@quill.example", "client": None}
    [found] = paged("ignition", "contacts", {"data": [row], "meta": PAGES}).value.records

    assert (found.display_name, found.links) == ("alma@quill.example", [])


@pytest.mark.parametrize(
    "properties", [None, {}, {"smart_vault": None}, {"smart_vault": {"accounting": {"client": None}}}]
)
def test_smartvault_has_clients_of_whom_the_firm_says_nothing(properties: Any) -> None:
    rows = [{"name": "42", "dav_uri": "", "entityExProperties": properties}, {"name": "43"}]
    found = paged("smartvault", "clients", {"message": {"children": rows, "total_children": 2}}).value

    assert [one.display_name for one in found.records] == ["42", "43"]


def test_smartvault_may_show_one_person_as_it_was_written() -> None:
    person = {
        "names": [{"FirstName": "Alma", "LastName": "Reed"}],
        "email_addresses": [{"address": "alma@quill.example"}],
        "phone_numbers": [{"number": "(212) 555-0101"}],
    }
    inside = {"smart_vault": {"accounting": {"client": {"person": person, "tags": [{"value": None}]}}}}
    answer = {"message": {"children": [{"name": "44", "entityExProperties": inside}], "total_children": 1}}
    [found] = paged("smartvault", "clients", answer).value.records

    assert found.display_name == "Alma Reed"
    assert (found.emails, found.phones) == ([Email("alma@quill.example")], [Phone("(212) 555-0101")])


@pytest.mark.parametrize(("rows", "following"), [(2, "2"), (1, None), (0, None)])
def test_smartvault_goes_on_while_pages_are_full_where_it_does_not_count(rows: int, following: str | None) -> None:
    answer = {"message": {"children": [{"name": str(number)} for number in range(rows)]}}

    assert paged("smartvault", "clients", answer, limit=2).value.next == following


def test_uku_leaves_out_what_is_not_there() -> None:
    row: dict[str, Any] = {"id": 5, "name": None, "fields": [], "created_at": "2026-03-04 05:06:07", "updated_at": None}
    [client] = paged("uku", "clients", {"data": [row], "meta": {"has_more": False}}).value.records
    person = {"id": 6, "name": None, "surname": "Reed", "client_id": 5, "is_primary": 0}
    [contact] = paged("uku", "contacts", {"data": [person], "meta": {"has_more": False}}).value.records

    assert (client.display_name, client.custom_fields) == ("5", {})
    assert client.created_at == datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert contact.display_name == "Reed"


@pytest.mark.parametrize(
    ("answer", "following"),
    [
        ({"data": [{"id": 1, "name": "A"}, {"id": 2, "name": "B"}], "meta": {}}, True),
        ({"data": [{"id": 1, "name": "A"}]}, False),
        ({"data": [{"id": 1, "name": "A"}], "meta": {"next_cursor": "x"}}, True),
        ({"data": [{"id": 1, "name": "A"}, {"id": 2, "name": "B"}], "meta": {"has_more": False}}, False),
    ],
)
def test_uku_goes_on_while_pages_are_full_where_it_does_not_say(answer: Any, following: bool) -> None:
    assert (paged("uku", "clients", answer, limit=2).value.next is not None) is following


def test_senta_has_clients_without_a_title() -> None:
    [found] = paged("senta", "clients", {"docs": [{"_id": "a1", "title": None}]}).value.records

    assert found.display_name == "a1"
