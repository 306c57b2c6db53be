"""SmartVault's clients: entities of a firm on a structured plan, whose documents lie in a vault.

Source: https://developer.smartvault.com/api/entities/clients and a public client that reads them, read 2026-11-20.
"""

from datetime import date
from typing import Final

from msgspec import Struct

from service.connectors.sdk.binding import Binding, Doc, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.flow import Flow, Request
from service.connectors.sdk.mapper import mapper
from service.connectors.sdk.references import path_segment
from service.connectors.smartvault.nodes import MOST, NodeAnswer, page_of_children
from service.ids import Book
from service.resources.client import Client, ClientCreate, ClientKind, ClientStatus, ClientUpdate
from service.resources.common import Email, Meta, Phone


class WireName(Struct, frozen=True, gc=False):
    FirstName: str | None = None
    MiddleName: str | None = None
    LastName: str | None = None


class WireAddress(Struct, frozen=True, gc=False):
    address: str | None = None


class WireNumber(Struct, frozen=True, gc=False):
    """`number` is what one who writes it sends."""

    Number: str | None = None
    number: str | None = None


class WirePerson(Struct, frozen=True, gc=False):
    names: list[WireName] | None = None
    email_addresses: list[WireAddress] | None = None
    phone_numbers: list[WireNumber] | None = None
    is_primary: bool | None = None


class WireTag(Struct, frozen=True, gc=False):
    value: str | None = None


class WireDetails(Struct, frozen=True, gc=False):
    type_qualifier: str | None = None
    client_id: str | None = None
    persons: list[WirePerson] | None = None
    person: WirePerson | None = None
    tags: list[WireTag] | None = None


class WireAccounting(Struct, frozen=True, gc=False):
    client: WireDetails | None = None


class WireSmartVault(Struct, frozen=True, gc=False):
    accounting: WireAccounting | None = None


class WireProperties(Struct, frozen=True, gc=False):
    """What the firm says of a client; each level may be left out (seen by others)."""

    smart_vault: WireSmartVault | None = None


class WireClient(Struct, frozen=True, gc=False, rename={"properties": "entityExProperties"}):
    name: str
    properties: WireProperties | None = None
    dav_uri: str | None = None


UNSUPPORTED: Final = (
    "legal_name",
    "addresses",
    "website",
    "owner",
    "manager",
    "partner",
    "parent",
    "group",
    "linked",
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
    "updated_at",
    "version",
)
_META: Final = Meta(unsupported=UNSUPPORTED)
_KINDS: Final = {"Individual": ClientKind.INDIVIDUAL, "Person": ClientKind.INDIVIDUAL, "Business": ClientKind.BUSINESS}
"""Assumed: the words of `type_qualifier` are not published."""


@mapper
def to_client(wire: WireClient, book: Book) -> Client:
    """A client, named as its vault is. The vendor knows no states: who is there is active, and nobody is deleted.

    The primary person comes first. When a client was made is not said: the vendor publishes no notation for it.
    """
    details = _details(wire.properties)
    persons = sorted(details.persons or [details.person or WirePerson()], key=lambda person: not person.is_primary)
    name = _name(persons)
    return Client(
        id=book.ref("cli_", wire.name),
        remote_id=wire.name,
        connection=book.connection,
        account=book.account,
        display_name=_vault(wire.dav_uri) or _full(name) or wire.name,
        given_name=name.FirstName or None,
        family_name=name.LastName or None,
        kind=_KINDS.get(details.type_qualifier or "", ClientKind.OTHER),
        kind_native=details.type_qualifier,
        filing_type=details.type_qualifier,
        status=ClientStatus.ACTIVE,
        status_native=None,
        emails=[Email(one.address) for person in persons for one in person.email_addresses or [] if one.address],
        phones=[
            Phone(number)
            for person in persons
            for one in person.phone_numbers or []
            if (number := one.Number or one.number)
        ],
        external_id=details.client_id,
        tags=[tag.value for tag in details.tags or [] if tag.value],
        meta=_META,
    )


def _details(wire: WireProperties | None) -> WireDetails:
    vault = None if wire is None else wire.smart_vault
    accounting = None if vault is None else vault.accounting
    return WireDetails() if accounting is None or accounting.client is None else accounting.client


def _name(persons: list[WirePerson]) -> WireName:
    names = persons[0].names if persons else None
    return names[0] if names else WireName()


def _full(name: WireName) -> str:
    return " ".join(part for part in (name.FirstName, name.MiddleName, name.LastName) if part)


def _vault(uri: str | None) -> str:
    """The last part of where its documents lie, such as `/nodes/pth/Larkspur/Quill Bakery`."""
    return (uri or "").rstrip("/").rpartition("/")[2].strip()


class _One(Struct, frozen=True, gc=False):
    message: WireClient


_PATH: Final = "/SmartVault.Accounting.FirmClient"
_read_list: Final = json_reader(NodeAnswer[WireClient])
_read_one: Final = json_reader(_One)


def page(query: Query, book: Book) -> Flow[RemotePage[Client]]:
    return (yield from page_of_children(_PATH, _read_list, to_client, query, book))


def get(remote_id: str, book: Book) -> Flow[Client]:
    path = f"{_PATH}/{path_segment(remote_id)}"
    answer = yield Request(method="GET", path=path, query=(("eprop", "true"),), lane="read")
    return to_client(_read_one(answer).message, book)


BINDING: Final = Binding[Client, ClientCreate, ClientUpdate](
    doc=Doc("https://developer.smartvault.com/api/entities/clients", date(2026, 11, 20), "third_party"),
    wire=Wire(WireClient, one=("message",), many=("message", "children")),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
    max_page=MOST,
    notes="Firms on a structured plan only. A client has the name of its vault. There are no states; none is deleted.",
)
