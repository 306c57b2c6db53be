"""Credit memos as credits. What they were applied to stands in payments, not here."""

from datetime import date
from decimal import Decimal
from typing import Final

from msgspec import Struct

from service.connectors.quickbooks import calls
from service.connectors.quickbooks.changes import Source, capture
from service.connectors.quickbooks.credits_write import from_credit_create, from_credit_update
from service.connectors.quickbooks.statement import FIRST_ROW, Conditions, compares, select, sorts
from service.connectors.quickbooks.wire import Memo, RefId, Times, currency_of
from service.connectors.sdk.binding import Binding, Doc, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader, utc
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.money import to_money
from service.connectors.sdk.paging import offset_page
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


class _Rows(Struct, frozen=True, gc=False):
    CreditMemo: list[WireCreditMemo] = []


class _List(Struct, frozen=True, gc=False):
    QueryResponse: _Rows


class _One(Struct, frozen=True, gc=False):
    CreditMemo: WireCreditMemo


_read_list = json_reader(_List)
_read_one = json_reader(_One)

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


def page(query: Query, book: Book) -> Flow[RemotePage[Credit]]:
    answer = yield select("CreditMemo", query, _CONDITIONS, _COLUMNS)
    rows = _read_list(answer).QueryResponse.CreditMemo
    return offset_page(rows, query, FIRST_ROW, to_credit, book, "$.QueryResponse.CreditMemo")


def get(remote_id: str, book: Book) -> Flow[Credit]:
    return to_credit((yield from _current(remote_id)), book)


def create(new: CreditCreate, key: str, book: Book) -> Flow[Credit]:
    answer = yield from calls.create("creditmemo", from_credit_create(new, book), key, "/client")
    return to_credit(_read_one(answer).CreditMemo, book)


def update(remote_id: str, new: CreditUpdate, version: str | None, key: str, book: Book) -> Flow[Credit]:
    """Changes what is given. The record is read first for its version, unless given, and for the currency of new
    lines. Raises Conflict if `version` is stale."""
    currency: str | None = None
    if version is None or new.lines:
        current = yield from _current(remote_id)
        version = version or current.SyncToken
        currency = currency_of(current.CurrencyRef, book)
    answer = yield calls.write("creditmemo", from_credit_update(remote_id, new, version, currency, book), key)
    return to_credit(_read_one(answer).CreditMemo, book)


def delete(remote_id: str, version: str | None, key: str, book: Book) -> Flow[None]:
    """Deletes the credit memo; nothing of it is left, and what it had paid is open again."""
    if version is None:
        version = (yield from _current(remote_id)).SyncToken
    yield calls.remove("creditmemo", calls.Stamp(remote_id, version), key)


def _current(remote_id: str) -> Flow[WireCreditMemo]:
    return _read_one((yield calls.read_one("creditmemo", remote_id))).CreditMemo


CHANGES: Final = Source("CreditMemo", WireCreditMemo, to_credit)


BINDING: Final = Binding[Credit, CreditCreate, CreditUpdate](
    doc=Doc(
        "https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/creditmemo",
        date(2026, 11, 20),
        "documented",
    ),
    wire=Wire(WireCreditMemo, one=("CreditMemo",), many=("QueryResponse", "CreditMemo")),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
    create=create,
    update=update,
    delete=delete,
    changes=capture(CHANGES),
    filters={
        "client": Filter(kind="reference", prefix="cli_", description="Credits of one client."),
        "number": Filter(kind="text", description="The whole number of the credit memo."),
        "issued_from": Filter(kind="date", description="Issued on this day or later."),
        "issued_to": Filter(kind="date", description="Issued on this day or earlier."),
    },
    updated_after=True,
    sorts=sorts(_COLUMNS),
    versioned=True,
    notes="What a credit was applied to stands in the payments that applied it; a payment over nothing with two "
    "allocations applies one.",
)
