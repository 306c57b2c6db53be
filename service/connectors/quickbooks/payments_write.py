"""New and changed payments for QuickBooks: one line for each document that the payment is put against."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.quickbooks.entity import rows_reader
from service.connectors.quickbooks.statement import MINOR_VERSION
from service.connectors.quickbooks.wire import Link, Ref, written
from service.connectors.sdk.flow import Flow, Request
from service.connectors.sdk.money import is_currency, to_decimal
from service.connectors.sdk.references import accept, invalid, remote_id_of
from service.ids import Book
from service.resources.common import Money
from service.resources.payment import AllocationInput, PaymentCreate, PaymentMethod, PaymentUpdate

METHODS: Final[Mapping[str, PaymentMethod]] = {
    "ach": PaymentMethod.ACH,
    "american express": PaymentMethod.CARD,
    "amex": PaymentMethod.CARD,
    "bank transfer": PaymentMethod.ACH,
    "cash": PaymentMethod.CASH,
    "check": PaymentMethod.CHECK,
    "cheque": PaymentMethod.CHECK,
    "credit card": PaymentMethod.CARD,
    "debit card": PaymentMethod.CARD,
    "diners club": PaymentMethod.CARD,
    "discover": PaymentMethod.CARD,
    "mastercard": PaymentMethod.CARD,
    "visa": PaymentMethod.CARD,
}
"""Firms define their own methods; these are the names QuickBooks starts with, in lower case."""


class WritePaymentLine(Struct, frozen=True):
    Amount: Decimal
    LinkedTxn: list[Link]


class WritePayment(Struct, frozen=True, kw_only=True):
    Id: str | UnsetType = UNSET
    SyncToken: str | UnsetType = UNSET
    sparse: bool | UnsetType = UNSET
    CustomerRef: Ref
    TotalAmt: Decimal
    Line: list[WritePaymentLine] | UnsetType = UNSET
    TxnDate: date | UnsetType = UNSET
    PaymentMethodRef: Ref | UnsetType = UNSET
    PaymentRefNum: str | UnsetType = UNSET
    DepositToAccountRef: Ref | UnsetType = UNSET
    CurrencyRef: Ref | UnsetType = UNSET


class Standing(Struct, frozen=True):
    """What an update has to say again of the payment as it is."""

    customer: Ref
    version: str
    amount: Decimal
    currency: str
    lines: list[WritePaymentLine]


_ACCEPTED: Final = (
    "client",
    "amount",
    "received_on",
    "method",
    "reference",
    "deposit_account",
    "allocations",
)


def refuse_unplaced(new: PaymentCreate | PaymentUpdate) -> None:
    """Raises Invalid at what no payment can hold, before anything is read for it."""
    accept(new, _ACCEPTED, "QuickBooks")


def from_payment_create(new: PaymentCreate, method: Ref | UnsetType, book: Book) -> WritePayment:
    """The body of a new payment. Raises Invalid for allocations that come to more than there is."""
    allocations = [] if isinstance(new.allocations, UnsetType) else new.allocations
    total = _amount(new.amount, new.amount.currency)
    account = new.deposit_account
    return WritePayment(
        CustomerRef=Ref(remote_id_of(new.client, "cli_", book, "/client")),
        TotalAmt=total,
        Line=_lines(allocations, total, new.amount.currency, book) if allocations else _nothing_applied(total),
        TxnDate=new.received_on,
        PaymentMethodRef=method,
        PaymentRefNum=written(new.reference),
        DepositToAccountRef=UNSET if isinstance(account, UnsetType) else Ref(account),
        CurrencyRef=UNSET if new.amount.currency == book.currency else Ref(new.amount.currency),
    )


def from_payment_update(
    remote_id: str, new: PaymentUpdate, method: Ref | UnsetType, standing: Standing, book: Book
) -> WritePayment:
    """The body of an update, with client, amount and lines said again: QuickBooks removes the lines left out."""
    total = standing.amount if isinstance(new.amount, UnsetType) else _amount(new.amount, standing.currency)
    account = new.deposit_account
    return WritePayment(
        Id=remote_id,
        SyncToken=standing.version,
        sparse=True,
        CustomerRef=standing.customer,
        TotalAmt=total,
        Line=standing.lines
        if isinstance(new.allocations, UnsetType)
        else _lines(new.allocations, total, standing.currency, book),
        TxnDate=new.received_on,
        PaymentMethodRef=method,
        PaymentRefNum=written(new.reference),
        DepositToAccountRef=UNSET if isinstance(account, UnsetType) else Ref(account),
    )


class _Method(Struct, frozen=True, gc=False):
    Id: str
    Name: str


_read_methods = rows_reader("PaymentMethod", _Method)


def method_ref(method: PaymentMethod | UnsetType) -> Flow[Ref | UnsetType]:
    """The company's own method of that kind, the first in the order of ids. Raises Invalid when it has none."""
    if isinstance(method, UnsetType):
        return UNSET
    statement = "select * from PaymentMethod where Active = true orderby Id ASC startposition 1 maxresults 1000"
    answer = yield Request(method="GET", path="/query", query=(("query", statement), MINOR_VERSION), lane="read")
    for row in _read_methods(answer):
        if METHODS.get(row.Name.lower(), PaymentMethod.OTHER) is method:
            return Ref(row.Id)
    raise invalid("/method", "no_such_method", "The company has no payment method of this kind in QuickBooks.")


def _amount(amount: Money, currency: str) -> Decimal:
    if not is_currency(amount.currency) or amount.currency != currency:
        raise invalid("/amount/currency", "currency_differs", "Expected the currency of the payment.")
    if amount.amount_minor < 0:
        raise invalid("/amount", "negative", "A payment is not negative.")
    return to_decimal(amount)


def _nothing_applied(total: Decimal) -> UnsetType:
    if not total:
        raise invalid("/allocations", "too_few", "A payment over nothing has to apply a credit to an invoice.")
    return UNSET


def _lines(allocations: Sequence[AllocationInput], total: Decimal, currency: str, book: Book) -> list[WritePaymentLine]:
    lines: list[WritePaymentLine] = []
    left = total
    for index, part in enumerate(allocations):
        line, is_credit = _line(part, currency, book, f"/allocations/{index}")
        left += line.Amount if is_credit else -line.Amount
        lines.append(line)
    if left < 0:
        raise invalid("/allocations", "exceeds_amount", "The allocations come to more than the amount and credits.")
    return lines


def _line(part: AllocationInput, currency: str, book: Book, pointer: str) -> tuple[WritePaymentLine, bool]:
    """The line, and whether it takes from a credit."""
    if part.amount.currency != currency or part.amount.amount_minor <= 0:
        raise invalid(f"{pointer}/amount", "out_of_bounds", "Expected more than nothing, in the payment's currency.")
    amount = to_decimal(part.amount)
    match part.invoice, part.credit:
        case str() as invoice, UnsetType():
            link = Link(remote_id_of(invoice, "inv_", book, f"{pointer}/invoice"), "Invoice")
        case UnsetType(), str() as credit:
            link = Link(remote_id_of(credit, "crd_", book, f"{pointer}/credit"), "CreditMemo")
        case _:
            raise invalid(pointer, "one_of", "Give either an invoice or a credit.")
    return WritePaymentLine(amount, [link]), link.TxnType == "CreditMemo"
