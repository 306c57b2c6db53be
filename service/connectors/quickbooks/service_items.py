"""Items as service items. Categories are items too at QuickBooks; here they are tracking values."""

from decimal import Decimal
from typing import Final

from msgspec import Struct

from service.connectors.quickbooks.changes import Source, capture
from service.connectors.quickbooks.entity import Entity, documented
from service.connectors.quickbooks.lists_write import NEW, Head, WriteItem, from_item
from service.connectors.quickbooks.statement import Conditions, compares, contains, is_active, sorts
from service.connectors.quickbooks.tracking import category_id
from service.connectors.quickbooks.wire import RefId, Times
from service.connectors.sdk.binding import Binding, Filter
from service.connectors.sdk.codec import utc
from service.connectors.sdk.faults import NotFound
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.mapper import mapper
from service.ids import Book
from service.resources.common import Meta
from service.resources.service_item import ServiceItem, ServiceItemCreate, ServiceItemUpdate


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
    IncomeAccountRef: RefId | None = None


UNSUPPORTED: Final = ("prices",)
_META: Final = Meta(unsupported=UNSUPPORTED)


@mapper
def to_service_item(wire: WireItem, book: Book) -> ServiceItem:
    """An item at its price in the company's home currency, which QuickBooks does not name here."""
    parent, account, times = wire.ParentRef, wire.IncomeAccountRef, wire.MetaData
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
        income_account=None if account is None else account.value,
        active=wire.Active,
        created_at=utc(times.CreateTime),
        updated_at=utc(times.LastUpdatedTime),
        version=wire.SyncToken,
        meta=_META,
    )


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


_ITEMS: Final = Entity(
    name="Item",
    wire=WireItem,
    convert=to_service_item,
    conditions=_CONDITIONS,
    columns=_COLUMNS,
    hides_inactive="active",
    always=(_SOLD,),
    refers_by="/income_account",
)


def get(remote_id: str, book: Book) -> Flow[ServiceItem]:
    wire = yield from _ITEMS.current(remote_id)
    if not is_sold(wire):
        raise NotFound("a category, which is no service item")
    return to_service_item(wire, book)


def create(new: ServiceItemCreate, key: str, book: Book) -> Flow[ServiceItem]:
    return (yield from _ITEMS.made(from_item(new, NEW, book), key, book))


def update(remote_id: str, new: ServiceItemUpdate, version: str | None, key: str, book: Book) -> Flow[ServiceItem]:
    """Changes what is given. Raises Conflict if `version` is stale."""

    def body_of(version: str) -> WriteItem:
        return from_item(new, Head(Id=remote_id, SyncToken=version, sparse=True), book)

    return (yield from _ITEMS.updated(remote_id, version, body_of, key, book))


def is_sold(wire: WireItem) -> bool:
    return wire.Type != "Category"


CHANGES: Final = Source("Item", WireItem, to_service_item, belongs=is_sold)

BINDING: Final = Binding[ServiceItem, ServiceItemCreate, ServiceItemUpdate](
    doc=documented("most-commonly-used/item"),
    wire=_ITEMS.place,
    unsupported=UNSUPPORTED,
    page=_ITEMS.page,
    get=get,
    create=create,
    update=update,
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
    "Items are made inactive, never deleted; inactive ones are listed too. New ones are services or goods without "
    "stock, and need an `income_account`: `GET /v1/passthrough/quickbooks/query` finds it.",
)
