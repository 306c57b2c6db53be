"""One entity of Canopy's public API: listed thinly, read and written whole, each body in a wrapper of its name."""

from collections.abc import Callable
from typing import Generic, Literal, TypeVar

import msgspec
from msgspec import Struct

from service.connectors.canopy_public import calls
from service.connectors.sdk.binding import Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.faults import NotFound
from service.connectors.sdk.flow import Flow, Response
from service.connectors.sdk.paging import cursor_page
from service.ids import Book

M = TypeVar("M")
W = TypeVar("W")


class Entity(Generic[W, M]):
    """`convert` makes a row of the type `wire` a record; a row may say that it is deleted and still be shown."""

    def __init__(
        self,
        plural: calls.Plural,
        one: Literal["client", "contact"],
        wire: type[W],
        convert: Callable[[W, Book], M],
        is_deleted: Callable[[W], bool],
    ) -> None:
        self._plural: calls.Plural = plural
        self._one = one
        self.place = Wire(wire, one=(one,), many=(plural,))
        self._convert = convert
        self._is_deleted = is_deleted
        fields: list[tuple[str, type] | tuple[str, object, object]] = [
            (plural, list[wire]),  # type: ignore[valid-type]  # a type made at run time
            ("next_cursor", str | None, None),
        ]
        self._read_list = json_reader(msgspec.defstruct("List", fields, frozen=True, gc=False))
        self._read_one = json_reader(msgspec.defstruct("One", [(one, wire)], frozen=True, gc=False))

    def page(self, query: Query, book: Book) -> Flow[RemotePage[M]]:
        rows, cursor = yield from self.rows(query)
        return cursor_page(rows, cursor, query, self._convert, book, f"$.{self._plural}")

    def rows(self, query: Query) -> Flow[tuple[list[W], str | None]]:
        """One page of rows as they came, and the cursor to the next."""
        answer = self._read_list((yield calls.rows(self._plural, query)))
        return getattr(answer, self._plural), getattr(answer, "next_cursor") or None  # noqa: B009  (a type made at run time)

    def get(self, remote_id: str, book: Book) -> Flow[M]:
        """One record. Raises NotFound also for a deleted one."""
        row = self._row((yield calls.read(self._plural, remote_id)))
        if self._is_deleted(row):
            raise NotFound(f"the {self._one} is deleted")
        return self._convert(row, book)

    def created(self, body: Struct, book: Book) -> Flow[M]:
        """The record that `body` makes."""
        return self._convert(self._row((yield calls.create(self._plural, self._one, body))), book)

    def changed(self, remote_id: str, body: Struct, book: Book) -> Flow[M]:
        """The record after what `body` names has been changed. Raises NotFound for what cannot be an id."""
        return self._convert(self._row((yield calls.change(self._plural, self._one, remote_id, body))), book)

    def delete(self, remote_id: str, version: str | None, key: str, book: Book) -> Flow[None]:
        yield calls.delete(self._plural, remote_id)

    def _row(self, answer: Response) -> W:
        row: W = getattr(self._read_one(answer), self._one)
        return row
