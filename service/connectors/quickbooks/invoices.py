"""Invoices. QuickBooks has no status of an invoice: it follows from the total, the balance and the word "Voided"."""

from datetime import date
from decimal import Decimal
from typing import Final

from msgspec import Struct

from service.connectors.quickbooks import calls
from service.connectors.quickbooks.changes import capture
from service.connectors.quickbooks.entity import Entity, documented
from service.connectors.quickbooks.lines import WireLine, to_lines
from service.connectors.quickbooks.sales_write import from_sale_create, refuse_unplaced, update_sale
from service.connectors.quickbooks.statement import Conditions, compares, sorts
from service.connectors.quickbooks.terms import term_ref
from service.connectors.quickbooks.wire import Memo, Ref, RefId, RefName, Times, UnmappedText, currency_of, name_of
from service.connectors.sdk.binding import Binding, Filter
from service.connectors.sdk.codec import utc
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.mapper import mapper
from service.connectors.sdk.money import to_money
from service.ids import Book
from service.resources.common import Meta, Money
from service.resources.invoice import Invoice, InvoiceCreate, InvoiceStatus, InvoiceUpdate


class TaxDetail(Struct, frozen=True, gc=False):
    TotalTax: Decimal | None = None


class WireInvoice(Struct, frozen=True, gc=False):
    Id: str
    SyncToken: str
    MetaData: Times
    TxnDate: date
    CustomerRef: Ref
    Line: list[WireLine]
    TotalAmt: Decimal
    Balance: Decimal
    DocNumber: str | None = None
    DueDate: date | None = None
    SalesTermRef: RefName | None = None
    CurrencyRef: RefId | None = None
    TxnTaxDetail: TaxDetail | None = None
    ClassRef: Ref | None = None
    DepartmentRef: Ref | None = None
    CustomerMemo: Memo | None = None
    PrivateNote: UnmappedText = None


UNSUPPORTED: Final = ("category", "ledger_sync")
_META: Final = Meta(unsupported=UNSUPPORTED)
_VOID: Final = InvoiceStatus.VOID
_PAID: Final = InvoiceStatus.PAID
_OPEN: Final = InvoiceStatus.OPEN
_PARTIALLY_PAID: Final = InvoiceStatus.PARTIALLY_PAID
_OTHER: Final = InvoiceStatus.OTHER


@mapper
def to_invoice(wire: WireInvoice, book: Book) -> Invoice:
    """An invoice in minor units of its currency. `paid` is what the balance lacks to the total: payments and credits.

    Days are the company's calendar days. A voided invoice keeps its lines with amounts of zero.
    """
    currency = currency_of(wire.CurrencyRef, book)
    total = to_money(wire.TotalAmt, currency, "$.TotalAmt")
    balance = to_money(wire.Balance, currency, "$.Balance")
    tax, customer, memo = wire.TxnTaxDetail, wire.CustomerRef, wire.CustomerMemo
    return Invoice(
        id=book.ref("inv_", wire.Id),
        remote_id=wire.Id,
        connection=book.connection,
        account=book.account,
        number=wire.DocNumber,
        client=book.ref("cli_", customer.value),
        status=_status(total.amount_minor, balance.amount_minor, wire.PrivateNote),
        status_native=None,
        issued_on=wire.TxnDate,
        due_on=wire.DueDate,
        terms=name_of(wire.SalesTermRef),
        currency=currency,
        lines=to_lines(wire.Line, currency, book),
        total=total,
        balance=balance,
        client_name=customer.name,
        tax=None
        if tax is None or tax.TotalTax is None
        else to_money(tax.TotalTax, currency, "$.TxnTaxDetail.TotalTax"),
        paid=Money(total.amount_minor - balance.amount_minor, currency),
        class_name=name_of(wire.ClassRef),
        location=name_of(wire.DepartmentRef),
        tracking=_tracking(wire, book),
        memo=None if memo is None else memo.value or None,
        created_at=utc(wire.MetaData.CreateTime),
        updated_at=utc(wire.MetaData.LastUpdatedTime),
        version=wire.SyncToken,
        meta=_META,
    )


