"""New and changed invoices as TaxDome's requests. The names follow what it shows: assumed."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from msgspec import UNSET, UnsetType

from service.connectors.sdk.binding import given
from service.connectors.sdk.money import is_currency, rounded, to_decimal
from service.connectors.sdk.references import accept as accept_line
from service.connectors.sdk.references import invalid
from service.connectors.taxdome.calls import accept, own_client
from service.connectors.taxdome.wire import currency_of
from service.ids import Book
from service.resources.invoice import InvoiceCreate, InvoiceLineInput, InvoiceUpdate

_CHANGED: Final = ("lines", "issued_on", "due_on")


def from_invoice_create(new: InvoiceCreate, book: Book) -> dict[str, object]:
    """The body of a new invoice. Raises Invalid for what an invoice of TaxDome's cannot hold."""
    accept(new, (*_CHANGED, "client", "currency"))
    own_client(new.client, book)
    currency = currency_of(given(new.currency), book)
    if not is_currency(currency):
        raise invalid("/currency", "unknown_currency", "Expected an ISO 4217 currency.")
    return {"currency": currency, "lines": _lines(new.lines, currency)} | _head(new)


def from_invoice_update(new: InvoiceUpdate, currency: str) -> dict[str, object]:
    """What changes. Raises Invalid for what an invoice of TaxDome's cannot hold."""
    accept(new, _CHANGED)
    return _head(new) | ({} if isinstance(new.lines, UnsetType) else {"lines": _lines(new.lines, currency)})


def _head(new: InvoiceCreate | InvoiceUpdate) -> dict[str, object]:
    day = new.issued_on
    body: dict[str, object] = {
        "posted_at": UNSET if isinstance(day, UnsetType) else f"{day}T00:00:00Z",
        "due_date": new.due_on,
    }
    return {name: value for name, value in body.items() if value is not UNSET}


def _lines(lines: Sequence[InvoiceLineInput], currency: str) -> list[dict[str, object]]:
    if not lines:
        raise invalid("/lines", "too_few", "At least one line is needed.")
    return [_line(line, currency, f"/lines/{index}") for index, line in enumerate(lines)]


def _line(line: InvoiceLineInput, currency: str, pointer: str) -> dict[str, object]:
    accept_line(line, ("description", "quantity", "unit_price", "amount"), "TaxDome", pointer)
    quantity = Decimal(1) if isinstance(line.quantity, UnsetType) else line.quantity
    amount = None if isinstance(line.amount, UnsetType) else line.amount
    if amount is not None and amount.currency != currency:
        raise invalid(f"{pointer}/amount/currency", "currency_differs", "All amounts are in the invoice's currency.")
    if not isinstance(line.unit_price, UnsetType):
        rate = line.unit_price
    elif amount is not None and quantity == 1:
        rate = to_decimal(amount)
    else:
        raise invalid(pointer, "amount_missing", "Give an amount alone, or a quantity with a unit price.")
    try:
        total = rounded(quantity * rate, currency)
    except ArithmeticError:
        raise invalid(f"{pointer}/quantity", "out_of_bounds", "Quantity times unit price is not an amount.") from None
    if amount is not None and total != to_decimal(amount):
        raise invalid(f"{pointer}/amount", "amount_differs", "The amount is not quantity times unit price.")
    return {"description": given(line.description) or "", "quantity": quantity, "rate": rate, "amount": total}
