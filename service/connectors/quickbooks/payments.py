"""Payments. A credit is applied by a payment over nothing that links an invoice and a credit memo."""

from datetime import date
from decimal import Decimal
from typing import Final

from msgspec import Struct

from service.connectors.quickbooks import calls
from service.connectors.quickbooks.changes import capture
from service.connectors.quickbooks.entity import Entity, documented
from service.connectors.quickbooks.payments_write import (
    METHODS,
    Standing,
    WritePaymentLine,
    from_payment_create,
    from_payment_update,
    method_ref,
    refuse_unplaced,
)
from service.connectors.quickbooks.preferences import refuse_automatic_credits
from service.connectors.quickbooks.statement import Conditions, compares, sorts
from service.connectors.quickbooks.wire import Link, Ref, RefId, RefName, Times, currency_of, name_of
from service.connectors.sdk.binding import Binding, Filter
from service.connectors.sdk.codec import utc
from service.connectors.sdk.faults import SchemaDrift
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.mapper import mapper
from service.connectors.sdk.money import to_money
from service.ids import Book
from service.resources.common import Meta
from service.resources.payment import Allocation, Payment, PaymentCreate, PaymentMethod, PaymentUpdate


class WirePaymentLine(Struct, frozen=True, gc=False):
    """What QuickBooks adds in `LineEx` repeats the linked document and is left alone."""

    Amount: Decimal
    LinkedTxn: list[Link] = []


class WirePayment(Struct, frozen=True, gc=False):
    Id: str
    SyncToken: str
    MetaData: Times
    TxnDate: date
    CustomerRef: RefId
    TotalAmt: Decimal
    Line: list[WirePaymentLine] = []
    UnappliedAmt: Decimal | None = None
    PaymentMethodRef: RefName | None = None
    PaymentRefNum: str | None = None
    DepositToAccountRef: RefId | None = None
    CurrencyRef: RefId | None = None


UNSUPPORTED: Final = ("status", "status_native", "refunds")
_META: Final = Meta(unsupported=UNSUPPORTED)


@mapper
def to_payment(wire: WirePayment, book: Book) -> Payment:
    """A payment and the documents it was put against.

    No deposit account means Undeposited Funds. No lines mean that all of it is still to be applied.
    """
    currency = currency_of(wire.CurrencyRef, book)
    method, deposit, unapplied = name_of(wire.PaymentMethodRef), wire.DepositToAccountRef, wire.UnappliedAmt
    return Payment(
        id=book.ref("pay_", wire.Id),
        remote_id=wire.Id,
        connection=book.connection,
        account=book.account,
        client=book.ref("cli_", wire.CustomerRef.value),
        method=None if method is None else METHODS.get(method.lower(), PaymentMethod.OTHER),
        method_native=method,
        amount=to_money(wire.TotalAmt, currency, "$.TotalAmt"),
        received_on=wire.TxnDate,
        allocations=[_allocation(line, currency, book) for line in wire.Line],
        unapplied=None if unapplied is None else to_money(unapplied, currency, "$.UnappliedAmt"),
        reference=wire.PaymentRefNum or None,
        deposit_account=None if deposit is None else deposit.value,
        created_at=utc(wire.MetaData.CreateTime),
        updated_at=utc(wire.MetaData.LastUpdatedTime),
        version=wire.SyncToken,
        meta=_META,
    )


def _allocation(wire: WirePaymentLine, currency: str, book: Book) -> Allocation:
    amount = to_money(wire.Amount, currency, "$.Line[...].Amount")
    if not wire.LinkedTxn:
        return Allocation(kind_native=None, amount=amount)
    if len(wire.LinkedTxn) > 1:
        raise SchemaDrift("$.Line[...].LinkedTxn", "Expected one linked document for each amount")
    link = wire.LinkedTxn[0]
    return Allocation(
        invoice=book.ref("inv_", link.TxnId) if link.TxnType == "Invoice" else None,
        credit=book.ref("crd_", link.TxnId) if link.TxnType == "CreditMemo" else None,
        kind_native=link.TxnType,
        amount=amount,
    )


_CONDITIONS: Final[Conditions] = {
    "client": compares("CustomerRef"),
    "received_from": compares("TxnDate", ">="),
    "received_to": compares("TxnDate", "<="),
}
_COLUMNS: Final = {
    "updated_at": "MetaData.LastUpdatedTime",
    "created_at": "MetaData.CreateTime",
    "received_on": "TxnDate",
}


_PAYMENTS: Final = Entity(
    name="Payment",
    wire=WirePayment,
    convert=to_payment,
    conditions=_CONDITIONS,
    columns=_COLUMNS,
    deleted_as="pay_",
)


def create(new: PaymentCreate, key: str, book: Book) -> Flow[Payment]:
    """Records a payment, or applies a credit. Raises Conflict while the company applies credits by itself."""
    refuse_unplaced(new)
    yield from refuse_automatic_credits()
    body = from_payment_create(new, (yield from method_ref(new.method)), book)
    return (yield from _PAYMENTS.made(body, key, book))


def update(remote_id: str, new: PaymentUpdate, version: str | None, key: str, book: Book) -> Flow[Payment]:
    """Changes what is given. Raises Conflict if `version` is stale, or while the company applies credits by itself."""
    refuse_unplaced(new)
    yield from refuse_automatic_credits()
    method = yield from method_ref(new.method)
    current = yield from _PAYMENTS.current(remote_id)
    standing = Standing(
        customer=Ref(current.CustomerRef.value),
        version=version or current.SyncToken,
        amount=current.TotalAmt,
        currency=currency_of(current.CurrencyRef, book),
        lines=[WritePaymentLine(line.Amount, line.LinkedTxn) for line in current.Line],
    )
    return (yield from _PAYMENTS.changed(from_payment_update(remote_id, new, method, standing, book), key, book))


def void(remote_id: str, version: str | None, key: str, book: Book) -> Flow[None]:
    """Voids the payment: it stays over nothing, and what it had paid is open again."""
    yield from refuse_automatic_credits()
    version = yield from _PAYMENTS.version_of(remote_id, version)
    yield calls.void("payment", calls.Stamp(remote_id, version), key)


CHANGES: Final = _PAYMENTS.source


BINDING: Final = Binding[Payment, PaymentCreate, PaymentUpdate](
    doc=documented("all-entities/payment"),
    wire=_PAYMENTS.place,
    unsupported=UNSUPPORTED,
    page=_PAYMENTS.page,
    get=_PAYMENTS.get,
    create=create,
    update=update,
    delete=void,
    deletes="voids",
    changes=capture(CHANGES),
    filters={
        "client": Filter(kind="reference", prefix="cli_", description="Payments of one client."),
        "received_from": Filter(kind="date", description="Received on this day or later."),
        "received_to": Filter(kind="date", description="Received on this day or earlier."),
    },
    updated_after=True,
    include_deleted=True,
    sorts=sorts(_COLUMNS),
    versioned=True,
    notes="A payment over nothing with an invoice and a credit among its allocations applies that credit. "
    "Where QuickBooks leaves the method's name out, `method_native` is its id and `method` is `other`. To delete a "
    "payment voids it. Writes are refused while the company applies credits by itself, which each write looks up.",
)
