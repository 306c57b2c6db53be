"""Canopy's clients. People behind a client are contacts, a resource of their own."""

from datetime import datetime
from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType

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
    """The one sketch of a row that is public has these five fields and no more; the others may stay away."""

    client_id: str
    display_name: str
    filing_type: str
    emails: list[Labelled]
    custom_fields: dict[str, Any]
    status: str | None = None
    phones: list[Labelled] | None = None
    addresses: list[WireAddress] | None | UnsetType = UNSET
    tags: list[str] | None | UnsetType = UNSET
    linked: list[WireLink] | None | UnsetType = UNSET
    updated_at: Instant | None | UnsetType = UNSET
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
_MAYBE: Final = ("addresses", "linked", "tags", "updated_at")
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
    """A Canopy client. The employer's number leaves masked, whatever came. One whose status is not told is `other`."""
    ref, owner, group = book.ref, wire.owner_id, wire.group_id
    emails, phones, addresses, linked = wire.emails, wire.phones, wire.addresses, wire.linked
    tags, changed = wire.tags, wire.updated_at
    is_whole = addresses is not UNSET and linked is not UNSET and tags is not UNSET and changed is not UNSET
    return Client(
        id=ref("cli_", wire.client_id),
        remote_id=wire.client_id,
        connection=book.connection,
        account=book.account,
        display_name=wire.display_name,
        kind=_kind(wire.filing_type, _OTHER_KIND),
        kind_native=wire.filing_type,
        filing_type=wire.filing_type,
        status=_status(wire.status or "", _OTHER),
        status_native=wire.status,
        emails=[Email(email.value, email.type) for email in emails] if emails else [],
        phones=[Phone(phone.value, phone.type) for phone in phones] if phones else [],
        addresses=[_address(address) for address in addresses] if addresses else _empty(addresses),
        owner=None if owner is None else ref("usr_", owner),
        group=None if group is None else ref("grp_", group),
        linked=[LinkedClient(ref("cli_", one.client_id), one.kind) for one in linked] if linked else _empty(linked),
        external_id=wire.external_id,
        tags=[] if tags is None else tags,
        custom_fields=wire.custom_fields,
        tax_ids=to_tax_ids("ein", wire.ein_masked),
        updated_at=utc(changed) if isinstance(changed, datetime) else changed,
        meta=_META if is_whole else _lean(wire),
    )


def _empty(wire: list[Any] | UnsetType | None) -> list[Any] | UnsetType:
    """What is said of a list that came without rows, or did not come."""
    return UNSET if wire is UNSET else []


def _lean(wire: WireClient) -> Meta:
    return Meta(unsupported=(*UNSUPPORTED, *(name for name in _MAYBE if getattr(wire, name) is UNSET)))


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
