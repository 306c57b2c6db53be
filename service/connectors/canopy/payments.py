"""Canopy's payments. One that covers no invoice is an additional payment (a retainer), all of it unapplied."""

from typing import Final

from msgspec import Struct

from service.connectors.canopy.search import read_one, search
from service.connectors.canopy.wire import DOC, currency_of
from service.connectors.sdk.binding import Binding, Query, RemotePage, Wire
from service.connectors.sdk.codec import Instant, json_reader, utc
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.money import from_cents
from service.connectors.sdk.paging import cursor_page
from service.ids import Book
from service.resources.common import Meta, Money
from service.resources.payment import Allocation, Payment, PaymentCreate, PaymentMethod, PaymentUpdate, Refund


class WireAllocation(Struct, frozen=True, gc=False):
    invoice_id: str
    amount_cents: int


class WireRefund(Struct, frozen=True, gc=False):
    amount_cents: int
    refund_id: str | None = None
    refunded_at: Instant | None = None


class WirePayment(Struct, frozen=True, gc=False):
    payment_id: str
    client_id: str
    method: str
    amount_cents: int
    received_at: Instant
    allocations: list[WireAllocation]
    unapplied_cents: int
    refunds: list[WireRefund]
    reference: str | None = None
    currency: str | None = None


UNSUPPORTED: Final = ("status", "status_native", "deposit_account", "created_at", "updated_at", "version")
_META: Final = Meta(unsupported=UNSUPPORTED)
_METHODS: Final = {method.value: method for method in PaymentMethod}


def to_payment(wire: WirePayment, book: Book) -> Payment:
    """A Canopy payment in the account's currency. `received_on` is the day in UTC of the instant that Canopy keeps."""
    currency = currency_of(wire.currency, book)
    return Payment(
        id=book.ref("pay_", wire.payment_id),
        remote_id=wire.payment_id,
        connection=book.connection,
        account=book.account,
        client=book.ref("cli_", wire.client_id),
        method=_METHODS.get(wire.method, PaymentMethod.OTHER),
        method_native=wire.method,
        amount=from_cents(wire.amount_cents, currency, "$.currency"),
        received_on=utc(wire.received_at).date(),
        allocations=[
            Allocation(
                invoice=book.ref("inv_", part.invoice_id),
                kind_native="invoice",
                amount=Money(part.amount_cents, currency),
            )
            for part in wire.allocations
        ],
        unapplied=Money(wire.unapplied_cents, currency),
        refunds=[
            Refund(
                id=refund.refund_id,
                amount=Money(refund.amount_cents, currency),
                refunded_at=None if refund.refunded_at is None else utc(refund.refunded_at),
            )
            for refund in wire.refunds
        ],
        reference=wire.reference,
        meta=_META,
    )


class _List(Struct, frozen=True, gc=False):
    payments: list[WirePayment]
    next_cursor: str | None


_read_list = json_reader(_List)
_read_one = json_reader(WirePayment)


def page(query: Query, book: Book) -> Flow[RemotePage[Payment]]:
    answer = _read_list((yield search("payments", query)))
    return cursor_page(answer.payments, answer.next_cursor, query, to_payment, book, "$.payments")


def get(remote_id: str, book: Book) -> Flow[Payment]:
    return to_payment(_read_one((yield read_one("payments", remote_id))), book)


BINDING: Final = Binding[Payment, PaymentCreate, PaymentUpdate](
    doc=DOC,
    wire=Wire(WirePayment, many=("payments",)),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
    notes="Canopy does not name a payment's currency: amounts are taken to be in the account's. `received_on` is a day "
    "in UTC.",
)
