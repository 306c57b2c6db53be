"""One entity of Canopy: how its rows are listed, read and written, in the one shape that all of them have."""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from service.connectors.canopy import calls
from service.connectors.canopy.search import EntityName, read_one, search
from service.connectors.sdk.binding import Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.paging import cursor_page
from service.ids import Book

M = TypeVar("M")
W = TypeVar("W")


class Entity(Generic[W, M]):
    """`convert` makes a row of the type `wire` a record; `statuses` are Canopy's words for each unified one."""

    def __init__(
        self,
        name: EntityName,
        wire: type[W],
        convert: Callable[[W, Book], M],
        statuses: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.name: EntityName = name
        self.place = Wire(wire, many=(name,))
        self._convert = convert
        self._statuses = statuses
        fields: list[tuple[str, type]] = [(name, list[wire]), ("next_cursor", str | None)]  # type: ignore[list-item, valid-type]  # a union is a type to msgspec
        self._read_list = json_reader(msgspec.defstruct("List", fields, frozen=True, gc=False))
        self._read_row = json_reader(wire)

    def page(self, query: Query, book: Book) -> Flow[RemotePage[M]]:
        rows, cursor = yield from self.rows(query)
        return cursor_page(rows, cursor, query, self._convert, book, f"$.{self.name}")

    def get(self, remote_id: str, book: Book) -> Flow[M]:
        return (yield from self.shown((yield from self.row(remote_id)), book))

    def created(self, body: Struct, key: str, book: Book) -> Flow[M]:
        """The record that `body` makes."""
        return (yield from self.shown(self._read_row((yield calls.create(self.name, body, key))), book))

    def changed(self, remote_id: str, body: Struct, key: str, book: Book) -> Flow[M]:
        """The record after what `body` names has been changed. Raises NotFound for what cannot be an id."""
        return (yield from self.shown(self._read_row((yield calls.change(self.name, remote_id, body, key))), book))

    def rows(self, query: Query) -> Flow[tuple[list[W], str | None]]:
        """One page of rows as they came, and the cursor to the next."""
        answer = self._read_list((yield search(self.name, query, self._statuses)))
        return getattr(answer, self.name), getattr(answer, "next_cursor")  # noqa: B009  (a type made at run time)

    def row(self, remote_id: str) -> Flow[W]:
        """One row as it came."""
        return self._read_row((yield read_one(self.name, remote_id)))

    def shown(self, row: W, book: Book) -> Flow[M]:
        """The record that a single row is."""
        yield from ()
        return self._convert(row, book)
