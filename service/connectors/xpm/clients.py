"""Xero Practice Manager's clients.

Source: https://developer.xero.com/documentation/api/practice-manager-3-1/clients, read 2026-11-20.
"""

from datetime import date
from typing import Annotated, Final

from msgspec import Struct

from service.connectors.sdk.binding import Binding, Doc
from service.connectors.sdk.mapper import mapper
from service.connectors.sdk.wire import UNMAPPED
from service.connectors.xpm.entity import Entity
from service.connectors.xpm.wire import Named, is_yes
from service.ids import Book
from service.resources.client import Client, ClientCreate, ClientKind, ClientStatus, ClientUpdate
from service.resources.common import Address, Email, Meta, Phone, TaxId

DOC: Final = Doc(
    "https://developer.xero.com/documentation/api/practice-manager-3-1/clients", date(2026, 11, 20), "documented"
)


class WireClient(Struct, frozen=True, gc=False):
    UUID: str
    Name: str
    FirstName: str | None = None
    LastName: str | None = None
    Email: str | None = None
    Phone: str | None = None
    Fax: str | None = None
    Website: str | None = None
    Address: str | None = None
    City: str | None = None
    Region: str | None = None
    PostCode: str | None = None
    Country: str | None = None
    PostalAddress: str | None = None
    PostalCity: str | None = None
    PostalRegion: str | None = None
    PostalPostCode: str | None = None
    PostalCountry: str | None = None
    ExportCode: str | None = None
    AccountManager: Named | None = None
    BusinessStructure: str | None = None
    CompanyNumber: str | None = None
    TaxNumber: str | None = None
    IsProspect: str | None = None
    IsArchived: str | None = None
    IsDeleted: Annotated[str | None, UNMAPPED] = None


UNSUPPORTED: Final = (
    "legal_name",
    "owner",
    "partner",
    "parent",
    "group",
    "linked",
    "tags",
    "custom_fields",
    "trading_name",
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
_KINDS: Final = {
    "Individual": ClientKind.INDIVIDUAL,
    "Company": ClientKind.BUSINESS,
    "Partnership": ClientKind.BUSINESS,
    "Trust": ClientKind.BUSINESS,
}
"""Structures whose kind is plain (assumed: the vendor publishes no list); any other is `other`."""
_SHOWN: Final = 3
_kind: Final = _KINDS.get
_OTHER_KIND: Final = ClientKind.OTHER


@mapper
def to_client(wire: WireClient, book: Book) -> Client:
    """A client. Its state is two marks, which leave as one status; without a mark it is active.

    `TaxNumber` comes masked to its last three characters and leaves so, whatever came.
    """
    manager, structure = wire.AccountManager, wire.BusinessStructure
    status, native = _status(wire)
    phone, fax = wire.Phone, wire.Fax
    return Client(
        id=book.ref("cli_", wire.UUID),
        remote_id=wire.UUID,
        connection=book.connection,
        account=book.account,
        display_name=wire.Name,
        given_name=wire.FirstName,
        family_name=wire.LastName,
        kind=_kind(structure or "", _OTHER_KIND),
        kind_native=structure,
        filing_type=structure,
        status=status,
        status_native=native,
        emails=[Email(wire.Email)] if wire.Email else [],
        phones=_phones(phone, fax) if phone or fax else [],
        addresses=[*_address("physical", wire), *_postal(wire)],
        website=wire.Website,
        manager=None if manager is None or not manager.UUID else book.ref("usr_", manager.UUID),
        external_id=wire.ExportCode,
        registration_number=wire.CompanyNumber,
        tax_ids=[TaxId("tax_number", _masked(wire.TaxNumber))] if wire.TaxNumber else [],
        meta=_META,
    )


def _phones(phone: str | None, fax: str | None) -> list[Phone]:
    return [Phone(number, label) for number, label in ((phone, None), (fax, "fax")) if number]


def _status(wire: WireClient) -> tuple[ClientStatus, str | None]:
    is_prospect = is_yes(wire.IsProspect, "$.IsProspect")
    if is_yes(wire.IsArchived, "$.IsArchived"):
        return ClientStatus.ARCHIVED, "Archived"
    return (ClientStatus.PROSPECT, "Prospect") if is_prospect else (ClientStatus.ACTIVE, None)


def _masked(text: str) -> str:
    return "".join("*" if character.isalnum() else character for character in text[:-_SHOWN]) + text[-_SHOWN:]


def _address(label: str, wire: WireClient) -> list[Address]:
    return _said(label, wire.Address, wire.City, wire.Region, wire.PostCode, wire.Country)


def _postal(wire: WireClient) -> list[Address]:
    return _said(
        "postal", wire.PostalAddress, wire.PostalCity, wire.PostalRegion, wire.PostalPostCode, wire.PostalCountry
    )


def _said(
    label: str, text: str | None, city: str | None, region: str | None, code: str | None, country: str | None
) -> list[Address]:
    if not (text or city or region or code or country):
        return []
    lines = tuple([line.strip() for line in text.splitlines() if line.strip()]) if text else ()
    return [Address(label=label, lines=lines, city=city, region=region, postal_code=code, country=country)]


CLIENTS: Final = Entity(
    "Client", "Clients", WireClient, to_client, listed_at="/client.api/paged-list", one_at="/client.api/get"
)

BINDING: Final = Binding[Client, ClientCreate, ClientUpdate](
    doc=DOC,
    wire=CLIENTS.place,
    unsupported=UNSUPPORTED,
    page=CLIENTS.page,
    get=CLIENTS.get,
    max_page=500,
    notes="Archived clients are not listed, but can be read by id. Groups and relationships stay unmapped.",
)
