"""Classes, departments (locations, in QuickBooks' own pages) and item categories as tracking values.

They are three entities whose ids overlap, so a remote id says which it is: `class:7`, `location:7`, `category:7`.
A list goes through one after the other.
"""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

import msgspec
from msgspec import Struct

from service.connectors.quickbooks import calls
from service.connectors.quickbooks.changes import Source, capture
from service.connectors.quickbooks.statement import FIRST_ROW, Conditions, is_active, select
from service.connectors.quickbooks.wire import RefId, Times
from service.connectors.sdk.binding import Binding, Doc, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader, utc
from service.connectors.sdk.faults import NotFound
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.paging import offset_page
from service.ids import Book
from service.resources.common import Meta
from service.resources.service_item import Dimension, TrackingValue


class WireTracking(Struct, frozen=True, gc=False):
    """A Class, a Department or an Item; `Type` is said of items only."""

    Id: str
    SyncToken: str
    MetaData: Times
    Name: str
    Active: bool
    FullyQualifiedName: str | None = None
    ParentRef: RefId | None = None
    Type: str | None = None


_META: Final = Meta()
_ENTITIES: Final[dict[Dimension, calls.Entity]] = {
    Dimension.CLASS: "class",
    Dimension.LOCATION: "department",
    Dimension.CATEGORY: "item",
}


def category_id(remote_id: str) -> str:
    """The remote id of the category that is this item."""
    return f"category:{remote_id}"


def to_tracking_value(dimension: Dimension) -> Callable[[WireTracking, Book], TrackingValue]:
    """The mapper for one dimension."""
    head = f"{dimension.value}:"

    def convert(wire: WireTracking, book: Book) -> TrackingValue:
        parent = wire.ParentRef
        return TrackingValue(
            id=book.ref("trk_", head + wire.Id),
            remote_id=head + wire.Id,
            connection=book.connection,
            account=book.account,
            dimension=dimension,
            name=wire.Name,
            full_name=wire.FullyQualifiedName,
            parent=None if parent is None else book.ref("trk_", head + parent.value),
            active=wire.Active,
            updated_at=utc(wire.MetaData.LastUpdatedTime),
            version=wire.SyncToken,
            meta=_META,
        )

    return convert


_MAPPERS: Final = {dimension: to_tracking_value(dimension) for dimension in _ENTITIES}


class _Rows(Struct, frozen=True, gc=False):
    Class: list[WireTracking] = []
    Department: list[WireTracking] = []
    Item: list[WireTracking] = []


class _List(Struct, frozen=True, gc=False):
    QueryResponse: _Rows


class _One(Struct, frozen=True, gc=False):
    Class: WireTracking | None = None
    Department: WireTracking | None = None
    Item: WireTracking | None = None


_read_list = json_reader(_List)
_read_one = json_reader(_One)
_CONDITIONS: Final[Conditions] = {"active": is_active}


def page(query: Query, book: Book) -> Flow[RemotePage[TrackingValue]]:
    """One page of one dimension; the last page of each leads to the first of the next."""
    asked = query.filters.get("dimension")
    wanted = [dimension for dimension in _ENTITIES if asked is None or dimension.value in asked]
    word, _, position = (query.position or "").partition(":")
    dimension = Dimension(word) if word else wanted[0]
    entity = _ENTITIES[dimension].capitalize()
    within = msgspec.structs.replace(
        query,
        position=position or None,
        filters={name: values for name, values in query.filters.items() if name != "dimension"},
    )
    always: tuple[str, ...] = ("Type = 'Category'",) if dimension is Dimension.CATEGORY else ()
    if "active" not in query.filters:
        always += ("Active IN (true,false)",)
    rows = _read_list((yield select(entity, within, _CONDITIONS, {}, always))).QueryResponse
    held = rows.Class or rows.Department or rows.Item
    found = offset_page(held, within, FIRST_ROW, _MAPPERS[dimension], book, f"$.QueryResponse.{entity}")
    following = wanted[wanted.index(dimension) + 1 :]
    if found.next is not None:
        return RemotePage(found.records, f"{dimension.value}:{found.next}")
    return RemotePage(found.records, f"{following[0].value}:{FIRST_ROW}" if following else None)


def get(remote_id: str, book: Book) -> Flow[TrackingValue]:
    word, _, vendor_id = remote_id.partition(":")
    try:
        dimension = Dimension(word)
    except ValueError:
        raise NotFound("no record has such an id") from None
    answer = _read_one((yield calls.read_one(_ENTITIES[dimension], vendor_id)))
    wire = answer.Class or answer.Department or answer.Item
    if wire is None or (dimension is Dimension.CATEGORY and not is_category(wire)):
        raise NotFound("a service item, which is no category")
    return _MAPPERS[dimension](wire, book)


def is_category(wire: WireTracking) -> bool:
    return wire.Type == "Category"


CHANGES: Final = (
    Source("Class", WireTracking, _MAPPERS[Dimension.CLASS], remote_id=lambda row_id: f"class:{row_id}"),
    Source("Department", WireTracking, _MAPPERS[Dimension.LOCATION], remote_id=lambda row_id: f"location:{row_id}"),
    Source("Item", WireTracking, _MAPPERS[Dimension.CATEGORY], belongs=is_category, remote_id=category_id),
)

BINDING: Final = Binding[TrackingValue, Any, Any](
    doc=Doc(
        "https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/class",
        date(2026, 11, 20),
        "documented",
    ),
    wire=Wire(WireTracking, one=("Class|Department|Item",), many=("QueryResponse", "Class|Department|Item")),
    page=page,
    get=get,
    changes=capture(*CHANGES),
    filters={
        "dimension": Filter(
            kind="choice", choices=tuple(Dimension), description="Classes, locations (departments) or item categories."
        ),
        "active": Filter(kind="choice", choices=("true", "false"), description="Active or made inactive."),
    },
    updated_after=True,
    versioned=True,
    notes="Classes first, then locations, then item categories; a page holds one of them, so pages can be short. "
    "Classes and locations need QuickBooks Plus or Advanced.",
)
