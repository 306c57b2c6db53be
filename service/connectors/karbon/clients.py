"""Karbon's contacts (people), organizations and client groups as clients.

They are three lists, so a remote id says which it is: `contact:…`, `organization:…`, `client_group:…`. A list goes
through one after the other.
"""

from datetime import date
from functools import lru_cache
from itertools import compress
from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.karbon import lists
from service.connectors.karbon.wire import CARDS, WireAddress, WireCard, WireClient, WireGrouped, WireMember, each
from service.connectors.sdk.binding import Binding, Doc, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader, utc
from service.connectors.sdk.faults import NotFound, SchemaDrift
from service.connectors.sdk.flow import Flow, Request
from service.connectors.sdk.mapper import mapper
from service.connectors.sdk.paging import converted
from service.connectors.sdk.references import path_segment
from service.ids import Book
from service.resources.client import Client, ClientKind, ClientStatus, LinkedClient
from service.resources.common import Address, Email, Meta, Phone


class Sort(Struct, frozen=True):
    """One of the three lists."""

    word: str
    path: str
    key: str
    expand: str
    kind: ClientKind


_SORTS: Final = {
    sort.word: sort
    for sort in (
        Sort("contact", "/Contacts", "ContactKey", CARDS, ClientKind.INDIVIDUAL),
        Sort("organization", "/Organizations", "OrganizationKey", CARDS, ClientKind.BUSINESS),
        Sort("client_group", "/ClientGroups", "ClientGroupKey", "BusinessCard", ClientKind.OTHER),
    )
}
UNSUPPORTED: Final = (
    "legal_name",
    "filing_type",
    "partner",
    "parent",
    "group",
    "tags",
    "custom_fields",
    "tax_ids",
    "trading_name",
    "registration_number",
    "fiscal_year_end",
    "key_dates",
    "services",
    "external_links",
    "billing_lines",
    "note_entries",
    "currency",
    "notes",
    "created_at",
    "version",
)
RECORD_ONLY: Final = (
    "given_name",
    "family_name",
    "addresses",
    "website",
    "owner",
    "manager",
    "linked",
    "external_id",
)
_STATUSES: Final = {
    "client": ClientStatus.ACTIVE,
    "prospect": ClientStatus.PROSPECT,
    "lead": ClientStatus.PROSPECT,
    "former client": ClientStatus.INACTIVE,
    "past client": ClientStatus.INACTIVE,
}
"""The words that firms usually have; each may have others, which are `other`."""


@mapper
def to_client(wire: WireClient, sort: Sort, book: Book) -> Client:
    """A contact, an organization or a client group. The firm's own contact type is the status.

    What hangs on the record (cards, the team) is there when one record is read; a list says one e-mail address and
    telephone number of it. Anything is shown that comes, wherever it comes.
    """
    remote_id = f"{sort.word}:{path_key(wire, sort)}"
    cards = _cards_of(wire)
    modified = wire.LastModifiedDateTime
    addresses = UNSET if cards is UNSET else [_address(one) for card in cards for one in each(card.Addresses)]
    website, linked = _website(wire, cards), _linked(wire.Members, book)
    owner, manager = _member(wire.ClientTeam, "ClientOwner", book), _member(wire.ClientTeam, "ClientManager", book)
    record_only = (
        wire.FirstName,
        wire.LastName,
        addresses,
        website,
        owner,
        manager,
        linked,
        wire.UserDefinedIdentifier,
    )
    return Client(
        id=book.ref("cli_", remote_id),
        remote_id=remote_id,
        connection=book.connection,
        account=book.account,
        display_name=_name(wire),
        given_name=wire.FirstName,
        family_name=wire.LastName,
        kind=sort.kind,
        kind_native=sort.word,
        status=_STATUSES.get((wire.ContactType or "").casefold(), ClientStatus.OTHER),
        status_native=wire.ContactType,
        emails=_emails(wire, cards or []),
        phones=_phones(wire, cards or []),
        addresses=addresses,
        website=website,
        owner=owner,
        manager=manager,
        linked=linked,
        external_id=wire.UserDefinedIdentifier,
        updated_at=None if modified is None else utc(modified),
        meta=_meta(tuple([one is UNSET for one in record_only])),
    )


def path_key(wire: WireClient, sort: Sort) -> str:
    """The vendor's key of what is of this sort. Raises SchemaDrift where there is none."""
    key: str | None = getattr(wire, sort.key)
    if not key:
        raise SchemaDrift(f"$.{sort.key}", "Object missing required field")
    return key


@lru_cache(maxsize=256)
def _meta(missing: tuple[bool, ...]) -> Meta:
    """By which of RECORD_ONLY are missing."""
    return Meta(unsupported=(*UNSUPPORTED, *compress(RECORD_ONLY, missing)))


