"""Canopy's public API: thin lists, whole records, wrapped bodies, and words that contradict each other."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from msgspec import UNSET

from service.connectors.canopy_public import clients, contacts, custom_fields
from service.connectors.canopy_public.connector import CANOPY_PUBLIC
from service.connectors.sdk.binding import Query
from service.connectors.sdk.faults import (
    BrokenPaging,
    ConnectionRefused,
    CredentialsExpired,
    Invalid,
    NotFound,
    NotWritten,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)
from service.connectors.sdk.flow import Response
from service.connectors.sdk.wire import raw_records, unmapped
from service.resources.client import (
    ClientCreate,
    ClientKind,
    ClientStatus,
    ClientUpdate,
    LinkedClient,
    LinkedClientInput,
)
from service.resources.common import Address, Email, Phone, TaxId
from service.resources.contact import ContactCreate, ContactLink, ContactRole, ContactUpdate
from tests.bench.pages import page_body
from tests.connectors.flows import BOOK, ok, play

ROWS: list[dict[str, Any]] = json.loads(page_body("canopy_public", "clients", 3))["clients"]
PERSON: dict[str, Any] = {
    "id": "CON7f0c-11",
    "is_business": False,
    "type": "CLIENT",
    "external_id": "ada-1",
    "display_name": "Ada Finch",
    "first_name": "Ada",
    "middle_name": None,
    "last_name": "Finch",
    "filing_status": "MARRIED_JOINT",
    "birthdate": "1980-02-29",
    "client_since": "2019-12-10",
    "client_sources": [{"id": "S1", "name": "Mailer"}],
    "is_active": True,
    "is_archived": False,
    "is_deleted": False,
    "emails": [
        {"email": "second@finch.example", "is_primary": False, "type": "OTHER"},
        {"email": "ada@finch.example", "is_primary": True, "type": "PERSONAL"},
    ],
    "phones": [{"number": "5555550143", "extension": "12", "is_primary": True, "type": "MOBILE"}],
    "addresses": [
        {"address_1": "1 Harbor Street", "locality": "Rivermouth", "region": "CA", "postal_code": "94000",
         "country": "US", "type": "MAILING", "is_primary": True}
    ],
    "linked_clients": [{"id": "CON7f0c-12", "name": "Ivo Finch", "label": None, "relationship_type": "SPOUSE"}],
    "tags": [{"id": "T1", "name": "vip"}],
    "custom_fields": [
        {"field_id": "F1", "field_name": "Since", "type": "date", "value": "2020-01-31"},
        {"field_id": "F2", "field_name": "Tier", "type": "dropdown", "dropdown_values": [{"id": "K", "value": "Gold"}]},
        {"field_id": "F3", "field_name": "Q", "type": "multiselect", "dropdown_values": [{"id": "A", "value": "Tax"}]},
    ],
    "tin": "123-45-6789",
    "notes": "",
    "archived_at": None,
    "created_at": "2019-12-10T09:28:16",
    "updated_at": "2019-12-18T13:39:55",
}  # fmt: skip
FIELDS = [
    {"id": "F1", "name": "Since", "type": "date"},
    {"id": "F2", "name": "Tier", "type": "dropdown", "dropdown_values": [{"id": "K", "value": "Gold"}]},
    {"id": "F3", "name": "Asks", "type": "multiselect", "dropdown_values": [{"id": "A", "value": "Tax"}]},
]


def listed(*rows: dict[str, Any], cursor: str | None = None) -> Response:
    return ok({"clients": list(rows), "next_cursor": cursor})


def one(**changed: Any) -> Response:
    return ok({"client": PERSON | changed})


def failed(status: int, **headers: str) -> Response:
    errors = {"code": 40001, "message": "no", "userMessage": "Ada Finch", "httpStatusCode": status, "details": ["x"]}
    return Response(status, headers, json.dumps({"errors": errors}).encode())


def sent(request: Any) -> Any:
    return json.loads(request.body)


def test_a_list_goes_on_by_its_cursor_and_guesses_nothing() -> None:
    first = play(CANOPY_PUBLIC, clients.RECORDS.page(Query(limit=2), BOOK), listed(*ROWS[:2], cursor="abc"))
    second = play(CANOPY_PUBLIC, clients.RECORDS.page(Query(limit=2, position=first.value.next), BOOK), listed(ROWS[2]))

    assert dict(first.requests[0].query) == {"limit": "2"}
    assert dict(second.requests[0].query) == {"limit": "2", "next_cursor": "abc"}
    assert second.value.next is None
    shown = first.value.records[0]
    assert (shown.display_name, shown.kind, shown.external_id) == ("Quill Bakery 1", ClientKind.BUSINESS, "x-1")
    assert (shown.status, shown.status_native) == (ClientStatus.OTHER, "CLIENT")
    assert {"addresses", "tax_ids", "updated_at"} <= set(shown.meta.unsupported)


def test_a_cursor_that_repeats_is_broken_paging() -> None:
    first = play(CANOPY_PUBLIC, clients.RECORDS.page(Query(limit=1), BOOK), listed(ROWS[0], cursor="abc")).value
    with pytest.raises(BrokenPaging):
        play(
            CANOPY_PUBLIC,
            clients.RECORDS.page(Query(limit=1, position=first.next), BOOK),
            listed(ROWS[1], cursor="abc"),
        )


def test_what_was_changed_since_is_asked_in_utc() -> None:
    since = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
    walked = play(CANOPY_PUBLIC, clients.RECORDS.page(Query(limit=5, updated_after=since), BOOK), listed())

    assert dict(walked.requests[0].query)["updated_at"] == "2026-11-20T08:00:00Z"


def test_one_client_is_told_whole() -> None:
    shown = play(CANOPY_PUBLIC, clients.RECORDS.get("CON7f0c-11", BOOK), one()).value

    assert shown.kind is ClientKind.INDIVIDUAL
    assert (shown.given_name, shown.family_name, shown.legal_name) == ("Ada", "Finch", None)
    assert (shown.status, shown.filing_type) == (ClientStatus.ACTIVE, "MARRIED_JOINT")
    assert shown.emails == [Email("ada@finch.example", "personal"), Email("second@finch.example", "other")]
    assert shown.phones == [Phone("5555550143 x12", "mobile")]
    assert shown.addresses == [
        Address(
            label="mailing",
            lines=("1 Harbor Street",),
            city="Rivermouth",
            region="CA",
            postal_code="94000",
            country="US",
        )
    ]
    assert shown.linked == [LinkedClient(BOOK.ref("cli_", "CON7f0c-12"), "SPOUSE")]
    assert shown.tags == ["vip"]
    assert shown.custom_fields == {"F1": "2020-01-31", "F2": "Gold", "F3": ["Tax"]}
    assert shown.tax_ids == [TaxId("tin", "*****6789")]
    assert shown.notes is None
    assert shown.created_at == datetime(2019, 12, 10, 9, 28, 16, tzinfo=UTC)
    assert shown.meta.unsupported == clients.UNSUPPORTED


def test_names_that_the_record_does_not_tell_are_not_said_to_be_none() -> None:
    lean = {name: value for name, value in PERSON.items() if name not in {"first_name", "last_name"}}
    shown = play(CANOPY_PUBLIC, clients.RECORDS.get("CON7f0c-11", BOOK), ok({"client": lean})).value

    assert (shown.given_name, shown.family_name, shown.legal_name) == (UNSET, UNSET, None)
    assert shown.meta.unsupported == (*clients.UNSUPPORTED, "given_name", "family_name")


@pytest.mark.parametrize(
    ("marks", "status"),
    [
        ({"is_archived": True}, ClientStatus.ARCHIVED),
        ({"is_active": False}, ClientStatus.INACTIVE),
        ({"type": "PROSPECT"}, ClientStatus.PROSPECT),
        ({"type": "OTHER"}, ClientStatus.OTHER),
        ({"type": "SOMETHING_NEW"}, ClientStatus.OTHER),
    ],
)
def test_status_follows_the_marks_before_the_type(marks: dict[str, Any], status: ClientStatus) -> None:
    assert play(CANOPY_PUBLIC, clients.RECORDS.get("C1", BOOK), one(**marks)).value.status is status


def test_what_has_no_place_stays_unmapped_and_no_number_leaves() -> None:
    binding = clients.BINDING
    (row,) = raw_records(one().body, binding.wire, many=False, redact=CANOPY_PUBLIC.redact)
    left = unmapped(PERSON, binding.wire.record, CANOPY_PUBLIC.redact)

    assert "tin" not in row
    assert {"birthdate", "client_since", "client_sources", "archived_at", "middle_name"} <= set(left)
    assert "tin" not in left


def test_a_business_is_created_in_its_wrapper() -> None:
    new = ClientCreate(
        display_name="Quill Bakery",
        kind=ClientKind.BUSINESS,
        filing_type="LLC",
        emails=[Email("hello@quill.example")],
        phones=[Phone("5555550143", "Mobile")],
        addresses=[Address(lines=("1 Harbor Street",), city="Rivermouth", label="physical")],
        custom_fields={"F2": "Gold", "F3": ["Tax"], "F1": "2020-01-31"},
    )
    made = play(CANOPY_PUBLIC, clients.create(new, "key", BOOK), ok({"custom_fields": FIELDS}), one())

    assert made.requests[0].aside
    assert not made.requests[1].repeatable
    assert sent(made.requests[1]) == {
        "client": {
            "is_business": True,
            "type": "CLIENT",
            "display_name": "Quill Bakery",
            "business_name": "Quill Bakery",
            "business_type": "LLC",
            "emails": [{"is_primary": True, "email": "hello@quill.example", "type": "WORK"}],
            "phones": [{"is_primary": True, "number": "5555550143", "type": "MOBILE"}],
            "addresses": [
                {"is_primary": True, "type": "PHYSICAL", "address_1": "1 Harbor Street", "locality": "Rivermouth"}
            ],
            "custom_fields": [
                {"field_id": "F2", "dropdown_values": [{"value": "Gold"}]},
                {"field_id": "F3", "dropdown_values": [{"value": "Tax"}]},
                {"field_id": "F1", "value": "2020-01-31"},
            ],
        }
    }


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({}, "/kind"),
        ({"kind": ClientKind.OTHER}, "/kind"),
        ({"kind": ClientKind.INDIVIDUAL, "given_name": "Ada"}, "/family_name"),
        ({"kind": ClientKind.INDIVIDUAL, "legal_name": "Ada"}, "/legal_name"),
        ({"kind": ClientKind.BUSINESS, "given_name": "Ada"}, "/given_name"),
        ({"kind": ClientKind.BUSINESS, "filing_type": "SINGLE"}, "/filing_type"),
        ({"kind": ClientKind.BUSINESS, "filing_type": "GmbH"}, "/filing_type"),
        ({"kind": ClientKind.BUSINESS, "tags": ["vip"]}, "/tags"),
        ({"kind": ClientKind.BUSINESS, "website": "https://quill.example"}, "/website"),
        ({"kind": ClientKind.BUSINESS, "emails": [Email("a@quill.example", "fax")]}, "/emails/0/label"),
        ({"kind": ClientKind.BUSINESS, "addresses": [Address(lines=("1", "2", "3"))]}, "/addresses/0/lines"),
        ({"kind": ClientKind.BUSINESS, "linked": [LinkedClientInput(client="cli_x", kind="son")]}, "/linked/0/client"),
    ],
)
def test_what_canopy_has_no_place_for_is_refused_by_name(given: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        play(CANOPY_PUBLIC, clients.create(ClientCreate(display_name="Quill", **given), "key", BOOK))

    assert [field.pointer for field in refused.value.fields] == [pointer]


@pytest.mark.parametrize(
    ("values", "pointer"),
    [({"F9": "x"}, "/custom_fields/F9"), ({"F1": None}, "/custom_fields/F1"), ({"F3": []}, "/custom_fields/F3")],
)
def test_a_custom_field_that_cannot_be_written_is_refused_by_its_id(values: dict[str, Any], pointer: str) -> None:
    flow = clients.update("C1", ClientUpdate(custom_fields=values), None, "key", BOOK)
    with pytest.raises(Invalid) as refused:
        play(CANOPY_PUBLIC, flow, ok({"custom_fields": FIELDS}))

    assert [field.pointer for field in refused.value.fields] == [pointer]


def test_a_change_names_only_what_it_changes() -> None:
    new = ClientUpdate(
        status=ClientStatus.ARCHIVED,
        notes=None,
        linked=[
            LinkedClientInput(client=BOOK.ref("cli_", "C2"), kind="Spouse"),
            LinkedClientInput(client=BOOK.ref("cli_", "C3"), kind="Neighbour"),
        ],
    )
    changed = play(CANOPY_PUBLIC, clients.update("C1", new, None, "key", BOOK), one())

    assert (changed.requests[0].method, changed.requests[0].path) == ("PATCH", "/clients/C1")
    assert not changed.requests[0].repeatable
    assert sent(changed.requests[0]) == {
        "client": {
            "is_archived": True,
            "notes": "",
            "linked_clients": [
                {"id": "C2", "relationship_type": "SPOUSE"},
                {"id": "C3", "relationship_type": "OTHER", "label": "Neighbour"},
            ],
        }
    }


SINCE = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
MARKED = ClientCreate(display_name="Ada Finch", kind=ClientKind.INDIVIDUAL, external_id="ada-1")
ROW = {"id": "CON7f0c-11", "is_business": False, "type": "CLIENT", "external_id": "ada-1", "name": "Ada Finch"}


def test_a_create_that_nobody_answered_is_found_by_its_mark() -> None:
    answers = listed(*ROWS, ROW), one(created_at="2026-11-20T08:00:03")
    found = play(CANOPY_PUBLIC, clients.made(MARKED, SINCE, BOOK), *answers)

    assert dict(found.requests[0].query)["updated_at"] == "2026-11-20T07:55:00Z"
    assert found.value.remote_id == "CON7f0c-11"


@pytest.mark.parametrize(
    ("answers", "fault"),
    [
        ((listed(*ROWS),), NotWritten),
        ((listed(ROW), one(created_at="2019-12-10T09:28:16")), NotWritten),
        ((listed(*ROWS, cursor="abc"),), OutcomeUnknown),
        ((listed(ROW), failed(404)), OutcomeUnknown),
        ((listed(ROW, ROW), *(one(created_at="2026-11-20T08:00:03"),) * 2), OutcomeUnknown),
    ],
    ids=["none", "an-older-one", "more-than-a-page", "taken-away", "two"],
)
def test_what_cannot_be_told_for_sure_is_not_said(answers: tuple[Response, ...], fault: type[Exception]) -> None:
    with pytest.raises(fault):
        play(CANOPY_PUBLIC, clients.made(MARKED, SINCE, BOOK), *answers)


def test_a_create_without_a_mark_cannot_be_looked_for() -> None:
    with pytest.raises(OutcomeUnknown):
        play(CANOPY_PUBLIC, clients.made(ClientCreate(display_name="Ada"), SINCE, BOOK))


def test_the_search_of_clients_is_no_client() -> None:
    with pytest.raises(NotFound):
        play(CANOPY_PUBLIC, clients.RECORDS.get("search", BOOK))


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (400, Invalid),
        (401, CredentialsExpired),
        (403, ConnectionRefused),
        (404, NotFound),
        (429, RateLimited),
        (503, Unavailable),
    ],
)
def test_faults_follow_the_status_and_quote_nobody(status: int, fault: type[Exception]) -> None:
    with pytest.raises(fault) as met:
        play(CANOPY_PUBLIC, clients.RECORDS.get("C1", BOOK), failed(status, **{"retry-after": "3"}))

    assert "Ada" not in str(met.value)


@pytest.mark.parametrize(
    "parts",
    [
        {
            "emails": [{"email": "alma@quill.example", "type": "WORK", "is_primary": True}],
            "phones": [{"number": "5555550143", "type": "MOBILE", "extension": None}],
        },
        {
            "emails": [{"value": "alma@quill.example", "key": "WORK", "is_primary": True}],
            "phones": [{"value": "5555550143", "key": "MOBILE"}],
        },
    ],
    ids=["as-the-examples", "as-the-schema"],
)
def test_contacts_are_read_in_either_spelling(parts: dict[str, Any]) -> None:
    person = {
        "id": "CON1",
        "first_name": "Alma",
        "middle_name": "",
        "last_name": "Quill",
        "birthdate": "1985-06-15",
        "addresses": [],
        "clients": [{"id": "CLI1", "name": "Quill", "label": "Primary Client", "relationship_type": "OTHER"}],
        "tin": None,
        "created_at": "2020-01-15T10:30:00Z",
        "updated_at": "2023-03-20T14:45:30Z",
    }
    shown = play(CANOPY_PUBLIC, contacts.RECORDS.get("CON1", BOOK), ok({"contact": person | parts})).value

    assert shown.emails == [Email("alma@quill.example", "work")]
    assert shown.phones == [Phone("5555550143", "mobile")]
    assert shown.born_on == date(1985, 6, 15)
    assert shown.links == [
        ContactLink(client=BOOK.ref("cli_", "CLI1"), roles=[ContactRole.OTHER], roles_native=["Primary Client"])
    ]
    assert shown.meta.unsupported == contacts.UNSUPPORTED


def test_a_contact_is_created_at_its_client() -> None:
    new = ContactCreate(
        client=BOOK.ref("cli_", "CLI1"),
        given_name="Alma",
        family_name="Quill",
        roles=[ContactRole.SPOUSE],
        emails=[Email("alma@quill.example")],
    )
    made = play(
        CANOPY_PUBLIC,
        contacts.create(new, "key", BOOK),
        ok({"contact": {"id": "CON1", "first_name": "Alma", "last_name": "Quill"}}),
    )

    assert sent(made.requests[0]) == {
        "contact": {
            "first_name": "Alma",
            "last_name": "Quill",
            "emails": [{"is_primary": True, "value": "alma@quill.example", "key": "WORK"}],
            "clients": [{"id": "CLI1", "relationship_type": "SPOUSE"}],
        }
    }


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"given_name": None}, "/given_name"),
        ({"given_name": "A", "roles": [ContactRole.PAYROLL]}, "/roles/0"),
        ({"given_name": "A", "roles": [ContactRole.SPOUSE, ContactRole.OTHER]}, "/roles/1"),
        ({"given_name": "A", "title": "Dr"}, "/title"),
    ],
)
def test_what_a_contact_cannot_be_is_refused_by_name(given: dict[str, Any], pointer: str) -> None:
    new = ContactCreate(client=BOOK.ref("cli_", "CLI1"), family_name="Quill", **given)
    with pytest.raises(Invalid) as refused:
        play(CANOPY_PUBLIC, contacts.create(new, "key", BOOK))

    assert [field.pointer for field in refused.value.fields] == [pointer]


def test_the_clients_of_a_contact_cannot_be_changed() -> None:
    with pytest.raises(Invalid) as refused:
        play(CANOPY_PUBLIC, contacts.update("CON1", ContactUpdate(links=[]), None, "key", BOOK))

    assert [field.pointer for field in refused.value.fields] == ["/links"]


def test_definitions_come_in_pages_of_ours() -> None:
    first = play(CANOPY_PUBLIC, custom_fields.page(Query(limit=2), BOOK), ok({"custom_fields": FIELDS})).value
    second = play(
        CANOPY_PUBLIC, custom_fields.page(Query(limit=2, position=first.next), BOOK), ok({"custom_fields": FIELDS})
    ).value

    assert [(found.name, found.kind.value, found.choices) for found in (*first.records, *second.records)] == [
        ("Since", "date", []),
        ("Tier", "select", ["Gold"]),
        ("Asks", "multi_select", ["Tax"]),
    ]
    assert second.next is None
