"""Credit memos as credits. What they were applied to stands in payments, not here."""

from datetime import date
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from service.connectors.quickbooks import calls
from service.connectors.quickbooks.statement import FIRST_ROW, Conditions, compares, select, sorts
from service.connectors.quickbooks.wire import Memo, Ref, Times, currency_of
from service.connectors.sdk.binding import Binding, Doc, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader, utc
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.money import to_money
from service.connectors.sdk.paging import offset_page
from service.ids import Book
from service.resources.common import Meta
from service.resources.credit import Credit


class WireCreditMemo(Struct, frozen=True, gc=False):
    Id: str
    SyncToken: str
    MetaData: Times
    TxnDate: date
    CustomerRef: Ref
    TotalAmt: Decimal
    RemainingCredit: Decimal | None = None
    DocNumber: str | None = None
    CurrencyRef: Ref | None = None
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
    return to_credit(_read_one((yield calls.read_one("creditmemo", remote_id))).CreditMemo, book)


BINDING: Final = Binding[Credit, Any, Any](
    doc=Doc(
        "https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/creditmemo",
        date(2026, 11, 20),
        "documented",
    ),
    wire=Wire(WireCreditMemo, one=("CreditMemo",), many=("QueryResponse", "CreditMemo")),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
    filters={
        "client": Filter(kind="reference", prefix="cli_", description="Credits of one client."),
        "number": Filter(kind="text", description="The whole number of the credit memo."),
        "issued_from": Filter(kind="date", description="Issued on this day or later."),
        "issued_to": Filter(kind="date", description="Issued on this day or earlier."),
    },
    updated_after=True,
    sorts=sorts(_COLUMNS),
    versioned=True,
    notes="What a credit was applied to stands in the payments that applied it.",
)