def _name(wire: WireClient) -> str:
    if wire.FullName:
        return wire.FullName
    parts = " ".join(part for part in (wire.FirstName, wire.LastName) if isinstance(part, str) and part)
    name = parts or wire.PreferredName
    if not name:
        raise SchemaDrift("$.FullName", "Object missing required field")
    return name


def _cards_of(wire: WireClient) -> list[WireCard] | UnsetType:
    """The primary card first."""
    if wire.BusinessCards is not UNSET:
        return sorted(each(wire.BusinessCards), key=lambda card: not card.IsPrimaryCard)
    if wire.BusinessCard is not UNSET:
        return [] if wire.BusinessCard is None else [wire.BusinessCard]
    return UNSET


def _emails(wire: WireClient, cards: list[WireCard]) -> list[Email]:
    said = [text for card in cards for text in card.EmailAddresses or () if text]
    return [Email(text) for text in dict.fromkeys((wire.EmailAddress, *said)) if text]


def _phones(wire: WireClient, cards: list[WireCard]) -> list[Phone]:
    said = {str(phone.Number): phone.Label for card in cards for phone in each(card.PhoneNumbers) if phone.Number}
    if wire.PhoneNumber:
        said.setdefault(wire.PhoneNumber, None)
    return [Phone(number, label) for number, label in said.items()]


def _website(wire: WireClient, cards: list[WireCard] | UnsetType) -> str | None | UnsetType:
    """The first on the cards; a list says one of an organization."""
    if cards is UNSET:
        return wire.Website
    return next((site for card in cards for site in card.WebSites or () if site), None)


def _address(wire: WireAddress) -> Address:
    lines = wire.AddressLines if isinstance(wire.AddressLines, list) else (wire.AddressLines or "").splitlines()
    return Address(
        label=wire.Label,
        lines=tuple(line for line in lines if line),
        city=wire.City,
        region=wire.StateProvinceCounty,
        postal_code=wire.ZipCode,
        country=wire.CountryCode,
    )


def _member(team: list[WireMember] | None | UnsetType, role: str, book: Book) -> str | None | UnsetType:
    """Who has a role; a whole team in it is nobody whom we could name."""
    if team is UNSET:
        return UNSET
    found = (one.MemberKey for one in team or () if one.RoleType == role and one.MemberType in (None, "User"))
    key = next(found, None)
    return None if key is None else book.ref("usr_", key)


def _linked(held: list[WireGrouped] | WireGrouped | None | UnsetType, book: Book) -> list[LinkedClient] | UnsetType:
    if held is UNSET:
        return UNSET
    members = each(held)
    people = [f"contact:{one.ContactKey}" for one in members if one.ContactKey]
    firms = [f"organization:{one.OrganizationKey}" for one in members if one.OrganizationKey]
    return [LinkedClient(book.ref("cli_", remote_id), "member") for remote_id in (*people, *firms)]


_read_list: Final = json_reader(lists.Listed[WireClient])
_read_one: Final = json_reader(WireClient)


def page(query: Query, book: Book) -> Flow[RemotePage[Client]]:
    """One page of one list; the last page of each leads to the first of the next."""
    kinds = query.filters.get("kind")
    wanted = [sort for sort in _SORTS.values() if kinds is None or sort.kind.value in kinds]
    word, _, position = (query.position or "").partition(":")
    sort = _SORTS[word] if word else wanted[0]
    start = int(position or 0)
    answer = _read_list((yield lists.rows(sort.path, start, query.limit)))
    records = converted(answer.value, lambda wire, book: to_client(wire, sort, book), book, "$.value")
    following = lists.following(answer, start, query.limit)
    if following is not None:
        return RemotePage(records, f"{sort.word}:{following}")
    after = wanted[wanted.index(sort) + 1 :]
    return RemotePage(records, f"{after[0].word}:0" if after else None)


def get(remote_id: str, book: Book) -> Flow[Client]:
    word, _, key = remote_id.partition(":")
    sort = _SORTS.get(word)
    if sort is None:
        raise NotFound("no record has such an id")
    path = f"{sort.path}/{path_segment(key)}"
    answer = yield Request(method="GET", path=path, query=(("$expand", sort.expand),), lane="read")
    return to_client(_read_one(answer), sort, book)


BINDING: Final = Binding[Client, Any, Any](
    doc=Doc("https://karbonhq.github.io/karbon-api-reference/KarbonAPI.json", date(2026, 11, 20), "documented"),
    wire=Wire(WireClient, many=("value",)),
    unsupported=UNSUPPORTED,
    record_only=RECORD_ONLY,
    page=page,
    get=get,
    filters={
        "kind": Filter(
            kind="choice",
            choices=tuple(sort.kind.value for sort in _SORTS.values()),
            description="Contacts are individuals, organizations businesses, client groups other.",
        )
    },
    max_page=lists.MOST,
    notes="Contacts, organizations and client groups, one list after the other; the people of an organization are "
    "among the contacts. The status is the firm's own contact type: words that we do not know are `other`. Assumed: "
    "that lists, and client groups, say the contact type.",
)
