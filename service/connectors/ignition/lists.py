"""Ignition's lists, which all page alike: `{data, meta: {pagination: {has_more, next_cursor, limit}}}`.

What has come to an end (archived, deleted, cancelled) is left out unless its state is asked for by name, and one state
is asked for at a time. So a whole list is walked in parts, and our position says in which part we are.
"""

from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Final, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from service.connectors.sdk.binding import Query, RemotePage
from service.connectors.sdk.faults import BrokenPaging
from service.connectors.sdk.flow import Flow, Request, Response
from service.connectors.sdk.paging import cursor_page, cursor_start
from service.ids import Book

M = TypeVar("M")
W = TypeVar("W")


class Pagination(Struct, frozen=True, gc=False):
    has_more: bool
    next_cursor: str | None = None


class ListMeta(Struct, frozen=True, gc=False):
    pagination: Pagination


class WireList(Struct, Generic[W], frozen=True, gc=False):
    data: list[W]
    meta: ListMeta


def page_in_parts(
    path: str,
    states: Sequence[str | None],
    read: Callable[[Response], WireList[W]],
    convert: Callable[[W, Book], M],
    query: Query,
    book: Book,
) -> Flow[RemotePage[M]]:
    """One page of the list at `path`, of the part that the position stands in; None among `states` asks for what is
    shown without being named."""
    part, _, inside = (query.position or _FIRST).partition(":")
    place, within = int(part), replace(query, position=inside or None)
    answer = read((yield _asked(path, states[place], within)))
    cursor = answer.meta.pagination.next_cursor if answer.meta.pagination.has_more else None
    if cursor is None and answer.meta.pagination.has_more:
        raise BrokenPaging("the vendor says that there is more, and not where")
    found = cursor_page(answer.data, cursor, within, convert, book, "$.data")
    if found.next is not None:
        return RemotePage(found.records, f"{place}:{found.next}")
    return RemotePage(found.records, f"{place + 1}:" if place + 1 < len(states) else None)


_FIRST: Final = "0:"


def _asked(path: str, state: str | None, query: Query) -> Request:
    cursor, after = cursor_start(query), query.updated_after
    pairs = (
        ("limit", str(query.limit)),
        ("cursor", cursor),
        ("state", state),
        ("updated_from", None if after is None else after.astimezone(UTC).isoformat().replace("+00:00", "Z")),
    )
    return Request(
        method="GET", path=path, query=tuple((name, text) for name, text in pairs if text is not None), lane="read"
    )
