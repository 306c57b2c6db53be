"""What all of QuickBooks' entities can do alike: be listed, read, written and taken away."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from operator import attrgetter
from types import GenericAlias
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from service.connectors.quickbooks import calls
from service.connectors.quickbooks.changes import Source, deletions
from service.connectors.quickbooks.empties import tolerant_reader
from service.connectors.quickbooks.statement import FIRST_ROW, Conditions, select
from service.connectors.sdk.binding import Doc, Query, RemotePage, Wire
from service.connectors.sdk.faults import SchemaDrift
from service.connectors.sdk.flow import Flow, Response
from service.connectors.sdk.paging import offset_page
from service.ids import Book
from service.resources.common import Deleted

M = TypeVar("M")
R = TypeVar("R")


class Versioned(Protocol):
    @property
    def SyncToken(self) -> str: ...  # noqa: N802 (the vendor's name)


W = TypeVar("W", bound=Versioned)


@dataclass(frozen=True, kw_only=True)
class Entity(Generic[W, M]):
    """One entity, and the flows that are the same for each but for these."""

    name: str
    """As queries and answers call it, such as `CreditMemo`."""
    wire: type[W]
    convert: Callable[[W, Book], M]
    conditions: Conditions
    columns: Mapping[str, str]
    always: tuple[str, ...] = ()
    hides_inactive: str | None = None
    """The filter that asks for inactive rows, where QuickBooks hides them unless `Active` is asked for."""
    deleted_as: str | None = None
    """The prefix of its ids, where change data capture tells what was deleted."""
    refers_by: str = "/client"
    """The pointer that "object not found" means when one is created."""

    @property
    def path(self) -> calls.Entity:
        return calls.PATHS[self.name]

    @property
    def place(self) -> Wire:
        return Wire(self.wire, one=(self.name,), many=("QueryResponse", self.name))

    @property
    def source(self) -> Source[W, M]:
        """Where change data capture finds it."""
        return Source(self.name, self.wire, self.convert)

    @cached_property
    def read_rows(self) -> Callable[[Response], list[W]]:
        return rows_reader(self.name, self.wire)

    @cached_property
    def read_record(self) -> Callable[[Response], W]:
        return record_reader(self.name, self.wire)

    def page(self, query: Query, book: Book) -> Flow[RemotePage[M]]:
        """One page; inactive rows too, and what was deleted where it is asked for."""
        deleted: list[Deleted] | None = None
        if query.include_deleted and query.position is None and self.deleted_as is not None:
            deleted = yield from deletions(self.source, self.deleted_as, query, book)
        always = self.always
        if self.hides_inactive is not None and self.hides_inactive not in query.filters:
            always += ("Active IN (true,false)",)
        rows = self.read_rows((yield select(self.name, query, self.conditions, self.columns, always)))
        found = offset_page(rows, query, FIRST_ROW, self.convert, book, f"$.QueryResponse.{self.name}")
        return found if deleted is None else replace(found, deleted=deleted)

    def get(self, remote_id: str, book: Book) -> Flow[M]:
        return self.convert((yield from self.current(remote_id)), book)

    def current(self, remote_id: str) -> Flow[W]:
        """The record as it is now, in the vendor's words."""
        return self.read_record((yield calls.read_one(self.path, remote_id)))

    def version_of(self, remote_id: str, version: str | None) -> Flow[str]:
        """The version to write with: the caller's, else the one it has now."""
        return version if version is not None else (yield from self.current(remote_id)).SyncToken

    def made(self, body: Struct, key: str, book: Book) -> Flow[M]:
        """The record that `body` creates."""
        answer = yield from calls.create(self.path, body, key, self.refers_by)
        return self.convert(self.read_record(answer), book)

    def changed(self, body: Struct, key: str, book: Book) -> Flow[M]:
        """The record that `body` updates."""
        return self.convert(self.read_record((yield calls.write(self.path, body, key))), book)

    def updated(
        self, remote_id: str, version: str | None, body_of: Callable[[str], Struct], key: str, book: Book
    ) -> Flow[M]:
        """The record that a body updates, which is made for a version: the caller's, else the one it has now.

        The body is made before anything is asked, so that what it refuses is refused without a call.
        """
        body = body_of(version or "")
        if version is None:
            body = body_of((yield from self.current(remote_id)).SyncToken)
        return (yield from self.changed(body, key, book))

    def delete(self, remote_id: str, version: str | None, key: str, book: Book) -> Flow[None]:
        """Deletes the record; nothing of it is left."""
        del book
        stamp = calls.Stamp(remote_id, (yield from self.version_of(remote_id, version)))
        yield calls.remove(self.path, stamp, key)


def rows_reader(name: str, wire: type[R]) -> Callable[[Response], list[R]]:
    """Reads the rows of a query. The array is not there when nothing was found; one that is not there although the
    answer counts rows is drift."""
    fields: list[tuple[str, Any, Any]] = [
        (name, GenericAlias(list, (wire,)), []),
        ("startPosition", int | None, None),
        ("maxResults", int | None, None),
    ]
    rows = msgspec.defstruct(f"{name}Rows", fields, frozen=True, gc=False)
    read = tolerant_reader(msgspec.defstruct(f"{name}List", [("QueryResponse", rows)], frozen=True, gc=False))
    held: Callable[[Any], Any] = attrgetter("QueryResponse")
    found: Callable[[Any], list[R]] = attrgetter(name)

    def read_rows(response: Response) -> list[R]:
        answer = held(read(response))
        if not (listed := found(answer)) and _counts(answer.startPosition, answer.maxResults):
            raise SchemaDrift(f"$.QueryResponse.{name}", f"Object missing required field `{name}`")
        return listed

    return read_rows


def _counts(start: int | None, count: int | None) -> bool:
    return start is not None if count is None else count > 0


def record_reader(name: str, wire: type[R]) -> Callable[[Response], R]:
    """Reads the answer that holds one record."""
    read = tolerant_reader(msgspec.defstruct(f"{name}One", [(name, wire)], frozen=True, gc=False))
    found: Callable[[Any], R] = attrgetter(name)
    return lambda response: found(read(response))


_PAGES: Final = "https://developer.intuit.com/app/developer/qbo/docs/api/accounting"


def documented(page: str) -> Doc:
    """A page of the vendor's reference, such as `all-entities/invoice`."""
    return Doc(f"{_PAGES}/{page}", date(2026, 11, 20), "documented")