def _tracking(wire: WireInvoice, book: Book) -> list[str]:
    found = [] if wire.ClassRef is None else [book.ref("trk_", f"class:{wire.ClassRef.value}")]
    return found if wire.DepartmentRef is None else [*found, book.ref("trk_", f"location:{wire.DepartmentRef.value}")]


def _status(total: int, balance: int, private_note: str | None) -> InvoiceStatus:
    """An invoice over nothing that was not voided is neither open nor paid: `other`."""
    if balance == 0:
        if total > 0:
            return _PAID
        return _VOID if private_note is not None and private_note.startswith("Voided") else _OTHER
    return _PARTIALLY_PAID if balance < total else _OPEN


_BALANCES: Final = {"outstanding": "Balance > '0'", "settled": "Balance = '0'"}
_CONDITIONS: Final[Conditions] = {
    "status": lambda _: "Balance = '0' and TotalAmt > '0'",
    "balance": lambda values: _BALANCES[values[0]] if len(set(values)) == 1 else "",
    "client": compares("CustomerRef"),
    "number": compares("DocNumber"),
    "issued_from": compares("TxnDate", ">="),
    "issued_to": compares("TxnDate", "<="),
    "due_from": compares("DueDate", ">="),
    "due_to": compares("DueDate", "<="),
}
_COLUMNS: Final = {
    "updated_at": "MetaData.LastUpdatedTime",
    "created_at": "MetaData.CreateTime",
    "issued_on": "TxnDate",
    "due_on": "DueDate",
    "number": "DocNumber",
}


_INVOICES: Final = Entity(
    name="Invoice",
    wire=WireInvoice,
    convert=to_invoice,
    conditions=_CONDITIONS,
    columns=_COLUMNS,
    deleted_as="inv_",
)


def create(new: InvoiceCreate, key: str, book: Book) -> Flow[Invoice]:
    refuse_unplaced(new)
    term = yield from term_ref(new.terms)
    return (yield from _INVOICES.made(from_sale_create(new, book, term), key, book))


def update(remote_id: str, new: InvoiceUpdate, version: str | None, key: str, book: Book) -> Flow[Invoice]:
    refuse_unplaced(new)
    term = yield from term_ref(new.terms)
    return (yield from update_sale(_INVOICES, remote_id, new, version, key, book, term))


def void(remote_id: str, version: str | None, key: str, book: Book) -> Flow[None]:
    """Voids the invoice: it stays, its amounts are nothing and what had paid it is free again."""
    version = yield from _INVOICES.version_of(remote_id, version)
    yield calls.void("invoice", calls.Stamp(remote_id, version), key)


CHANGES: Final = _INVOICES.source

BINDING: Final = Binding[Invoice, InvoiceCreate, InvoiceUpdate](
    doc=documented("all-entities/invoice"),
    wire=_INVOICES.place,
    unsupported=UNSUPPORTED,
    page=_INVOICES.page,
    get=_INVOICES.get,
    create=create,
    update=update,
    delete=void,
    deletes="voids",
    changes=capture(CHANGES),
    filters={
        "status": Filter(kind="choice", choices=("paid",), description="Other states cannot be searched for."),
        "balance": Filter(
            kind="choice", choices=("outstanding", "settled"), description="Something is left to pay, or nothing is."
        ),
        "client": Filter(kind="reference", prefix="cli_", description="Invoices of one client."),
        "number": Filter(kind="text", description="The whole number of the invoice."),
        "issued_from": Filter(kind="date", description="Issued on this day or later."),
        "issued_to": Filter(kind="date", description="Issued on this day or earlier."),
        "due_from": Filter(kind="date", description="Due on this day or later."),
        "due_to": Filter(kind="date", description="Due on this day or earlier."),
    },
    updated_after=True,
    include_deleted=True,
    sorts=sorts(_COLUMNS),
    versioned=True,
    notes="The status follows from total and balance; an invoice over nothing that was not voided is `other`. "
    "On an update the lines given replace all lines. To delete an invoice voids it, as bookkeeping wants it; those "
    "that were deleted in QuickBooks are told by `include_deleted`, since an instant in the last 30 days.",
)
