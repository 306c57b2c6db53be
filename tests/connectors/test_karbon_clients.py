"""What one Karbon record says beyond its row in a list, and what its links may lead to."""

import pytest

from service.connectors.karbon.connector import KARBON
from service.connectors.karbon.lists import Listed, following
from service.connectors.sdk.binding import Query
from service.connectors.sdk.faults import (
    BrokenPaging,
    Conflict,
    ConnectionRefused,
    CredentialsExpired,
    Invalid,
    NotFound,
    RateLimited,
    Refused,
    SchemaDrift,
    Unavailable,
    VendorFault,
)
from service.connectors.sdk.flow import Request, Response
from service.resources.client import Client, ClientKind, ClientStatus, LinkedClient
from service.resources.common import Address, Email, Phone
from tests.connectors.flows import BOOK, ok, play

ASKED = Request(method="GET", path="/Contacts", lane="read")
CARDS = [
    {"IsPrimaryCard": False, "EmailAddresses": ["old@quill.example"], "PhoneNumbers": []},
    {
        "IsPrimaryCard": True,
        "EmailAddresses": ["alma@quill.example", "office@quill.example"],
        "PhoneNumbers": [{"Number": "(555) 555-0143", "CountryCode": "1", "Label": "Mobile"}],
        "Addresses": [{"AddressLines": "1 Pier\nDock 2", "City": "Rivermouth", "Label": "Mailing"}],
        "WebSites": ["https://quill.example"],
    },
]


def get(remote_id: str, answer: object) -> tuple[Client, Request]:
    binding = KARBON.clients
    assert binding is not None
    assert binding.get is not None
    played = play(KARBON, binding.get(remote_id, BOOK), ok(answer))
    return played.value, played.requests[0]


def test_one_contact_shows_everything_on_its_cards_the_primary_one_first() -> None:
    team = [
        {"MemberKey": "T1", "MemberType": "Team", "RoleType": "ClientOwner"},
        {"MemberKey": "U2", "MemberType": "User", "RoleType": "ClientManager"},
    ]
    row = {"ContactKey": "2LPSrkzbYrn4", "FirstName": "Alma", "LastName": "Quill", "ContactType": "Former client"}
    found, asked = get("contact:2LPSrkzbYrn4", {**row, "BusinessCards": CARDS, "ClientTeam": team})

    assert (asked.path, asked.query) == ("/Contacts/2LPSrkzbYrn4", (("$expand", "BusinessCards,ClientTeam"),))
    assert found.display_name == "Alma Quill"
    assert found.status is ClientStatus.INACTIVE
    assert [one.address for one in found.emails] == ["alma@quill.example", "office@quill.example", "old@quill.example"]
    assert found.phones == [Phone("(555) 555-0143", "Mobile")]
    assert found.addresses == [Address(label="Mailing", lines=("1 Pier", "Dock 2"), city="Rivermouth")]
    assert found.website == "https://quill.example"
    assert (found.owner, found.manager) == (None, BOOK.ref("usr_", "U2"))


def test_client_group_names_its_members() -> None:
    members = [{"ContactKey": "C1"}, {"OrganizationKey": "R2"}]
    group = {"ClientGroupKey": "G1", "FullName": "Quill Group", "Members": members, "BusinessCard": CARDS[0]}
    found, asked = get("client_group:G1", group)

    assert asked.query == (("$expand", "BusinessCard"),)
    assert found.kind is ClientKind.OTHER
    assert found.emails == [Email("old@quill.example")]
    assert found.linked == [
        LinkedClient(BOOK.ref("cli_", "contact:C1"), "member"),
        LinkedClient(BOOK.ref("cli_", "organization:R2"), "member"),
    ]
    assert "owner" in found.meta.unsupported


def test_example_with_one_of_a_thing_where_there_may_be_several_is_read() -> None:
    card = {
        "EmailAddresses": ["office@quill.example", None],
        "PhoneNumbers": {"PhoneNumberKey": "p", "Number": 5555550144, "CountryCode": 61, "Label": "Work"},
        "Addresses": {"AddressKey": "a", "AddressLines": "1 Pier", "City": "Rivermouth", "Label": "Physical"},
        "WebSites": None,
    }
    members = {"ContactKey": "C1", "OrganizationKey": "R2"}
    group = {"ClientGroupKey": "G1", "FullName": "Quill Group", "Members": members, "BusinessCard": card}
    found, _ = get("client_group:G1", {**group, "LastModifiedDateTime": "2026-07-05T07:30:13.7188114Z"})

    assert found.emails == [Email("office@quill.example")]
    assert found.phones == [Phone("5555550144", "Work")]
    assert found.addresses == [Address(label="Physical", lines=("1 Pier",), city="Rivermouth")]
    assert isinstance(found.linked, list)
    assert len(found.linked) == 2


def test_nothing_hanging_on_a_record_is_told_as_null_or_left_out() -> None:
    nothing = {"BusinessCards": None, "ClientTeam": None, "Members": None}
    found, _ = get("contact:C1", {"ContactKey": "C1", "PreferredName": "Bo", "FirstName": None, **nothing})

    assert (found.display_name, found.emails, found.addresses, found.owner) == ("Bo", [], [], None)


