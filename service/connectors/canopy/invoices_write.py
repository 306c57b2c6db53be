"""New and changed invoices for Canopy: whole cents, and lines that sell something or bill time."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from msgspec import UNSET, Struct, UnsetType, field

from service.connectors.sdk.binding import given
from service.connectors.sdk.references import accept, invalid, remote_id_of
from service.ids import Book
from service.resources.common import Money
from service.resources.invoice import InvoiceCreate, InvoiceLineInput, InvoiceUpdate


class WriteLine(Struct, frozen=True, kw_only=True):
    description: str
    line_id: str | UnsetType = UNSET
    service_item_id: str | UnsetType = UNSET
    quantity: float | UnsetType = UNSET
    rate_cents: int | UnsetType = UNSET
    wuwd_cents: int | UnsetType = UNSET
    time_entry_ids: list[str] | UnsetType = UNSET


class WriteInvoice(Struct, frozen=True, kw_only=True):
    client_id: str | UnsetType = UNSET
    number: str | UnsetType = UNSET
    issue_date: date | UnsetType = UNSET
    due_date: date | UnsetType = UNSET
    terms: str | UnsetType = UNSET
    currency: str | UnsetType = UNSET
    class_name: str | None | UnsetType = field(default=UNSET, name="class")
    location: str | None | UnsetType = UNSET
    category: str | None | UnsetType = UNSET
    lines: list[WriteLine] | UnsetType = UNSET


_CURRENCIES: Final = ("USD", "CAD")
_ACCEPTED: Final = ("lines", "number", "issued_on", "due_on", "terms", "class_name", "location", "category")

_OF_LINES: Final = (
    "id",
    "description",
    "service_item",
    "quantity",
    "unit_price",
    "amount",
    "time_entries",
    "write_up",
)


def from_invoice_create(new: InvoiceCreate, book: Book) -> WriteInvoice:
    """The body of a new invoice. Raises Invalid for a memo, and for currencies that Canopy does not bill in.

    A firm that bills in two currencies says which: by `currency`, or by the amounts of the lines.
    """
    accept(new, (*_ACCEPTED, "client", "currency"), "Canopy")
    currency = given(new.currency) or book.currency or only_currency(new.lines)
    if currency is None and new.lines:
        raise invalid("/currency", "required", "The firm bills in several currencies: which one is it?")
    if currency is not None and currency not in _CURRENCIES:
        raise invalid("/currency", "unsupported", "Canopy bills in USD and CAD.")
    return WriteInvoice(
        client_id=remote_id_of(new.client, "cli_", book, "/client"),
        number=new.number,
        issue_date=new.issued_on,
        due_date=new.due_on,
        terms=new.terms,
        currency=new.currency if currency is None or book.currency is not None else currency,
        class_name=new.class_name,
        location=new.location,
        category=new.category,
        lines=_lines(new.lines, currency, book),
    )


def refuse_unplaced(new: InvoiceUpdate) -> None:
    """Raises Invalid at what no change can hold, before the invoice is read for it."""
    accept(new, _ACCEPTED, "Canopy")
    for index, line in enumerate(given(new.lines) or ()):
        accept(line, _OF_LINES, "Canopy", f"/lines/{index}")


def from_invoice_update(new: InvoiceUpdate, currency: str | None, book: Book) -> WriteInvoice:
    """The body of a change, in which nothing is unplaced; lines, when given, replace all lines."""
    return WriteInvoice(
        number=new.number,
        issue_date=new.issued_on,
        due_date=new.due_on,
        terms=new.terms,
        class_name=new.class_name,
        location=new.location,
        category=new.category,
        lines=UNSET if isinstance(new.lines, UnsetType) else _lines(new.lines, currency, book),
    )


def only_currency(lines: Sequence[InvoiceLineInput]) -> str | None:
    """The currency of the first amount that the lines name."""
    amounts = (amount for line in lines for amount in (line.amount, line.write_up))
    return next((amount.currency for amount in amounts if not isinstance(amount, UnsetType)), None)


def _lines(lines: Sequence[InvoiceLineInput], currency: str | None, book: Book) -> list[WriteLine]:
    if not lines:
        raise invalid("/lines", "too_few", "At least one line is needed.")
    return [_line(line, currency, book, f"/lines/{index}") for index, line in enumerate(lines)]


def _line(line: InvoiceLineInput, currency: str | None, book: Book, pointer: str) -> WriteLine:
    accept(line, _OF_LINES, "Canopy", pointer)
    entries, item = line.time_entries, line.service_item
    if entries:
        for name in ("quantity", "unit_price", "amount"):
            if getattr(line, name) is not UNSET:
                raise invalid(f"{pointer}/{name}", "unsupported", "What a line costs that bills time follows from it.")
    quantity, rate_cents = (UNSET, UNSET) if entries else _price(line, currency, pointer)
    return WriteLine(
        description=given(line.description) or "",
        line_id=line.id,
        service_item_id=UNSET
        if isinstance(item, UnsetType)
        else remote_id_of(item, "itm_", book, f"{pointer}/service_item"),
        quantity=quantity,
        rate_cents=rate_cents,
        wuwd_cents=UNSET
        if isinstance(line.write_up, UnsetType)
        else _cents(line.write_up, currency, f"{pointer}/write_up"),
        time_entry_ids=UNSET
        if isinstance(entries, UnsetType)
        else [remote_id_of(entry, "tim_", book, f"{pointer}/time_entries/{at}") for at, entry in enumerate(entries)],
    )


def _price(line: InvoiceLineInput, currency: str | None, pointer: str) -> tuple[float, int]:
    """Quantity and rate. An amount alone is one of something; all three must agree."""
    amount = None if isinstance(line.amount, UnsetType) else _cents(line.amount, currency, f"{pointer}/amount")
    if isinstance(line.quantity, UnsetType) or isinstance(line.unit_price, UnsetType):
        if amount is None:
            raise invalid(pointer, "amount_missing", "Give an amount, a quantity with a unit price, or time.")
        for name in ("quantity", "unit_price"):
            if getattr(line, name) is not UNSET:
                raise invalid(f"{pointer}/{name}", "incomplete", "Quantity and unit price come together.")
        return 1, amount
    cents = line.unit_price.scaleb(2)
    if cents != cents.to_integral_value() or not 0 <= cents <= 10**12:
        raise invalid(f"{pointer}/unit_price", "out_of_bounds", "Canopy's prices are whole cents.")
    if not 0 < line.quantity <= 10**9:
        raise invalid(f"{pointer}/quantity", "out_of_bounds", "Expected more than nothing.")
    if amount is not None and Decimal(amount) != (line.quantity * cents).to_integral_value():
        raise invalid(f"{pointer}/amount", "amount_differs", "The amount is not quantity times unit price.")
    return float(line.quantity), int(cents)


def _cents(money: Money, currency: str | None, pointer: str) -> int:
    if currency is not None and money.currency != currency:
        raise invalid(f"{pointer}/currency", "currency_differs", "All amounts are in the invoice's currency.")
    return money.amount_minor
