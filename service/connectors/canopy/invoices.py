"""Canopy's invoices: integer cents, in US or Canadian dollars."""

from datetime import date
from decimal import Decimal
from typing import Final

from msgspec import Struct

from service.connectors.canopy.entity import Entity
from service.connectors.canopy.invoices_write import from_invoice_create, from_invoice_update, refuse_unplaced
from service.connectors.canopy.wire import DOC, reference
from service.connectors.sdk.binding import Binding, Filter
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.mapper import mapper
from service.connectors.sdk.money import from_cents
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
    line_id: str
    amount_cents: int
    service_item_id: str | None = None
    sku: str | None = None
    description: str | None = None
    quantity: Decimal | None = None
    rate_cents: int | None = None
    time_entry_ids: list[str] = []


class WireSync(Struct, frozen=True, gc=False):
    sync_status: str
    document_number: str | None = None


class WireInvoice(Struct, frozen=True, gc=False, rename={"class_": "class"}):
    invoice_id: str
    client_id: str
    status: str
    currency: str
    lines: list[WireLine]
    total_cents: int
    paid_cents: int
    balance_cents: int
    number: str | None = None
    issue_date: date | None = None
    due_date: date | None = None
    terms: str | None = None
    class_: str | None = None
    location: str | None = None
    category: str | None = None
    qbo_sync: WireSync | None = None


UNSUPPORTED: Final = ("tracking", "client_name", "tax", "memo", "created_at", "updated_at", "version")
_META: Final = Meta(unsupported=UNSUPPORTED)
_STATUSES: Final = {
    "draft": InvoiceStatus.DRAFT,
    "scheduled": InvoiceStatus.SCHEDULED,
    "unpaid": InvoiceStatus.OPEN,
    "partly": InvoiceStatus.PARTIALLY_PAID,
    "partially_paid": InvoiceStatus.PARTIALLY_PAID,
    "paid": InvoiceStatus.PAID,
    "archived": InvoiceStatus.ARCHIVED,
}
_STATES: Final = {"OK": LedgerState.SYNCED, "NOT_SYNCED": LedgerState.NOT_SYNCED, "ERROR": LedgerState.ERROR}
_status = _STATUSES.get
_OTHER: Final = InvoiceStatus.OTHER


@mapper
def to_invoice(wire: WireInvoice, book: Book) -> Invoice:
    """A Canopy invoice. A line's write-up or write-down is a part of its amount."""
    currency = wire.currency
    sync = wire.qbo_sync
    return Invoice(
        id=book.ref("inv_", wire.invoice_id),
        remote_id=wire.invoice_id,
        connection=book.connection,
        account=book.account,
        number=wire.number,
        client=book.ref("cli_", wire.client_id),
        status=_status(wire.status, _OTHER),
        status_native=wire.status,
        issued_on=wire.issue_date,
        due_on=wire.due_date,
        terms=wire.terms,
        currency=currency,
        lines=[_line(line, currency, book) for line in wire.lines],
        total=from_cents(wire.total_cents, currency, "$.currency"),
        balance=Money(wire.balance_cents, currency),
        paid=Money(wire.paid_cents, currency),
        class_name=wire.class_,
        location=wire.location,
        category=wire.category,
        ledger_sync=None
        if sync is None
        else LedgerSync(sync.document_number, _STATES.get(sync.sync_status, LedgerState.OTHER), sync.sync_status),
        meta=_META,
    )


def _line(wire: WireLine, currency: str, book: Book) -> InvoiceLine:
    rate = wire.rate_cents
    return InvoiceLine(
        id=wire.line_id,
        description=wire.description,
        service_item=reference("itm_", wire.service_item_id, book),
        sku=wire.sku,
        quantity=wire.quantity,
        unit_price=None if rate is None else Decimal(rate).scaleb(-2),
        amount=Money(wire.amount_cents, currency),
        time_entries=[book.ref("tim_", entry) for entry in wire.time_entry_ids],
    )


_FILTER: Final = {
    "draft": ("draft",),
    "scheduled": ("scheduled",),
    "open": ("unpaid",),
    "partially_paid": ("partially_paid",),
    "paid": ("paid",),
    "archived": ("archived",),
}
_INVOICES: Final = Entity("invoices", WireInvoice, to_invoice, _FILTER)


def create(new: InvoiceCreate, key: str, book: Book) -> Flow[Invoice]:
    return (yield from _INVOICES.created(from_invoice_create(new, book), key, book))


def update(remote_id: str, new: InvoiceUpdate, version: str | None, key: str, book: Book) -> Flow[Invoice]:
    """Changes what is given; with lines, the invoice is read first for its currency.

    Raises Conflict for an invoice that is paid, in part too, or archived.
    """
    refuse_unplaced(new)
    currency = (yield from _INVOICES.row(remote_id)).currency if new.lines else None
    body = from_invoice_update(new, currency, book)
    return (yield from _INVOICES.changed(remote_id, body, key, book))


BINDING: Final = Binding[Invoice, InvoiceCreate, InvoiceUpdate](
    doc=DOC,
    wire=_INVOICES.place,
    unsupported=UNSUPPORTED,
    page=_INVOICES.page,
    get=_INVOICES.get,
    create=create,
    update=update,
    filters={"status": Filter(kind="choice", choices=tuple(_FILTER), description="The invoice's state.")},
    notes="`ledger_sync` is how the invoice stands in the firm's QuickBooks. Canopy has no voided invoices. "
    "Invoices that are paid, in part too, or archived cannot be changed. Writing needs the scope `billing:write`.",
)
