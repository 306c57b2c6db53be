"""Canopy's clients. People behind a client are contacts, a resource of their own."""

from typing import Any, Final

from msgspec import Struct

from service.connectors.canopy.clients_write import from_client_create, from_client_update
from service.connectors.canopy.entity import Entity
from service.connectors.canopy.tax_ids import to_tax_ids
from service.connectors.canopy.wire import DOC, Labelled
from service.connectors.sdk.binding import Binding, Filter
from service.connectors.sdk.codec import Instant, utc
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.mapper import mapper
from service.ids import Book
from service.resources.client import Client, ClientCreate, ClientKind, ClientStatus, ClientUpdate, LinkedClient
from service.resources.common import Address, Email, Meta, Phone


class WireAddress(Struct, frozen=True, gc=False):
    type: str | None = None
    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None


class WireLink(Struct, frozen=True, gc=False):
    client_id: str
    kind: str | None = None


class WireClient(Struct, frozen=True, gc=False):
    client_id: str
    display_name: str
    filing_type: str
    status: str
    emails: list[Labelled]
    phones: list[Labelled]
    addresses: list[WireAddress]
    tags: list[str]
    custom_fields: dict[str, Any]
    linked: list[WireLink]
    updated_at: Instant
    owner_id: str | None = None
    external_id: str | None = None
    ein_masked: str | None = None
    group_id: str | None = None


UNSUPPORTED: Final = (
    "legal_name",
    "given_name",
    "family_name",
    "website",
    "parent",
    "currency",
    "notes",
    "manager",
    "partner",
    "trading_name",
    "registration_number",
    "fiscal_year_end",
    "key_dates",
    "services",
    "external_links",
    "billing_lines",
    "note_entries",
    "created_at",
    "version",
)
_META: Final = Meta(unsupported=UNSUPPORTED)
_KINDS: Final = {"Individual": ClientKind.INDIVIDUAL, "Business": ClientKind.BUSINESS}
_STATUSES: Final = {
    "Active": ClientStatus.ACTIVE,
    "Client": ClientStatus.ACTIVE,
    "Prospect": ClientStatus.PROSPECT,
    "Archived": ClientStatus.INACTIVE,
    "Other": ClientStatus.OTHER,
}
_kind = _KINDS.get
_status = _STATUSES.get
_OTHER_KIND: Final = ClientKind.OTHER
_OTHER: Final = ClientStatus.OTHER


@mapper
def to_client(wire: WireClient, book: Book) -> Client:
    """A Canopy client. The employer's number leaves masked, whatever came."""
    ref, owner, group = book.ref, wire.owner_id, wire.group_id
    emails, phones, addresses, linked = wire.emails, wire.phones, wire.addresses, wire.linked
    return Client(
        id=ref("cli_", wire.client_id),
        remote_id=wire.client_id,
        connection=book.connection,
        account=book.account,
        display_name=wire.display_name,
        kind=_kind(wire.filing_type, _OTHER_KIND),
        kind_native=wire.filing_type,
        filing_type=wire.filing_type,
        status=_status(wire.status, _OTHER),
        status_native=wire.status,
        emails=[Email(email.value, email.type) for email in emails] if emails else [],
        phones=[Phone(phone.value, phone.type) for phone in phones] if phones else [],
        addresses=[_address(address) for address in addresses] if addresses else [],
        owner=None if owner is None else ref("usr_", owner),
        group=None if group is None else ref("grp_", group),
        linked=[LinkedClient(ref("cli_", link.client_id), link.kind) for link in linked] if linked else [],
        external_id=wire.external_id,
        tags=wire.tags,
        custom_fields=wire.custom_fields,
        tax_ids=to_tax_ids("ein", wire.ein_masked),
        updated_at=utc(wire.updated_at),
        meta=_META,
    )


def _address(wire: WireAddress) -> Address:
    line1, line2 = wire.line1, wire.line2
    return Address(
        label=wire.type,
        lines=(line1, line2) if line1 and line2 else (line1,) if line1 else (line2,) if line2 else (),
        city=wire.city,
        region=wire.state,
        postal_code=wire.postal_code,
        country=wire.country,
    )


_FILTER: Final = {"active": ("Active",), "prospect": ("Prospect",), "inactive": ("Archived",), "other": ("Other",)}
_CLIENTS: Final = Entity("clients", WireClient, to_client, _FILTER)


def create(new: ClientCreate, key: str, book: Book) -> Flow[Client]:
    return (yield from _CLIENTS.created(from_client_create(new, book), key, book))


def update(remote_id: str, new: ClientUpdate, version: str | None, key: str, book: Book) -> Flow[Client]:
    """Changes what is given. Raises Conflict for another kind: an individual stays one."""
    return (yield from _CLIENTS.changed(remote_id, from_client_update(new, book), key, book))


BINDING: Final = Binding[Client, ClientCreate, ClientUpdate](
    doc=DOC,
    wire=_CLIENTS.place,
    unsupported=UNSUPPORTED,
    page=_CLIENTS.page,
    get=_CLIENTS.get,
    create=create,
    update=update,
    filters={"status": Filter(kind="choice", choices=tuple(_FILTER), description="Archived clients are inactive.")},
    updated_after=True,
    notes="Archived clients are listed as inactive. People behind a client are contacts, not shown here. "
    "A new client is an individual or a business, and stays one.",
)
