"""Credit memos as credits. What they were applied to stands in payments, not here."""

from datetime import date
from decimal import Decimal
from typing import Final

from msgspec import Struct

from service.connectors.quickbooks.changes import capture
from service.connectors.quickbooks.entity import Entity, documented
from service.connectors.quickbooks.sales_write import from_sale_create, update_sale
from service.connectors.quickbooks.statement import Conditions, compares, sorts
from service.connectors.quickbooks.wire import Memo, RefId, Times, currency_of
from service.connectors.sdk.binding import Binding, Filter
from service.connectors.sdk.codec import utc
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.money import to_money
from service.ids import Book
from service.resources.common import Meta
from service.resources.credit import Credit, CreditCreate, CreditUpdate


class WireCreditMemo(Struct, frozen=True, gc=False):
    Id: str
    SyncToken: str
    MetaData: Times
    TxnDate: date
    CustomerRef: RefId
    TotalAmt: Decimal
    RemainingCredit: Decimal | None = None
    DocNumber: str | None = None
    CurrencyRef: RefId | None = None
    CustomerMemo: Memo | None = None


UNSUPPORTED: Final = ("applications",)
_META: Final = Meta(unsupported=UNSUPPORTED)


def to_credit(wire: WireCreditMemo, book: Book) -> Credit:
    currency = currency_of(wire.CurrencyRef, book)
    remaining, memo = wire.RemainingCredit, wire.CustomerMemo
    return Credit(
        id=book.ref("crd_", wire.Id),
        remote_id=wire.Id,
        connection=book.connection,
        account=book.account,
        client=book.ref("cli_", wire.CustomerRef.value),
        number=wire.DocNumber,
        issued_on=wire.TxnDate,
        amount=to_money(wire.TotalAmt, currency, "$.TotalAmt"),
        remaining=None if remaining is None else to_money(remaining, currency, "$.RemainingCredit"),
        memo=None if memo is None else memo.value or None,
        created_at=utc(wire.MetaData.CreateTime),
        updated_at=utc(wire.MetaData.LastUpdatedTime),
        version=wire.SyncToken,
        meta=_META,
    )


_CONDITIONS: Final[Conditions] = {
    "client": compares("CustomerRef"),
    "number": compares("DocNumber"),
    "issued_from": compares("TxnDate", ">="),
    "issued_to": compares("TxnDate", "<="),
}
_COLUMNS: Final = {
    "updated_at": "MetaData.LastUpdatedTime",
    "created_at": "MetaData.CreateTime",
    "issued_on": "TxnDate",
    "number": "DocNumber",
}


_CREDITS: Final = Entity(
    name="CreditMemo",
    wire=WireCreditMemo,
    convert=to_credit,
    conditions=_CONDITIONS,
    columns=_COLUMNS,
    deleted_as="crd_",
)


def create(new: CreditCreate, key: str, book: Book) -> Flow[Credit]:
    return (yield from _CREDITS.made(from_sale_create(new, book), key, book))


def update(remote_id: str, new: CreditUpdate, version: str | None, key: str, book: Book) -> Flow[Credit]:
    return (yield from update_sale(_CREDITS, remote_id, new, version, key, book))


CHANGES: Final = _CREDITS.source


BINDING: Final = Binding[Credit, CreditCreate, CreditUpdate](
    doc=documented("all-entities/creditmemo"),
    wire=_CREDITS.place,
    unsupported=UNSUPPORTED,
    page=_CREDITS.page,
    get=_CREDITS.get,
    create=create,
    update=update,
    delete=_CREDITS.delete,
    changes=capture(CHANGES),
    filters={
        "client": Filter(kind="reference", prefix="cli_", description="Credits of one client."),
        "number": Filter(kind="text", description="The whole number of the credit memo."),
        "issued_from": Filter(kind="date", description="Issued on this day or later."),
        "issued_to": Filter(kind="date", description="Issued on this day or earlier."),
    },
    updated_after=True,
    include_deleted=True,
    sorts=sorts(_COLUMNS),
    versioned=True,
    notes="What a credit was applied to stands in the payments that applied it; a payment over nothing with two "
    "allocations applies one.",
)
