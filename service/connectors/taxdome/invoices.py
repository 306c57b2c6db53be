"""Invoices. Once paid, partially paid or clearing, TaxDome locks an invoice: it can only be refunded."""

from decimal import Decimal
from typing import Annotated, Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.binding import Binding, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.mapper import mapper
from service.connectors.sdk.money import to_money
from service.connectors.sdk.wire import UNMAPPED
from service.connectors.taxdome import calls
from service.connectors.taxdome.invoices_write import from_invoice_create, from_invoice_update
from service.connectors.taxdome.wire import ASSUMED, DOC, PAGES_MOVE, currency_of, day
from service.ids import Book
from service.resources.common import Meta, Money
from service.resources.invoice import (
    Invoice,
    InvoiceCreate,
    InvoiceLine,
    InvoiceStatus,
    InvoiceUpdate,
    LedgerState,
    LedgerSync,
)


class WireLine(Struct, frozen=True, gc=False):
    description: str | None
    quantity: Decimal | None
    rate: Decimal | None
    amount: Decimal | None


class WireInvoice(Struct, frozen=True, gc=False):
    id: str
    account_id: str
    status: str
    amount: Decimal
    lines: list[WireLine]
    number: str | None
    posted_at: Annotated[str | None, UNMAPPED]
    """Only its day has a place."""
    due_date: str | None
    currency: str | None
    qbo_status: str | None


UNSUPPORTED: Final = (
    "tracking",
    "client_name",
    "terms",
    "tax",
    "paid",
    "class_name",
    "location",
    "category",
    "memo",
    "created_at",
    "updated_at",
    "version",
)
_META: Final = Meta(unsupported=UNSUPPORTED)
_WITHOUT_BALANCE: Final = Meta(unsupported=(*UNSUPPORTED, "balance"))
_STATUSES: Final = {
    "scheduled": InvoiceStatus.SCHEDULED,
    "unpaid": InvoiceStatus.OPEN,
    "overdue": InvoiceStatus.OPEN,
    # A payment is clearing: it may still bounce, so the invoice is not paid yet.
    "in_progress": InvoiceStatus.OPEN,
    "partially_paid": InvoiceStatus.PARTIALLY_PAID,
    "paid": InvoiceStatus.PAID,
}
_ALL_OPEN: Final = frozenset({"scheduled", "unpaid", "overdue"})
_LEDGER: Final = {
    "synced": LedgerState.SYNCED,
    "not_synced": LedgerState.NOT_SYNCED,
    "skipped": LedgerState.NOT_SYNCED,
    "failed": LedgerState.ERROR,
}


@mapper
def to_invoice(wire: WireInvoice, book: Book) -> Invoice:
    """An invoice. TaxDome tells no balance: it is said where the status leaves no doubt, and left out elsewhere."""
    currency = currency_of(wire.currency, book)
    total = to_money(wire.amount, currency, "$.amount")
    balance = _balance(wire.status, total)
    return Invoice(
        id=book.ref("inv_", wire.id),
        remote_id=wire.id,
        connection=book.connection,
        account=book.account,
        number=wire.number,
        client=book.ref("cli_", wire.account_id),
        status=_STATUSES.get(wire.status, InvoiceStatus.OTHER),
        status_native=wire.status,
        issued_on=day(wire.posted_at, "$.posted_at"),
        due_on=day(wire.due_date, "$.due_date"),
        currency=currency,
        total=total,
        lines=[_line(line, currency) for line in wire.lines],
        balance=balance,
        ledger_sync=None if wire.qbo_status is None else _ledger(wire.qbo_status),
        meta=_WITHOUT_BALANCE if balance is UNSET else _META,
    )


def _balance(status: str, total: Money) -> Money | UnsetType:
    if status == "paid":
        return Money(0, total.currency)
    return total if status in _ALL_OPEN else UNSET


def _ledger(word: str) -> LedgerSync:
    return LedgerSync(None, _LEDGER.get(word, LedgerState.OTHER), word)


def _line(wire: WireLine, currency: str) -> InvoiceLine:
    amount = wire.amount
    return InvoiceLine(
        id=None,
        description=wire.description,
        quantity=wire.quantity,
        unit_price=wire.rate,
        amount=None if amount is None else to_money(amount, currency, "$.lines[...].amount"),
    )


_read_one = json_reader(WireInvoice)


def create(new: InvoiceCreate, key: str, book: Book) -> Flow[Invoice]:
    del key
    body = from_invoice_create(new, book)
    return (yield from calls.written("POST", "/invoices", body, _read_one, to_invoice, book))


def update(remote_id: str, new: InvoiceUpdate, version: str | None, key: str, book: Book) -> Flow[Invoice]:
    """Changes what is given, in the invoice's own currency. Raises Conflict once it is locked."""
    del version, key
    path = calls.below("/invoices", remote_id)
    current = _read_one((yield from calls.ask(calls.read_one(path, book), book)))
    body = from_invoice_update(new, currency_of(current.currency, book))
    return (yield from calls.written("PATCH", path, body, _read_one, to_invoice, book))


BINDING: Final = Binding[Invoice, InvoiceCreate, InvoiceUpdate](
    doc=DOC,
    wire=Wire(WireInvoice, many=("items",)),
    unsupported=UNSUPPORTED,
    page=calls.pages("/invoices", json_reader(calls.Paged[WireInvoice]), to_invoice),
    get=calls.gets("/invoices", _read_one, to_invoice),
    create=create,
    update=update,
    delete=calls.deletes("/invoices"),
    max_page=calls.MAX_PAGE,
    notes=f"{ASSUMED} TaxDome tells no balance: it is the total while nothing is paid and nothing when all is, and "
    "left out for an invoice that is partially paid or whose payment is clearing (`in_progress`, shown as open). "
    f"`issued_on` is the day of the instant as TaxDome writes it. Once money has come or is under way an invoice is "
    f"locked. {PAGES_MOVE}",
)
