"""What Xero Practice Manager's entities can do alike: be listed and be read, in XML's shape."""

from collections.abc import Callable
from types import GenericAlias
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from service.connectors.sdk.binding import Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.faults import NotFound
from service.connectors.sdk.flow import Flow, Response
from service.connectors.sdk.paging import cursor_page
from service.connectors.sdk.references import path_segment
from service.connectors.xpm.lists import Paging, ask, next_token, rows_of
from service.connectors.xpm.wire import is_yes, read
from service.ids import Book


class Deletable(Protocol):
    @property
    def IsDeleted(self) -> str | None: ...  # noqa: N802 (the vendor's name)


M = TypeVar("M")
W = TypeVar("W", bound=Deletable)


class Entity(Generic[W, M]):
    """`row` and `rows` are what answers call one and many: `Client` in `Clients`. The paths are below the root."""

    def __init__(
        self, row: str, rows: str, wire: type[W], convert: Callable[[W, Book], M], *, listed_at: str, one_at: str
    ) -> None:
        self.place = Wire(wire, one=("Response", row), many=("Response", rows, row))
        self._row, self._rows = row, rows
        self._convert = convert
        self._listed_at, self._one_at = listed_at, one_at
        self._read_list = _list_reader(row, rows, wire)
        self._read_one = _answer_reader([(row, wire)])

    def page(self, query: Query, book: Book) -> Flow[RemotePage[M]]:
        found, pagination = self._read_list((yield ask(self._listed_at, query, book)))
        at = f"$.Response.{self._rows}.{self._row}"
        return cursor_page(found, next_token(pagination), query, self._convert, book, at)

    def get(self, remote_id: str, book: Book) -> Flow[M]:
        """Raises NotFound for one that was deleted: the vendor goes on showing it."""
        answer = self._read_one((yield read(f"{self._one_at}/{path_segment(remote_id)}", book)))
        wire: W = getattr(answer, self._row)
        if is_yes(wire.IsDeleted, f"$.Response.{self._row}.IsDeleted"):
            raise NotFound(f"the {self._row.lower()} was deleted")
        return self._convert(wire, book)


def _list_reader(row: str, rows: str, wire: type[W]) -> Callable[[Response], tuple[list[W], Paging | None]]:
    """Reads the rows of a page, of which one alone is an object, and what tells where the list goes on."""
    many: list[tuple[str, Any, Any]] = [(row, GenericAlias(list, (wire,)) | wire | None, None)]
    held = msgspec.defstruct(rows, many, frozen=True, gc=False)
    read_answer = _answer_reader([(rows, held | None), ("Pagination", Paging | None, None)])

    def read_list(response: Response) -> tuple[list[W], Paging | None]:
        answer = read_answer(response)
        found = getattr(answer, rows)
        return rows_of(None if found is None else getattr(found, row)), answer.Pagination

    return read_list


def _answer_reader(fields: list[Any]) -> Callable[[Response], Any]:
    """Reads what stands in an answer's `Response`."""
    held = msgspec.defstruct("Answer", fields, frozen=True, gc=False)
    read_answer = json_reader(msgspec.defstruct("Envelope", [("Response", held)], frozen=True, gc=False))
    return lambda response: getattr(read_answer(response), "Response")  # noqa: B009 (a type made at run time)
