"""SmartVault's tree of nodes: a node's children come page by page, counted from 0, with how many there are in all."""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from msgspec import Struct

from service.connectors.sdk.binding import Query, RemotePage
from service.connectors.sdk.faults import BrokenPaging
from service.connectors.sdk.flow import Flow, Request, Response
from service.connectors.sdk.paging import converted, offset_start
from service.ids import Book

M = TypeVar("M")
W = TypeVar("W")

MOST: Final = 500


class Node(Struct, Generic[W], frozen=True, gc=False):
    children: list[W] | None = None
    total_children: int | None = None


class NodeAnswer(Struct, Generic[W], frozen=True, gc=False):
    message: Node[W]


def children(path: str, page: int, per_page: int) -> Request:
    """A page of a node's children, with what the firm says of them."""
    query = (("children", "1"), ("page", str(page)), ("per_page", str(per_page)), ("eprop", "true"))
    return Request(method="GET", path=path, query=query, lane="read")


def page_of_children(
    path: str, read: Callable[[Response], NodeAnswer[W]], convert: Callable[[W, Book], M], query: Query, book: Book
) -> Flow[RemotePage[M]]:
    """The children from our position on. Positions are rows, because a caller may ask for pages of another size.

    Where the vendor does not say how many there are in all, a full page is not the last.
    """
    start = offset_start(query, 0)
    size = _size(start, query.limit)
    node = read((yield children(path, start // size, size))).message
    skipped = start % size
    there = node.children or []
    rows = there[skipped : skipped + query.limit]
    end = start + len(rows)
    total = node.total_children
    if total is None:
        total = start - skipped + len(there) + (len(there) >= size)
    if not rows and end < total:
        raise BrokenPaging("the vendor promises more than it gives")
    return RemotePage(converted(rows, convert, book, "$.message.children"), str(end) if end < total else None)


def _size(start: int, limit: int) -> int:
    """The smallest page that holds all the rows wanted; one that holds the first of them, where none does."""
    whole = (size for size in range(limit, MOST + 1) if start // size == (start + limit - 1) // size)
    return next(whole, limit)
