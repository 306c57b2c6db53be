"""Customers as clients.

QuickBooks keeps no contacts below a customer: the one contact's name stands in Given and Family name. A customer is
never deleted, only made inactive.
"""

from typing import Final

from msgspec import Struct

from service.connectors.quickbooks.changes import capture
from service.connectors.quickbooks.clients_write import WriteCustomer, from_client_create, from_client_update
from service.connectors.quickbooks.entity import Entity, documented
from service.connectors.quickbooks.statement import Conditions, compares, contains, sorts
from service.connectors.quickbooks.wire import RefId, Times
from service.connectors.sdk.binding import Binding, Filter
from service.connectors.sdk.codec import utc
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.mapper import mapper
from service.ids import Book
from service.resources.client import Client, ClientCreate, ClientStatus, ClientUpdate
from service.resources.common import Address, Email, Meta, Phone


class WireEmail(Struct, frozen=True, gc=False):
    Address: str | None = None


class WirePhone(Struct, frozen=True, gc=False):
    FreeFormNumber: str | None = None


class WireWebsite(Struct, frozen=True, gc=False):
    URI: str | None = None


class WireAddress(Struct, frozen=True, gc=False):
    """`Lat` and `Long` may be the word INVALID; they are left alone."""

    Id: str | None = None
    Line1: str | None = None
    Line2: str | None = None
    Line3: str | None = None
    Line4: str | None = None
    Line5: str | None = None
    City: str | None = None
    CountrySubDivisionCode: str | None = None
    PostalCode: str | None = None
    Country: str | None = None


class WireCustomer(Struct, frozen=True, gc=False):
    Id: str
    SyncToken: str
    MetaData: Times
    DisplayName: str
    Active: bool
    CompanyName: str | None = None
    GivenName: str | None = None
    FamilyName: str | None = None
    PrimaryEmailAddr: WireEmail | None = None
    PrimaryPhone: WirePhone | None = None
    Mobile: WirePhone | None = None
    AlternatePhone: WirePhone | None = None
    Fax: WirePhone | None = None
    WebAddr: WireWebsite | None = None
    BillAddr: WireAddress | None = None
    ShipAddr: WireAddress | None = None
    ParentRef: RefId | None = None
    CurrencyRef: RefId | None = None
    Notes: str | None = None


UNSUPPORTED: Final = (
    "kind",
    "kind_native",
    "filing_type",
    "owner",
    "group",
    "linked",
    "external_id",
    "tags",
    "custom_fields",
    "tax_ids",
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
)
_META: Final = Meta(unsupported=UNSUPPORTED)
_ACTIVE: Final = ClientStatus.ACTIVE
_INACTIVE: Final = ClientStatus.INACTIVE


@mapper
def to_client(wire: WireCustomer, book: Book) -> Client:
    """A customer as a client. Its currency is null where the company uses one only and we do not know which.

    A shipping address with the billing address's id is the same address and shown once.
    """
    parent, currency = wire.ParentRef, wire.CurrencyRef
    web = wire.WebAddr
    return Client(
        id=book.ref("cli_", wire.Id),
        remote_id=wire.Id,
        connection=book.connection,
        account=book.account,
        display_name=wire.DisplayName,
        legal_name=wire.CompanyName or None,
        given_name=wire.GivenName or None,
        family_name=wire.FamilyName or None,
        status=_ACTIVE if wire.Active else _INACTIVE,
        status_native="true" if wire.Active else "false",
        emails=_emails(wire.PrimaryEmailAddr),
        phones=_phones(wire),
        addresses=_addresses(wire.BillAddr, wire.ShipAddr),
        website=None if web is None else web.URI or None,
        parent=None if parent is None else book.ref("cli_", parent.value),
        currency=book.currency if currency is None else currency.value,
        notes=wire.Notes or None,
        created_at=utc(wire.MetaData.CreateTime),
        updated_at=utc(wire.MetaData.LastUpdatedTime),
        version=wire.SyncToken,
        meta=_META,
    )


def _emails(wire: WireEmail | None) -> list[Email]:
    return [] if wire is None or not wire.Address else [Email(wire.Address, "primary")]


