"""What hangs below a client: business details, dates, custom fields, services, links, notes and billing lines.

Sources, read 2026-11-20: https://sodiumhq.com/docs/api/schemas/businessdetailsdto.html, clientdatedto.html,
clientbillableservicedto.html, notedto.html, customfieldvaluedto.html. The names inside links and VAT details are
assumed.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.flow import Flow, Response
from service.connectors.sdk.money import rounded, to_money
from service.connectors.sodium import calls
from service.connectors.sodium.notes import WireNote, pinned_first, to_note
from service.connectors.sodium.wire import Ref, day, instant, money, name_of, reference
from service.ids import Book
from service.resources.client import BillingLine, ClientService, ExternalLink, KeyDate
from service.resources.common import Address, Money, Note, TaxId

W = TypeVar("W")

DETAILS: Final = (
    "addresses",
    "custom_fields",
    "tax_ids",
    "trading_name",
    "registration_number",
    "fiscal_year_end",
    "key_dates",
    "services",
    "external_links",
    "notes",
    "note_entries",
    "billing_lines",
)
"""The unified fields that only one client's own record has."""


class WireCompany(Struct, frozen=True, gc=False):
    number: str | None = None
    registeredAddress: str | None = None


class WireVat(Struct, frozen=True, gc=False):
    number: str | None = None
    vatNumber: str | None = None


class WireBusiness(Struct, frozen=True, gc=False):
    company: WireCompany | None = None
    tradingAs: str | None = None
    postalAddress: str | None = None
    invoiceAddress: str | None = None
    utr: str | None = None
    niNumber: str | None = None
    vat: WireVat | None = None


class WireDate(Struct, frozen=True, gc=False):
    dateType: str
    date: str | None = None
    description: str | None = None


class WireValue(Struct, frozen=True, gc=False):
    """A custom field's value, a text whatever the field's kind: `true`, `2026-03-31`, `Gold,Silver`."""

    fieldCode: str
    value: Any = None


class WireService(Struct, frozen=True, gc=False):
    """`calculatedPrice` became `effectivePrice`."""

    code: str
    billableService: Ref | None = None
    billingFrequency: str | None = None
    price: Decimal | None = None
    calculatedPrice: Decimal | None = None
    effectivePrice: Decimal | None = None
    startDate: str | None = None
    endDate: str | None = None
    status: str | None = None


class WireLink(Struct, frozen=True, gc=False):
    url: str
    code: str | None = None
    description: str | None = None
    name: str | None = None
    linkType: str | None = None
    type: str | None = None


class WireBillingLine(Struct, frozen=True, gc=False):
    """Source: https://sodiumhq.com/docs/api/schemas/clientbillinglineitemdto.html, read 2026-11-20."""

    code: str
    description: str | None = None
    status: str | None = None
    quantity: Decimal | None = None
    unitPrice: Decimal | None = None
    vatRate: str | None = None
    accountingCode: str | None = None
    clientBillableService: Ref | None = None
    billingDate: str | None = None
    periodStart: str | None = None
    periodEnd: str | None = None
    createdDate: datetime | None = None
    updatedDate: datetime | None = None


class Details(Struct, frozen=True, gc=False):
    """Each part, or None where it was not to be had."""

    business: WireBusiness | None
    dates: list[WireDate] | None
    values: list[WireValue] | None
    services: list[ClientService] | None
    links: list[WireLink] | None
    notes: list[Note] | None
    lines: list[BillingLine] | None

    def found(self) -> dict[str, Any]:
        """The unified fields that these parts say something about."""
        fields: dict[str, Any] = {}
        if self.business is not None:
            fields |= _business(self.business)
        if self.dates is not None:
            fields |= _dates(self.dates)
        if self.values is not None:
            fields["custom_fields"] = {one.fieldCode: one.value for one in self.values}
        if self.services is not None:
            fields["services"] = self.services
        if self.links is not None:
            fields["external_links"] = [_link(link) for link in self.links]
        if self.notes is not None:
            fields |= {"notes": "\n\n".join(note.text for note in self.notes) or None, "note_entries": self.notes}
        if self.lines is not None:
            fields["billing_lines"] = self.lines
        return fields


def read_details(path: str, book: Book) -> Flow[Details]:
    """All parts of the client at `path`, one call each. Raises NotFound at once where there is no such client."""
    dates = yield from calls.optional(calls.read_one(f"{path}/clientdates"), read_dates)
    if dates is None:
        yield calls.read_one(path)
    business = yield from calls.optional(calls.read_one(f"{path}/businessdetails"), read_business)
    values = yield from calls.guessed(calls.read_one(f"{path}/custom-field-values"), read_values)
    services = yield from calls.optional(_rows(f"{path}/services/clientbillableservice"), read_services)
    links = yield from calls.guessed(_rows(f"{path}/clientlink"), _read_links)
    notes = yield from calls.optional(_rows(f"{path}/clientnote"), _read_notes)
    lines = yield from calls.optional(_rows(f"{path}/billinglineitems/clientbillinglineitem"), _read_lines)
    mapped = None if services is None else [to_service(service, book) for service in services]
    noted = None if notes is None else [to_note(note, book) for note in pinned_first(notes)]
    billed = None if lines is None else [to_billing_line(line, book) for line in lines]
    return Details(business, dates, values, mapped, links, noted, billed)


