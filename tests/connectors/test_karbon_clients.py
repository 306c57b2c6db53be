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
    ("link", "fault"),
    [
        ("https://evil.example/x", SchemaDrift),
        ("https://api.karbonhq.com/v3/Contacts?$skip=-5", SchemaDrift),
        ("http://[", SchemaDrift),
        ("https://api.karbonhq.com/v3/Contacts?$skip=100", BrokenPaging),
        ("https://api.karbonhq.com/v3/Contacts?$skip=0", BrokenPaging),
    ],
)
def test_link_that_leads_nowhere_new_is_a_fault(link: str, fault: type[VendorFault]) -> None:
    with pytest.raises(fault):
        following(Listed[object]([object()], link), 100)


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (401, b'{"statusCode":"401","message":"JWT not present."}', CredentialsExpired),
        (400, b'{"error":{"code":"4001","message":"Bad token"}}', CredentialsExpired),
        (403, b'{"error":{"code":"4021","message":"RestrictionLevel"}}', Refused),
        (403, b"", ConnectionRefused),
        (404, b'{"statusCode":404,"message":"Resource not found"}', NotFound),
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