def _phones(wire: WireCustomer) -> list[Phone]:
    found: list[Phone] = []
    if (number := wire.PrimaryPhone) is not None and number.FreeFormNumber:
        found.append(Phone(number.FreeFormNumber, "primary"))
    if (number := wire.Mobile) is not None and number.FreeFormNumber:
        found.append(Phone(number.FreeFormNumber, "mobile"))
    if (number := wire.AlternatePhone) is not None and number.FreeFormNumber:
        found.append(Phone(number.FreeFormNumber, "alternate"))
    if (number := wire.Fax) is not None and number.FreeFormNumber:
        found.append(Phone(number.FreeFormNumber, "fax"))
    return found


def _addresses(billing: WireAddress | None, shipping: WireAddress | None) -> list[Address]:
    found: list[Address] = []
    if billing is not None and (address := _address(billing, "billing")) is not None:
        found.append(address)
    is_shared = billing is not None and shipping is not None and billing.Id is not None and billing.Id == shipping.Id
    if shipping is not None and not is_shared and (address := _address(shipping, "shipping")) is not None:
        found.append(address)
    return found


def _address(wire: WireAddress, label: str) -> Address | None:
    """None for an address of empty texts, which is what a cleared one leaves behind."""
    lines = _lines(wire)
    city, region, code, country = wire.City, wire.CountrySubDivisionCode, wire.PostalCode, wire.Country
    if not (lines or city or region or code or country):
        return None
    return Address(
        label=label,
        lines=lines,
        city=city or None,
        region=region or None,
        postal_code=code or None,
        country=country or None,
    )


def _lines(wire: WireAddress) -> tuple[str, ...]:
    if wire.Line1 and not (wire.Line2 or wire.Line3 or wire.Line4 or wire.Line5):
        return (wire.Line1,)
    return tuple(line for line in (wire.Line1, wire.Line2, wire.Line3, wire.Line4, wire.Line5) if line)


_CONDITIONS: Final[Conditions] = {
    "status": lambda values: f"Active IN ({','.join('true' if v == 'active' else 'false' for v in values)})",
    "name": compares("DisplayName"),
    "name_contains": contains("DisplayName"),
}
_COLUMNS: Final = {
    "updated_at": "MetaData.LastUpdatedTime",
    "created_at": "MetaData.CreateTime",
    "display_name": "DisplayName",
}


_CLIENTS: Final = Entity(
    name="Customer",
    wire=WireCustomer,
    convert=to_client,
    conditions=_CONDITIONS,
    columns=_COLUMNS,
    hides_inactive="status",
    refers_by="/parent",
)


def create(new: ClientCreate, key: str, book: Book) -> Flow[Client]:
    return (yield from _CLIENTS.made(from_client_create(new, book), key, book))


def update(remote_id: str, new: ClientUpdate, version: str | None, key: str, book: Book) -> Flow[Client]:
    """Changes what is given. Without `version` the record is read first for its own. Raises Conflict if it is stale."""

    def body_of(version: str) -> WriteCustomer:
        return from_client_update(remote_id, new, version)

    return (yield from _CLIENTS.updated(remote_id, version, body_of, key, book))


CHANGES: Final = _CLIENTS.source

BINDING: Final = Binding[Client, ClientCreate, ClientUpdate](
    doc=documented("all-entities/customer"),
    wire=_CLIENTS.place,
    unsupported=UNSUPPORTED,
    page=_CLIENTS.page,
    get=_CLIENTS.get,
    create=create,
    update=update,
    changes=capture(CHANGES),
    filters={
        "status": Filter(kind="choice", choices=("active", "inactive"), description="Active or made inactive."),
        "name": Filter(kind="text", description="The whole display name."),
        "name_contains": Filter(kind="text", description="A part of the display name; no percent sign."),
    },
    updated_after=True,
    sorts=sorts(_COLUMNS),
    versioned=True,
    notes="One e-mail address, four telephone numbers and two postal addresses for each client. Clients are made "
    "inactive by an update of their status, never deleted; inactive ones are listed too.",
)