def test_row_of_a_list_needs_a_key_and_a_name_alone() -> None:
    rows = [
        {"@odata.type": "#KarbonService.OrganizationSummaryDTO", "OrganizationKey": "R1", "FullName": "Quill Ltd"},
        {"OrganizationKey": "R2", "FullName": "Sable Ltd", "Website": "sable.example", "EmailAddress": None},
    ]
    answer = ok({"@odata.context": "x", "@odata.count": 2, "value": rows})
    binding = KARBON.clients
    assert binding is not None
    assert binding.page is not None

    found = play(KARBON, binding.page(Query(limit=100, position="organization:0"), BOOK), answer).value.records

    assert [client.display_name for client in found] == ["Quill Ltd", "Sable Ltd"]
    assert [client.updated_at for client in found] == [None, None]
    assert "website" in found[0].meta.unsupported
    assert found[1].website == "sable.example"


@pytest.mark.parametrize("row", [{"FullName": "Quill Ltd"}, {"OrganizationKey": "R1"}, {"OrganizationKey": "", "x": 1}])
def test_row_without_a_key_or_without_any_name_is_drift_at_its_place(row: dict[str, str]) -> None:
    binding = KARBON.clients
    assert binding is not None
    assert binding.page is not None
    good = {"OrganizationKey": "R0", "FullName": "Sable Ltd"}
    flow = binding.page(Query(limit=100, position="organization:0"), BOOK)

    with pytest.raises(SchemaDrift, match=r"\$\.value\[1\]\.(FullName|OrganizationKey)"):
        play(KARBON, flow, ok({"value": [good, row]}))


def test_record_without_any_name_is_drift() -> None:
    with pytest.raises(SchemaDrift):
        get("organization:R1", {"OrganizationKey": "R1"})


def test_lists_follow_each_other_to_the_end() -> None:
    binding = KARBON.clients
    assert binding is not None
    assert binding.page is not None
    pages: list[tuple[str, str | None]] = []
    for position in (None, "contact:100", "organization:0", "client_group:0"):
        link = {"@odata.nextLink": "https://api.karbonhq.com/v3/Contacts?$top=100&$skip=100"} if not position else {}
        row = {"ContactKey": "C1", "FullName": "Alma", "LastModifiedDateTime": "2026-10-02T16:40:07Z"}
        flow = binding.page(Query(limit=100, position=position), BOOK)
        played = play(KARBON, flow, ok({"value": [row] if link else [], **link}))
        pages.append((played.requests[0].path, played.value.next))

    assert pages == [
        ("/Contacts", "contact:100"),
        ("/Contacts", "organization:0"),
        ("/Organizations", "client_group:0"),
        ("/ClientGroups", None),
    ]


@pytest.mark.parametrize(
    "link",
    ["https://api.karbonhq.com/v3/Contacts?$skip=100", "https://api.karbonhq.com/v3/Contacts?$skip=0"],
)
def test_link_that_leads_nowhere_new_is_a_fault(link: str) -> None:
    with pytest.raises(BrokenPaging):
        following(Listed[object]([object()], link), 100, 100)


@pytest.mark.parametrize("link", ["https://api.karbonhq.com/v3/Contacts?$skip=100", "https://evil.example/x"])
def test_link_to_more_without_any_row_is_a_fault(link: str) -> None:
    with pytest.raises(BrokenPaging):
        following(Listed[object]([], link), 0, 100)


@pytest.mark.parametrize(
    "link",
    [
        "https://api.karbonhq.com/v3/Contacts?$skiptoken=kJ2",
        "https://api.karbonhq.com/v3/Contacts?$skip=-5",
        "http://[",
    ],
)
def test_link_that_names_no_row_goes_on_behind_the_rows_given(link: str) -> None:
    assert following(Listed[object]([object()] * 3, link), 100, 100) == 103


@pytest.mark.parametrize(
    ("rows", "count", "end"),
    [(3, None, 103), (3, 250, 103), (3, 103, None), (2, None, None), (2, 250, None), (0, None, None)],
)
def test_full_page_without_a_link_is_not_the_end_unless_the_count_says_so(
    rows: int, count: int | None, end: int | None
) -> None:
    assert following(Listed[object]([object()] * rows, None, count), 100, 3) == end


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (401, b'{"statusCode":"401","message":"JWT not present."}', CredentialsExpired),
        (400, b'{"error":{"code":"4001","message":"Bad token"}}', CredentialsExpired),
        (403, b'{"error":{"code":"4021","message":"RestrictionLevel"}}', Refused),
        (403, b"", ConnectionRefused),
        (404, b'{"statusCode":404,"message":"Resource not found"}', NotFound),
        (400, b'{"error":{"code":"4002","message":"No Organization found for provided key"}}', NotFound),
        (400, b'{"error":{"code":"4003","message":null,"details":[{"code":"InvalidObject"}]}}', Invalid),
        (409, b'{"error":{"code":"4020","message":"x","details":{"code":"x"}}}', Conflict),
        (500, b'{"error":{"code":"5001","message":"x"}}', Unavailable),
        (502, b"<html>", Unavailable),
    ],
)
def test_every_shape_of_error_has_its_fault(status: int, body: bytes, fault: type[VendorFault]) -> None:
    found = KARBON.classify(ASKED, Response(status, {}, body))

    assert type(found) is fault


def test_limit_says_when_to_come_back() -> None:
    body = b'{"statusCode":"429","message":"Rate limit is exceeded. Try again in 10 seconds."}'
    found = KARBON.classify(ASKED, Response(429, {"retry-after": "10"}, body))

    assert isinstance(found, RateLimited)
    assert found.retry_after_s == 10
