"""New and changed credits for Canopy: an amount, and the invoices that it is applied to."""

from decimal import Decimal
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.canopy.invoices_write import only_currency
from service.connectors.canopy.payments_write import CURRENCIES, Cover, check_currency, to_covers
from service.connectors.sdk.binding import given
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.references import accept, invalid, remote_id_of
from service.ids import Book
from service.resources.credit import CreditCreate, CreditUpdate
from service.resources.invoice import InvoiceLineInput


class WriteCredit(Struct, frozen=True, kw_only=True):
    client_id: str | UnsetType = UNSET
    amount_cents: int | UnsetType = UNSET
    applications: list[Cover] | UnsetType = UNSET


_OF_LINES: Final = ("quantity", "unit_price", "amount")


def from_credit_create(new: CreditCreate, book: Book) -> WriteCredit:
    """The body of a new credit: what its lines come to. Raises Invalid for all else that lines may say."""
    accept(new, ("client", "lines", "currency"), "Canopy")
    if not new.lines:
        raise invalid("/lines", "too_few", "At least one line is needed.")
    currency = given(new.currency) or book.currency or only_currency(new.lines)
    if currency is not None and currency not in CURRENCIES:
        raise invalid("/currency", "unsupported", "Canopy knows USD and CAD.")
    amounts = [_cents(line, currency, f"/lines/{index}") for index, line in enumerate(new.lines)]
    if currency is not None and currency != (book.currency or currency):
        raise invalid("/currency", "currency_differs", "Canopy credits are in the account's currency.")
    return WriteCredit(client_id=remote_id_of(new.client, "cli_", book, "/client"), amount_cents=sum(amounts))


def from_credit_update(new: CreditUpdate, book: Book) -> Flow[WriteCredit]:
    """The body of a change. Canopy keeps client and amount of a credit as they were."""
    accept(new, ("applications",), "Canopy")
    if isinstance(new.applications, UnsetType):
        return WriteCredit()
    parts = [(f"/applications/{index}", one.invoice, one.amount) for index, one in enumerate(new.applications)]
    covers = to_covers(parts, book)
    yield from check_currency([(f"{pointer}/amount", amount) for pointer, _, amount in parts], covers, book)
    return WriteCredit(applications=covers)


def _cents(line: InvoiceLineInput, currency: str | None, pointer: str) -> int:
    accept(line, _OF_LINES, "Canopy", pointer)
    amount, quantity, price = given(line.amount), given(line.quantity), given(line.unit_price)
    if amount is not None and currency is not None and amount.currency != currency:
        raise invalid(f"{pointer}/amount/currency", "currency_differs", "All amounts are in the account's currency.")
    if quantity is None or price is None:
        if amount is None:
            raise invalid(pointer, "amount_missing", "Give an amount, or a quantity with a unit price.")
        for name in ("quantity", "unit_price"):
            if getattr(line, name) is not UNSET:
                raise invalid(f"{pointer}/{name}", "incomplete", "Quantity and unit price come together.")
        return amount.amount_minor
    cents = quantity * price.scaleb(2)
    if cents != cents.to_integral_value() or not Decimal(0) < cents <= 10**12:
        raise invalid(pointer, "out_of_bounds", "Canopy's amounts are whole cents.")
    if amount is not None and amount.amount_minor != cents:
        raise invalid(f"{pointer}/amount", "amount_differs", "The amount is not quantity times unit price.")
    return int(cents)
