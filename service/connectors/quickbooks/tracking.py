"""Classes, departments (locations, in QuickBooks' own pages) and item categories as tracking values.

They are three entities whose ids overlap, so a remote id says which it is: `class:7`, `location:7`, `category:7`.
A list goes through one after the other.
"""

from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import Struct

from service.connectors.quickbooks.changes import Source, capture
from service.connectors.quickbooks.entity import Entity, documented
from service.connectors.quickbooks.lists_write import NEW, Head, WriteTracking, from_tracking
from service.connectors.quickbooks.statement import FIRST_ROW, Conditions, is_active
from service.connectors.quickbooks.wire import RefId, Times
from service.connectors.sdk.binding import Binding, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import utc
from service.connectors.sdk.faults import NotFound
from service.connectors.sdk.flow import Flow
from service.ids import Book
from service.resources.common import Meta
from service.resources.service_item import Dimension, TrackingValue, TrackingValueCreate, TrackingValueUpdate


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


_CONDITIONS: Final[Conditions] = {"active": is_active}


def _entity(name: str, dimension: Dimension, always: tuple[str, ...] = ()) -> Entity[WireTracking, TrackingValue]:
    return Entity(
        name=name,
        wire=WireTracking,
        convert=to_tracking_value(dimension),
        conditions=_CONDITIONS,
        columns={},
        always=always,
        hides_inactive="active",
        refers_by="/parent",
    )


_ENTITIES: Final = {
    Dimension.CLASS: _entity("Class", Dimension.CLASS),
    Dimension.LOCATION: _entity("Department", Dimension.LOCATION),
    Dimension.CATEGORY: _entity("Item", Dimension.CATEGORY, ("Type = 'Category'",)),
}


def page(query: Query, book: Book) -> Flow[RemotePage[TrackingValue]]:
    """One page of one dimension; the last page of each leads to the first of the next."""
    asked = query.filters.get("dimension")
    wanted = [dimension for dimension in _ENTITIES if asked is None or dimension.value in asked]
    word, _, position = (query.position or "").partition(":")
    dimension = Dimension(word) if word else wanted[0]
    within = msgspec.structs.replace(
        query,
        position=position or None,
        filters={name: values for name, values in query.filters.items() if name != "dimension"},
    )
    found = yield from _ENTITIES[dimension].page(within, book)
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
    wire = yield from _ENTITIES[dimension].current(vendor_id)
    if dimension is Dimension.CATEGORY and not is_category(wire):
        raise NotFound("a service item, which is no category")
    return _ENTITIES[dimension].convert(wire, book)


def create(new: TrackingValueCreate, key: str, book: Book) -> Flow[TrackingValue]:
    return (yield from _ENTITIES[new.dimension].made(from_tracking(new, new.dimension, NEW, book), key, book))


def update(remote_id: str, new: TrackingValueUpdate, version: str | None, key: str, book: Book) -> Flow[TrackingValue]:
    """Changes what is given. Raises Conflict if `version` is stale."""
    word, _, vendor_id = remote_id.partition(":")
    try:
        dimension = Dimension(word)
    except ValueError:
        raise NotFound("no record has such an id") from None

    def body_of(version: str) -> WriteTracking:
        return from_tracking(new, dimension, Head(Id=vendor_id, SyncToken=version, sparse=True), book)

    return (yield from _ENTITIES[dimension].updated(vendor_id, version, body_of, key, book))


def is_category(wire: WireTracking) -> bool:
    return wire.Type == "Category"


def _source(
    dimension: Dimension, belongs: Callable[[WireTracking], bool] = lambda _: True
) -> Source[WireTracking, TrackingValue]:
    entity = _ENTITIES[dimension]
    return Source(entity.name, WireTracking, entity.convert, belongs, lambda row_id: f"{dimension.value}:{row_id}")


CHANGES: Final = (
    _source(Dimension.CLASS),
    _source(Dimension.LOCATION),
    _source(Dimension.CATEGORY, is_category),
)

BINDING: Final = Binding[TrackingValue, TrackingValueCreate, TrackingValueUpdate](
    doc=documented("all-entities/class"),
    wire=Wire(WireTracking, one=("Class|Department|Item",), many=("QueryResponse", "Class|Department|Item")),
    page=page,
    get=get,
    create=create,
    update=update,
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