def _rows(path: str) -> Any:
    return calls.list_rows(path, 0, calls.MAX_PAGE)


def _either(paged: type[calls.Paged[W]], bare: type[list[W]]) -> Callable[[Response], list[W]]:
    """Reads a list that may come in the envelope or without: for these small ones nobody says which."""
    read_page, read_bare = json_reader(paged), json_reader(bare)

    def read(response: Response) -> list[W]:
        return read_bare(response) if response.body.lstrip()[:1] == b"[" else read_page(response).data

    return read


read_business = json_reader(WireBusiness)
read_dates = _either(calls.Paged[WireDate], list[WireDate])
read_values = _either(calls.Paged[WireValue], list[WireValue])
read_services = _either(calls.Paged[WireService], list[WireService])
_read_links = _either(calls.Paged[WireLink], list[WireLink])
_read_lines = _either(calls.Paged[WireBillingLine], list[WireBillingLine])
_read_notes = _either(calls.Paged[WireNote], list[WireNote])
_SHOWN: Final = 4


def _business(wire: WireBusiness) -> dict[str, Any]:
    company = wire.company or WireCompany()
    vat = wire.vat or WireVat()
    places = (
        ("registered", company.registeredAddress),
        ("postal", wire.postalAddress),
        ("invoice", wire.invoiceAddress),
    )
    taxes = (("utr", wire.utr), ("ni", wire.niNumber), ("vat", vat.number or vat.vatNumber))
    return {
        "addresses": [Address(label=label, lines=_lines(text)) for label, text in places if text],
        "tax_ids": [TaxId(kind, _masked(number)) for kind, number in taxes if number],
        "trading_name": wire.tradingAs or None,
        "registration_number": company.number or None,
    }


def _lines(text: str) -> tuple[str, ...]:
    """An address is one text; its lines are what line breaks or commas part."""
    parts = text.replace("\r\n", "\n").split("\n") if "\n" in text else text.split(",")
    return tuple(part.strip() for part in parts if part.strip())


def _masked(number: str) -> str:
    """All but the last four letters and digits hidden."""
    kept = "".join(character for character in number if character.isalnum())[-_SHOWN:]
    return "*" * max(0, len(number) - len(kept)) + kept


def _dates(wire: list[WireDate]) -> dict[str, Any]:
    days = [KeyDate(kind_native=d.dateType, on=day(d.date, "$.date"), note=d.description or None) for d in wire]
    year_end = next((date.on for date in days if date.kind_native == "YearEnd"), None)
    return {"fiscal_year_end": year_end, "key_dates": days}


def to_service(wire: WireService, book: Book) -> ClientService:
    """A service as agreed with one client; the price is the one that holds after adjustments."""
    prices = (wire.effectivePrice, wire.calculatedPrice, wire.price)
    return ClientService(
        id=wire.code,
        service_item=reference("itm_", wire.billableService, book),
        name=name_of(wire.billableService),
        billed=wire.billingFrequency,
        price=money(next((price for price in prices if price is not None), None), "$.price", book),
        status_native=wire.status,
        starts_on=day(wire.startDate, "$.startDate"),
        ends_on=day(wire.endDate, "$.endDate"),
    )


def _link(wire: WireLink) -> ExternalLink:
    return ExternalLink(
        url=wire.url,
        label=wire.description or wire.name or None,
        kind_native=wire.linkType or wire.type,
        id=wire.code,
    )


def to_billing_line(wire: WireBillingLine, book: Book) -> BillingLine:
    """What is to be billed, in the account's currency: Sodium names none."""
    whole = None if wire.quantity is None or wire.unitPrice is None else wire.quantity * wire.unitPrice
    service = wire.clientBillableService
    return BillingLine(
        id=wire.code,
        description=wire.description or None,
        status_native=wire.status,
        quantity=wire.quantity,
        unit_price=wire.unitPrice,
        amount=_rounded(whole, book),
        tax_code=wire.vatRate,
        ledger_code=wire.accountingCode or None,
        service=None if service is None else service.code,
        bills_on=day(wire.billingDate, "$.billingDate"),
        period_from=day(wire.periodStart, "$.periodStart"),
        period_to=day(wire.periodEnd, "$.periodEnd"),
        created_at=instant(wire.createdDate),
        updated_at=instant(wire.updatedDate),
    )


def _rounded(amount: Decimal | None, book: Book) -> Money | None | UnsetType:
    if amount is None or book.currency is None:
        return None if amount is None else UNSET
    return to_money(rounded(amount, book.currency), book.currency, "$.unitPrice")
