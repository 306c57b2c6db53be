"""Items as service items. Categories are items too at QuickBooks; here they are tracking values."""

from datetime import date
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from service.connectors.quickbooks import calls
from service.connectors.quickbooks.changes import Source, capture
from service.connectors.quickbooks.statement import FIRST_ROW, Conditions, compares, contains, is_active, select, sorts
from service.connectors.quickbooks.tracking import category_id
from service.connectors.quickbooks.wire import RefId, Times
from service.connectors.sdk.binding import Binding, Doc, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader, utc
from service.connectors.sdk.faults import NotFound
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.paging import offset_page
from service.ids import Book
from service.resources.common import Meta
from service.resources.service_item import ServiceItem


class WireItem(Struct, frozen=True, gc=False):
    Id: str
    SyncToken: str
    MetaData: Times
    Name: str
    Active: bool
    Type: str | None = None
    Sku: str | None = None
    Description: str | None = None
    UnitPrice: Decimal | None = None
    Taxable: bool | None = None
    ParentRef: RefId | None = None


UNSUPPORTED: Final = ("prices",)
_META: Final = Meta(unsupported=UNSUPPORTED)


def to_service_item(wire: WireItem, book: Book) -> ServiceItem:
    """An item at its price in the company's home currency, which QuickBooks does not name here."""
    parent = wire.ParentRef
    return ServiceItem(
        id=book.ref("itm_", wire.Id),
        remote_id=wire.Id,
        connection=book.connection,
        account=book.account,
        name=wire.Name,
        sku=wire.Sku or None,
        description=wire.Description or None,
        kind_native=wire.Type,
        rate=wire.UnitPrice,
        currency=book.currency,
        taxable=wire.Taxable,
        category=None if parent is None else book.ref("trk_", category_id(parent.value)),
        active=wire.Active,
        created_at=utc(wire.MetaData.CreateTime),
        updated_at=utc(wire.MetaData.LastUpdatedTime),
        version=wire.SyncToken,
        meta=_META,
    )


class _Rows(Struct, frozen=True, gc=False):
    Item: list[WireItem] = []


class _List(Struct, frozen=True, gc=False):
    QueryResponse: _Rows


class _One(Struct, frozen=True, gc=False):
    Item: WireItem


_read_list = json_reader(_List)
_read_one = json_reader(_One)

_SOLD: Final = "Type IN ('Service','NonInventory','Inventory','Group','Bundle')"
_CONDITIONS: Final[Conditions] = {
    "active": is_active,
    "name": compares("Name"),
    "name_contains": contains("Name"),
    "sku": compares("Sku"),
}
_COLUMNS: Final = {
    "updated_at": "MetaData.LastUpdatedTime",
    "created_at": "MetaData.CreateTime",
    "name": "Name",
}


def page(query: Query, book: Book) -> Flow[RemotePage[ServiceItem]]:
    """One page; inactive items too, which QuickBooks hides unless `Active` is asked for."""
    always = (_SOLD,) if "active" in query.filters else (_SOLD, "Active IN (true,false)")
    answer = yield select("Item", query, _CONDITIONS, _COLUMNS, always)
    rows = _read_list(answer).QueryResponse.Item
    return offset_page(rows, query, FIRST_ROW, to_service_item, book, "$.QueryResponse.Item")


def get(remote_id: str, book: Book) -> Flow[ServiceItem]:
    wire = _read_one((yield calls.read_one("item", remote_id))).Item
    if not is_sold(wire):
        raise NotFound("a category, which is no service item")
    return to_service_item(wire, book)


def is_sold(wire: WireItem) -> bool:
    return wire.Type != "Category"


CHANGES: Final = Source("Item", WireItem, to_service_item, belongs=is_sold)

BINDING: Final = Binding[ServiceItem, Any, Any](
    doc=Doc(
        "https://developer.intuit.com/app/developer/qbo/docs/api/accounting/most-commonly-used/item",
        date(2026, 11, 20),
        "documented",
    ),
    wire=Wire(WireItem, one=("Item",), many=("QueryResponse", "Item")),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
    changes=capture(CHANGES),
    filters={
        "active": Filter(kind="choice", choices=("true", "false"), description="Active or made inactive."),
        "name": Filter(kind="text", description="The whole name."),
        "name_contains": Filter(kind="text", description="A part of the name; no percent sign."),
        "sku": Filter(kind="text", description="The whole SKU."),
    },
    updated_after=True,
    sorts=sorts(_COLUMNS),
    versioned=True,
    notes="Services, goods and bundles; categories are tracking values. The price is in the company's home currency. "
    "Items are made inactive, never deleted; inactive ones are listed too.",
)
