"""Invoices of the connected ledger, read through Sodium: no lines, no payments, no writes.

Sodium gives them by customer of the ledger. A client names its customer, so the clients are walked.
Source: https://sodiumhq.com/docs/api/schemas/invoicedto.html, read 2026-11-20.
"""

from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from service.connectors.sdk.binding import Binding, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.faults import NotFound, SchemaDrift
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.mapper import mapper
from service.connectors.sdk.money import to_money
from service.connectors.sodium import calls
from service.connectors.sodium.wire import day, documented, meta
from service.ids import Book
from service.resources.common import Money
from service.resources.invoice import Invoice, InvoiceStatus


class WireInvoice(Struct, frozen=True, gc=False):
    id: str
    totalAmount: Decimal
    amountDue: Decimal
    currency: str | None
    number: str | None = None
    customerName: str | None = None
    date: str | None = None
    dueDate: str | None = None
    status: str | None = None


UNSUPPORTED: Final = (
    "terms",
    "lines",
    "tracking",
    "tax",
    "class_name",
    "location",
    "category",
    "memo",
    "ledger_sync",
    "created_at",
    "updated_at",
    "version",
)
_META: Final = meta(*UNSUPPORTED)


@mapper
def to_invoice(wire: WireInvoice, client: str, book: Book) -> Invoice:
    """An invoice of one client. Its status follows from the amounts, not from the ledger's free word.

    A ledger that knows one currency only does not always name it.
    """
    currency = wire.currency or book.currency
    if currency is None:
        raise SchemaDrift("$.currency", "Object missing required field `currency`")
    total = to_money(wire.totalAmount, currency, "$.totalAmount")
    balance = to_money(wire.amountDue, currency, "$.amountDue")
    return Invoice(
        id=book.ref("inv_", wire.id),
        remote_id=wire.id,
        connection=book.connection,
        account=book.account,
        number=wire.number,
        client=book.ref("cli_", client),
        status=_status(wire.status, total.amount_minor, balance.amount_minor),
        status_native=wire.status,
        issued_on=day(wire.date, "$.date"),
        due_on=day(wire.dueDate, "$.dueDate"),
        currency=currency,
        total=total,
        balance=balance,
        client_name=wire.customerName,
        paid=Money(total.amount_minor - balance.amount_minor, currency),
        meta=_META,
    )


_NOT_OWED: Final = {
    "draft": InvoiceStatus.DRAFT,
    "void": InvoiceStatus.VOID,
    "voided": InvoiceStatus.VOID,
    "deleted": InvoiceStatus.VOID,
}
"""Words that say what no amount can: nothing is owed on these. All else is told by the amounts."""


def _status(word: str | None, total: int, balance: int) -> InvoiceStatus:
    told = None if word is None else _NOT_OWED.get(word.lower())
    if told is not None:
        return told
    if balance <= 0 <= total:
        return InvoiceStatus.PAID
    return InvoiceStatus.PARTIALLY_PAID if 0 < balance < total else InvoiceStatus.OPEN


class _Customer(Struct, frozen=True, gc=False):
    code: str
    accountingCustomerCode: str | None = None


_read_list = json_reader(calls.Paged[WireInvoice])
_read_customer = json_reader(_Customer)


def page(query: Query, book: Book) -> Flow[RemotePage[Invoice]]:
    """Invoices of one client, or of all clients one after another; a client without a customer there has none."""

    def of_client(client: str, customer: str | None, start: int) -> Flow[RemotePage[Invoice] | None]:
        if not customer:
            return None
        path = calls.below("/accounting/customers", customer) + "/invoices"
        try:
            answer = _read_list((yield calls.list_rows(path, start, query.limit)))
        except NotFound:
            return None
        return calls.page_of(answer, start, query.limit, lambda row, book: to_invoice(row, client, book), book)

    wanted = query.filters.get("client")
    if wanted is None:
        return (
            yield from calls.page_over_clients(
                query, lambda row, start: of_client(row.code, row.accountingCustomerCode, start)
            )
        )
    client = _read_customer((yield calls.read_one(calls.below("/clients", wanted[0]))))
    found = yield from of_client(client.code, client.accountingCustomerCode, calls.start_of(query))
    return RemotePage([], None) if found is None else found


BINDING: Final = Binding[Invoice, Any, Any](
    doc=documented("schemas/invoicedto.html"),
    wire=Wire(WireInvoice, many=("data",)),
    unsupported=UNSUPPORTED,
    page=page,
    filters={"client": Filter(kind="reference", prefix="cli_", description="The invoices of one client.")},
    max_page=calls.MAX_PAGE,
    paging="emulated",
    notes="Read from the connected ledger at the moment of asking, for the clients that are tied to a customer there; "
    "customers tied to no client are not shown, and one invoice cannot be read by itself. Without `filter[client]` the "
    "clients are walked one after another: pages may be short or empty before the end. Open, partly paid and paid "
    "follow from the amounts; `status_native` is the ledger's word.",
)
