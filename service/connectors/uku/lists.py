"""Uku's lists, which all page alike: `{data, meta: {total, offset, limit, has_more, next_cursor}}`.

A list goes on by its cursor; where a list gives none and says that there is more, by the number of the next row. One
that says neither (a third party has met an empty `meta`) goes on while its pages are full.
"""

import re
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from msgspec import Struct

from service.connectors.sdk.binding import Query, RemotePage
from service.connectors.sdk.faults import BrokenPaging
from service.connectors.sdk.flow import Flow, Request, Response
from service.connectors.sdk.paging import cursor_page, cursor_start
from service.ids import Book

M = TypeVar("M")
W = TypeVar("W")


class ListMeta(Struct, frozen=True, gc=False):
    has_more: bool | None = None
    next_cursor: str | None = None


class WireList(Struct, Generic[W], frozen=True, gc=False):
    data: list[W]
    meta: ListMeta = ListMeta()


def page_of(
    path: str, read: Callable[[Response], WireList[W]], convert: Callable[[W, Book], M], query: Query, book: Book
) -> Flow[RemotePage[M]]:
    """One page of the list at `path`."""
    at = cursor_start(query) or ""
    ours = _ROW.fullmatch(at)
    row = int(ours[1]) if ours else 0
    where = (("offset", str(row)),) if row else (("cursor", at),) if at else ()
    answer = read((yield Request(method="GET", path=path, query=(("limit", str(query.limit)), *where), lane="read")))
    is_by_cursor = bool(at) and not row
    return cursor_page(answer.data, _next(answer, row, query.limit, is_by_cursor), query, convert, book, "$.data")


_ROW: Final = re.compile("row ([0-9]{1,12})")
"""Marks a position of ours among the vendor's cursors."""


def _next(answer: WireList[W], row: int, asked: int, is_by_cursor: bool) -> str | None:
    """Raises BrokenPaging where there is more, and nothing to find it by."""
    meta = answer.meta
    is_unsaid = meta.has_more is None and not meta.next_cursor
    if meta.has_more is False or (is_unsaid and (is_by_cursor or len(answer.data) < asked)):
        return None
    if meta.next_cursor:
        return meta.next_cursor
    if is_by_cursor or not answer.data:
        raise BrokenPaging("the vendor says that there is more, and not where")
    return f"row {row + len(answer.data)}"
