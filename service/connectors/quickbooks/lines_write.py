"""The lines of new and changed invoices and credit memos. Amounts are sent as exact decimals."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from msgspec import UNSET, Struct, UnsetType

from service.connectors.quickbooks.lists_write import tracked
from service.connectors.quickbooks.wire import Ref, written
from service.connectors.sdk.binding import given
from service.connectors.sdk.money import is_currency, rounded, to_decimal
from service.connectors.sdk.references import accept, invalid, remote_id_of
from service.ids import Book
from service.resources.invoice import InvoiceLineInput


class WriteItemDetail(Struct, frozen=True, kw_only=True):
    ItemRef: Ref | UnsetType = UNSET
    Qty: Decimal | UnsetType = UNSET
    UnitPrice: Decimal | UnsetType = UNSET
    ServiceDate: date | UnsetType = UNSET
    ClassRef: Ref | UnsetType = UNSET
    TaxCodeRef: Ref | UnsetType = UNSET


class WriteLine(Struct, frozen=True, kw_only=True):
    Id: str | UnsetType = UNSET
    Description: str | UnsetType = UNSET
    Amount: Decimal | UnsetType = UNSET
    DetailType: Literal["SalesItemLineDetail", "DescriptionOnly"] = "SalesItemLineDetail"
    SalesItemLineDetail: WriteItemDetail | UnsetType = UNSET


class WriteMemo(Struct, frozen=True):
    value: str


_CENTS: Final = "USD"
"""Stands for "two decimals" where the company's currency is not known and no amount names one."""


def from_memo(memo: str | None | UnsetType) -> WriteMemo | UnsetType:
    """The note that the client can read; null clears it."""
    text = written(memo)
    return UNSET if isinstance(text, UnsetType) else WriteMemo(text)


def only_currency(lines: Sequence[InvoiceLineInput]) -> str | None:
    """The currency that the lines' amounts name, if they name one."""
    return next((line.amount.currency for line in lines if not isinstance(line.amount, UnsetType)), None)


_ACCEPTED: Final = (
    "id",
    "description",
    "service_item",
    "quantity",
    "unit_price",
    "amount",
    "service_date",
    "tax_code",
    "tracking",
)


def refuse_unplaced_in(line: InvoiceLineInput, pointer: str) -> None:
    """Raises Invalid at what no line can hold."""
    accept(line, _ACCEPTED, "QuickBooks", pointer)


def from_lines(lines: Sequence[InvoiceLineInput], currency: str | None, book: Book) -> list[WriteLine]:
    """All lines. Raises Invalid for none, for references of another account and for amounts that disagree."""
    if not lines:
        raise invalid("/lines", "too_few", "At least one line is needed.")
    if currency is not None and not is_currency(currency):
        raise invalid("/currency", "unknown_currency", "Expected an ISO 4217 currency.")
    return [_line(line, currency, book, f"/lines/{index}") for index, line in enumerate(lines)]


def _line(line: InvoiceLineInput, currency: str | None, book: Book, pointer: str) -> WriteLine:
    amount = _amount(line, currency, pointer)
    if amount is None:
        return WriteLine(Id=line.id, Description=_text(line, pointer), DetailType="DescriptionOnly")
    item = line.service_item
    return WriteLine(
        Id=line.id,
        Description=written(line.description),
        Amount=amount,
        SalesItemLineDetail=WriteItemDetail(
            ItemRef=UNSET
            if isinstance(item, UnsetType)
            else Ref(remote_id_of(item, "itm_", book, f"{pointer}/service_item")),
            Qty=line.quantity,
            UnitPrice=line.unit_price,
            ServiceDate=UNSET if line.service_date is None else line.service_date,
            ClassRef=tracked(line.tracking, ("class",), book, f"{pointer}/tracking").get("class", UNSET),
            TaxCodeRef=UNSET if isinstance(line.tax_code, UnsetType) else Ref(line.tax_code),
        ),
    )


def _text(line: InvoiceLineInput, pointer: str) -> str:
    """The text of a line without an amount; anything else on such a line has nowhere to go."""
    text = given(line.description)
    others = (line.service_item, line.quantity, line.unit_price, line.service_date, line.tax_code, line.tracking)
    if not text or not all(isinstance(value, UnsetType) for value in others):
        raise invalid(pointer, "amount_missing", "Give an amount, or a quantity with a unit price.")
    return text


def _amount(line: InvoiceLineInput, currency: str | None, pointer: str) -> Decimal | None:
    """The line's amount; None for a line of text. Raises Invalid when amount, quantity and price do not agree."""
    product: Decimal | None = None
    if not isinstance(line.quantity, UnsetType) and not isinstance(line.unit_price, UnsetType):
        product = _product(line.quantity, line.unit_price, currency, pointer)
    if isinstance(line.amount, UnsetType):
        return product
    if line.amount.currency != currency:
        raise invalid(f"{pointer}/amount/currency", "currency_differs", "All amounts are in the invoice's currency.")
    amount = to_decimal(line.amount)
    if product is not None and product != amount:
        raise invalid(f"{pointer}/amount", "amount_differs", "The amount is not quantity times unit price.")
    return amount


def _product(quantity: Decimal, unit_price: Decimal, currency: str | None, pointer: str) -> Decimal:
    try:
        return rounded(quantity * unit_price, currency or _CENTS)
    except ArithmeticError:
        raise invalid(f"{pointer}/quantity", "out_of_bounds", "Quantity times unit price is not an amount.") from None
