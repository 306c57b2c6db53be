"""Payments: by card and bank transfer through Stripe and CPACharge, and what the firm took in by hand."""

from decimal import Decimal
from typing import Annotated, Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.binding import Binding, Wire
from service.connectors.sdk.codec import Instant, json_reader
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.money import to_decimal, to_money
from service.connectors.sdk.references import invalid, remote_id_of
from service.connectors.sdk.wire import UNMAPPED
from service.connectors.taxdome import calls
from service.connectors.taxdome.wire import ASSUMED, DOC, PAGES_MOVE, currency_of, day, instant
from service.ids import Book
from service.resources.common import Meta, Money
from service.resources.payment import (
    Allocation,
    AllocationInput,
    Payment,
    PaymentCreate,
    PaymentMethod,
    PaymentStatus,
    PaymentUpdate,
    Refund,
)


class WireRefund(Struct, frozen=True, gc=False):
    amount: Decimal
    id: str | None = None
    refunded_at: Instant | None = None


class WirePayment(Struct, frozen=True, gc=False):
    id: str
    account_id: str
    amount: Decimal
    status: str
    provider: Annotated[str | None, UNMAPPED]
    source: str | None
    transaction_id: str | None
    paid_at: Annotated[str | None, UNMAPPED]
    """Only its day has a place."""
    invoice_ids: list[str]
    refunds: list[WireRefund]
    currency: str | None = None


UNSUPPORTED: Final = ("unapplied", "deposit_account", "created_at", "updated_at", "version")
_META: Final = Meta(unsupported=UNSUPPORTED)
_METHODS: Final = {
    "card": PaymentMethod.CARD,
    "ach": PaymentMethod.ACH,
    "bank": PaymentMethod.ACH,
    "cash": PaymentMethod.CASH,
    "check": PaymentMethod.CHECK,
}
_STATUSES: Final = {
    "succeeded": PaymentStatus.RECEIVED,
    "in_progress": PaymentStatus.CLEARING,
    "declined": PaymentStatus.DECLINED,
}


def to_payment(wire: WirePayment, book: Book) -> Payment:
    """A payment in the account's currency. TaxDome tells which invoices it covers, not how much of each.

    One that was declined is a payment too at TaxDome: no money came, so it was received on no day and covers nothing
    of the invoices that it was for.
    """
    currency = currency_of(wire.currency, book)
    method = wire.source or wire.provider
    status = _STATUSES.get(wire.status, PaymentStatus.OTHER)
    is_declined = status is PaymentStatus.DECLINED
    covered = Money(0, currency) if is_declined else UNSET
    return Payment(
        id=book.ref("pay_", wire.id),
        remote_id=wire.id,
        connection=book.connection,
        account=book.account,
        client=book.ref("cli_", wire.account_id),
        amount=to_money(wire.amount, currency, "$.amount"),
        received_on=None if is_declined else day(wire.paid_at, "$.paid_at"),
        allocations=[Allocation(invoice=book.ref("inv_", one), amount=covered) for one in wire.invoice_ids],
        reference=wire.transaction_id,
        method=None if method is None else _METHODS.get(method, PaymentMethod.OTHER),
        method_native=method,
        status=status,
        status_native=wire.status,
        refunds=[_refund(refund, currency) for refund in wire.refunds] if wire.refunds else [],
        meta=_META,
    )


def _refund(wire: WireRefund, currency: str) -> Refund:
    amount = to_money(wire.amount, currency, "$.refunds[...].amount")
    return Refund(id=wire.id, amount=amount, refunded_at=instant(wire.refunded_at))


_read_one = json_reader(WirePayment)
_BY_HAND: Final = {PaymentMethod.CASH: "cash", PaymentMethod.CHECK: "check", PaymentMethod.CARD: "card"}


def create(new: PaymentCreate, key: str, book: Book) -> Flow[Payment]:
    """A payment that the firm took in by hand. Raises Invalid for what TaxDome cannot record.

    TaxDome spreads a payment over its invoices by itself, so at most one can be named, and for the whole amount.
    """
    del key
    calls.accept(new, ("client", "amount", "received_on", "method", "allocations"))
    calls.own_client(new.client, book)
    currency = currency_of(None, book)
    if new.amount.currency != currency or new.amount.amount_minor <= 0:
        raise invalid("/amount", "choice", f"More than nothing, in the account's currency: {currency}.")
    if isinstance(new.method, UnsetType) or new.method not in _BY_HAND:
        raise invalid("/method", "choice", f"Taken in by hand: {', '.join(_BY_HAND)}.")
    body: dict[str, object] = {
        "source": _BY_HAND[new.method],
        "amount": to_decimal(new.amount),
        "invoice_ids": [] if isinstance(new.allocations, UnsetType) else _invoices(new, new.allocations, book),
    }
    if not isinstance(new.received_on, UnsetType):
        body["paid_at"] = f"{new.received_on}T00:00:00Z"
    return (yield from calls.written("POST", "/payments", body, _read_one, to_payment, book))


def update(remote_id: str, new: PaymentUpdate, version: str | None, key: str, book: Book) -> Flow[Payment]:
    """Gives money back, which is all that can be done about a payment that came. Raises Invalid for anything else."""
    del version, key
    calls.accept(new, ("refund",))
    if isinstance(new.refund, UnsetType):
        raise invalid("/refund", "required", "Of a payment at TaxDome nothing can change, but money be given back.")
    currency = currency_of(None, book)
    if new.refund.currency != currency or new.refund.amount_minor <= 0:
        raise invalid("/refund", "choice", f"More than nothing, in the account's currency: {currency}.")
    path = calls.below("/payments", remote_id, "refunds")
    return (yield from calls.written("POST", path, {"amount": to_decimal(new.refund)}, _read_one, to_payment, book))


def _invoices(new: PaymentCreate, allocations: list[AllocationInput], book: Book) -> list[str]:
    if len(allocations) > 1:
        raise invalid("/allocations/1", "no_place", "TaxDome cannot be told how much goes to which invoice.")
    for one in allocations:
        if isinstance(one.invoice, UnsetType):
            raise invalid("/allocations/0/invoice", "required", "TaxDome puts payments against invoices alone.")
        if one.amount != new.amount:
            raise invalid("/allocations/0/amount", "choice", "The whole payment: TaxDome decides what is left over.")
        return [remote_id_of(one.invoice, "inv_", book, "/allocations/0/invoice")]
    return []


BINDING: Final = Binding[Payment, PaymentCreate, PaymentUpdate](
    doc=DOC,
    wire=Wire(WirePayment, many=("items",)),
    unsupported=UNSUPPORTED,
    page=calls.pages("/payments", json_reader(calls.Paged[WirePayment]), to_payment),
    get=calls.gets("/payments", _read_one, to_payment),
    create=create,
    update=update,
    delete=calls.deletes("/payments"),
    max_page=calls.MAX_PAGE,
    notes=f"{ASSUMED} Declined tries are listed too: look at `status` before adding up. Allocations name the invoices "
    "and no amounts, or nothing where the try was declined. TaxDome names no currency: amounts are in the account's. "
    "`received_on` is the day of the instant as TaxDome writes it. Only what was taken in by hand can be recorded; "
    "that, and what was declined, can be deleted. Money is given back by a change with `refund` (assumed). "
    f"{PAGES_MOVE}",
)
