"""Canopy's payments. One that covers no invoice is an additional payment (a retainer), all of it unapplied."""

from typing import Final

from msgspec import UNSET, Struct

from service.connectors.canopy.currencies import Settled
from service.connectors.canopy.payments_write import from_payment_create, from_payment_update
from service.connectors.canopy.wire import DOC, Cents, money
from service.connectors.sdk.binding import Binding
from service.connectors.sdk.codec import Instant, utc
from service.connectors.sdk.flow import Flow
from service.ids import Book
from service.resources.common import Meta, Money
from service.resources.payment import Allocation, Payment, PaymentCreate, PaymentMethod, PaymentUpdate, Refund


class WireAllocation(Struct, frozen=True, gc=False):
    invoice_id: str
    amount_cents: Cents


class WireRefund(Struct, frozen=True, gc=False):
    amount_cents: Cents
    refund_id: str | None = None
    refunded_at: Instant | None = None


class WirePayment(Struct, frozen=True, gc=False):
    payment_id: str
    client_id: str
    method: str
    amount_cents: Cents
    received_at: Instant
    allocations: list[WireAllocation]
    unapplied_cents: Cents
    refunds: list[WireRefund]
    reference: str | None = None
    currency: str | None = None


UNSUPPORTED: Final = ("status", "status_native", "deposit_account", "created_at", "updated_at", "version")
_META: Final = Meta(unsupported=UNSUPPORTED)
_UNPRICED: Final = Meta(unsupported=(*UNSUPPORTED, "amount", "unapplied", "refunds"))
_METHODS: Final = {method.value: method for method in PaymentMethod}


def to_payment(wire: WirePayment, book: Book) -> Payment:
    """A Canopy payment. `received_on` is the day in UTC of the instant that Canopy keeps.

    It is in the currency of the book that it is given; where that has none, its amounts are left out.
    """
    currency = wire.currency or book.currency
    return Payment(
        id=book.ref("pay_", wire.payment_id),
        remote_id=wire.payment_id,
        connection=book.connection,
        account=book.account,
        client=book.ref("cli_", wire.client_id),
        method=_METHODS.get(wire.method, PaymentMethod.OTHER),
        method_native=wire.method,
        amount=money(wire.amount_cents, currency, "$.currency"),
        received_on=utc(wire.received_at).date(),
        allocations=[
            Allocation(
                invoice=book.ref("inv_", part.invoice_id),
                kind_native="invoice",
                amount=money(part.amount_cents, currency, "$.currency"),
            )
            for part in wire.allocations
        ],
        unapplied=money(wire.unapplied_cents, currency, "$.currency"),
        refunds=UNSET if currency is None else [_refund(refund, currency) for refund in wire.refunds],
        reference=wire.reference,
        meta=_META if currency is not None else _UNPRICED,
    )


def _refund(wire: WireRefund, currency: str) -> Refund:
    return Refund(
        id=wire.refund_id,
        amount=Money(wire.amount_cents, currency),
        refunded_at=None if wire.refunded_at is None else utc(wire.refunded_at),
    )


def _invoice_of(wire: WirePayment) -> str | None:
    return wire.allocations[0].invoice_id if wire.currency is None and wire.allocations else None


_PAYMENTS: Final = Settled("payments", WirePayment, to_payment, _invoice_of)


def create(new: PaymentCreate, key: str, book: Book) -> Flow[Payment]:
    """Records money that came in. Where the account has no currency, the invoices it covers are read for theirs."""
    body = yield from from_payment_create(new, book)
    return (yield from _PAYMENTS.created(body, key, book))


def update(remote_id: str, new: PaymentUpdate, version: str | None, key: str, book: Book) -> Flow[Payment]:
    """Changes what is given; Canopy itself refuses another amount."""
    body = yield from from_payment_update(new, book)
    return (yield from _PAYMENTS.changed(remote_id, body, key, book))


BINDING: Final = Binding[Payment, PaymentCreate, PaymentUpdate](
    doc=DOC,
    wire=_PAYMENTS.place,
    unsupported=UNSUPPORTED,
    page=_PAYMENTS.page,
    get=_PAYMENTS.get,
    create=create,
    update=update,
    notes="Canopy does not name a payment's currency. Where all invoices of the firm are in one, it is that. Where "
    "they are not, it is that of an invoice the payment covers, which takes a call of its own (so at most 20 to a "
    "page); what covers none leaves `amount`, `unapplied` and `refunds` out. `received_on` is a day in UTC. Credits "
    "are applied by changing the credit. Writing needs the scope `billing:write`.",
)
