"""Pages: positions that travel inside our own cursor, and guards against vendors that page in circles.

Two kinds of vendor paging, two ways to end a page:

    by offset    `offset_page`: the position is the next row's number; ask for one row more than wanted
    by cursor    `cursor_page`: the position is a `Trail` and the vendor's cursor
"""

import re
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from service.connectors.sdk.binding import Query, RemotePage
from service.connectors.sdk.faults import BrokenPaging, SchemaDrift
from service.connectors.sdk.flow import Flow
from service.ids import Book

M = TypeVar("M")
W = TypeVar("W")


def offset_start(query: Query, first: int) -> int:
    """The number of the first row wanted; `first` is what the vendor calls its first (0 or 1)."""
    return first if query.position is None else int(query.position)


def offset_page(
    rows: Sequence[W], query: Query, first: int, convert: Callable[[W, Book], M], book: Book, at: str
) -> RemotePage[M]:
    """The page in `rows`, which were asked for as `query.limit + 1` so that the extra row proves there is more."""
    following = str(offset_start(query, first) + query.limit) if len(rows) > query.limit else None
    return RemotePage(converted(rows[: query.limit], convert, book, at), following)


def cursor_start(query: Query) -> str | None:
    """The vendor's own cursor to ask with; None for the first page."""
    return None if query.position is None else Trail.unpack(query.position)[1]


def cursor_page(
    rows: Sequence[W], cursor: str | None, query: Query, convert: Callable[[W, Book], M], book: Book, at: str
) -> RemotePage[M]:
    """The page in `rows`; `cursor` is the vendor's cursor to the next page. Raises BrokenPaging when it runs in a
    circle."""
    records = converted(rows, convert, book, at)
    if cursor is None:
        return RemotePage(records, None)
    if query.position is None:
        return RemotePage(records, Trail().to(cursor).pack(cursor))
    trail, current = Trail.unpack(query.position)
    if cursor == current:
        raise BrokenPaging("the vendor repeats its cursor")
    return RemotePage(records, trail.to(cursor).pack(cursor))


def converted(rows: Sequence[W], convert: Callable[[W, Book], M], book: Book, at: str) -> list[M]:
    """Every row converted; drift found by the mapper is reported with the row's place, such as `$.clients[3].total`."""
    try:
        return [convert(row, book) for row in rows]
    except SchemaDrift:
        for index, row in enumerate(rows):
            try:
                convert(row, book)
            except SchemaDrift as drift:
                path = f"{at}[{index}]{drift.path.removeprefix('$')}"
                raise SchemaDrift(path, drift.expected, status=drift.status) from None
        raise


_PACKED: Final = re.compile(r"([0-9a-z]+)\.([0-9a-z]+)\.([0-9a-f]{12})?\.(.*)", re.DOTALL)


class Trail(Struct, frozen=True):
    """Where a walk over a vendor's cursors has been, in a dozen bytes: Brent's cycle detection.

    One earlier cursor is remembered, replaced at every power of two. A circle of n pages is noticed within about 3 n
    pages of entering it, however long the way there was.
    """

    mark: str | None = None
    """A hash of the remembered cursor."""
    power: int = 0
    """The remembered cursor is replaced after 2^power steps …"""
    steps: int = 0
    """… of which so many are done."""

    def to(self, cursor: str) -> "Trail":
        """The trail one step further. Raises BrokenPaging when it has been at `cursor` before."""
        here = blake2b(cursor.encode(), digest_size=6).hexdigest()
        if self.mark is None:
            return Trail(here)
        if here == self.mark:
            raise BrokenPaging("the vendor's cursors run in a circle")
        if self.steps + 1 == 1 << self.power:
            return Trail(here, self.power + 1)
        return Trail(self.mark, self.power, self.steps + 1)

    def pack(self, cursor: str) -> str:
        """The trail and the vendor's cursor as one string."""
        return f"{self.power:x}.{self.steps:x}.{self.mark or ''}.{cursor}"

    @staticmethod
    def unpack(position: str) -> "tuple[Trail, str]":
        """The inverse of `pack`. ValueError for anything else; positions are signed, so only a bug gets here."""
        found = _PACKED.fullmatch(position)
        if found is None:
            raise ValueError("not a packed position")
        power, steps, mark, cursor = found.groups()
        return Trail(mark, int(power, 16), int(steps, 16)), cursor


def walk(
    page: Callable[[Query, Book], Flow[RemotePage[M]]],
    query: Query,
    book: Book,
    take: Callable[[list[M]], Any],
    *,
    most_pages: int = 1_000_000,
) -> Flow[int]:
    """Every page from `query.position` to the end, each given to `take`; returns how many records there were.

    Empty pages in the middle are walked over. Raises BrokenPaging when positions repeat or after `most_pages`.
    """
    trail, count = Trail(), 0
    for _ in range(most_pages):
        found = yield from page(query, book)
        take(found.records)
        count += len(found.records)
        if found.next is None:
            return count
        if found.next == query.position:
            raise BrokenPaging("the vendor repeats its position")
        trail = trail.to(found.next)
        query = msgspec.structs.replace(query, position=found.next)
    raise BrokenPaging("more pages than any vendor can have")
