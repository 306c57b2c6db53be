"""Change data capture: what changed since an instant, deletions included, of one or several resources in one call.

It looks back 30 days at most and tells of 1000 records over all entities asked for; when the answer is full each entity
is asked for by itself. A deleted transaction is a stub with its id; name lists are never deleted. TimeActivity and
the tax lists are not captured at all.
Source: https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/change-data-capture,
read 2026-11-20.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import Raw, Struct

from service.connectors.quickbooks.empties import without_empties
from service.connectors.quickbooks.statement import MINOR_VERSION
from service.connectors.sdk.binding import Change, Changes, Query
from service.connectors.sdk.codec import Instant, drift, json_reader, utc
from service.connectors.sdk.faults import FieldFault, Invalid
from service.connectors.sdk.flow import Flow, Request
from service.connectors.sdk.references import invalid
from service.ids import Book
from service.resources.common import Deleted

M = TypeVar("M")
W = TypeVar("W")

MOST_RECORDS: Final = 1000
_TOO_FAR_BACK: Final = "too_far_back"
_LOOKS_BACK: Final = "QuickBooks looks back 30 days."


class Source(Struct, Generic[W, M], frozen=True):
    """One entity that a resource is made of."""

    entity: str
    wire: type[W]
    convert: Callable[[W, Book], M]
    belongs: Callable[[W], bool] = lambda _: True
    """False for rows of the entity that belong to another resource."""
    remote_id: Callable[[str], str] = str
    """From the vendor's id, where ours says more."""


def capture(*sources: Source[Any, M]) -> Callable[[datetime, Book], Flow[Changes[M]]]:
    """The `changes` port of one resource."""

    def changes(since: datetime, book: Book) -> Flow[Changes[M]]:
        found = yield from _captured((source.entity for source in sources), since)
        return _changes(sources, found, book)

    return changes


def capture_together(
    resources: Mapping[str, tuple[Source[Any, Any], ...]],
) -> Callable[[datetime, tuple[str, ...], Book], Flow[Mapping[str, Changes[Any]]]]:
    """The changes of several resources in one call, or in one for each entity when that is full."""

    def changes(since: datetime, names: tuple[str, ...], book: Book) -> Flow[Mapping[str, Changes[Any]]]:
        found = yield from _captured((source.entity for name in names for source in resources[name]), since)
        return {name: _changes(resources[name], found, book) for name in names}

    return changes


def deletions(source: Source[Any, Any], prefix: str, query: Query, book: Book) -> Flow[list[Deleted]]:
    """What was deleted at or after `query.updated_after`; ids get the prefix.

    Raises Invalid without an instant, for one that QuickBooks does not look back to, with filters (a deleted record
    says nothing that they could look at), and where more has changed than QuickBooks tells.
    """
    since = query.updated_after
    if since is None:
        raise invalid("query/updated_after", "required", f"Deleted records are told since an instant. {_LOOKS_BACK}")
    if query.filters:
        raise invalid("query/include_deleted", "unsupported", "Deleted records cannot be filtered: leave filters out.")
    try:
        rows = (yield from _asked((source.entity,), since))[source.entity]
    except Invalid as fault:
        if any(field.code == _TOO_FAR_BACK for field in fault.fields):
            raise invalid("query/updated_after", _TOO_FAR_BACK, _LOOKS_BACK) from None
        raise
    if len(rows) >= MOST_RECORDS:
        text = f"More than {MOST_RECORDS} records have changed since, more than QuickBooks tells: take a later instant."
        raise invalid("query/updated_after", "too_many", text)
    stubs = [stub for stub in map(_stub, rows) if stub.status == "Deleted"]
    return [_deleted(source.remote_id(stub.Id), prefix, stub.MetaData.LastUpdatedTime, book) for stub in stubs]


def _deleted(remote_id: str, prefix: str, at: datetime | None, book: Book) -> Deleted:
    return Deleted(book.ref(prefix, remote_id), remote_id, None if at is None else utc(at))


class _Block(Struct, frozen=True):
    QueryResponse: list[dict[str, Raw]]


class _Answer(Struct, frozen=True):
    CDCResponse: list[_Block]


class _StubTimes(Struct, frozen=True):
    LastUpdatedTime: Instant | None = None


class _Stub(Struct, frozen=True):
    """What every captured row has; of a deleted one there is nothing else."""

    Id: str
    status: str | None = None
    MetaData: _StubTimes = _StubTimes()


_read: Final = json_reader(_Answer)
_rows: Final = msgspec.json.Decoder(list[Raw]).decode
_stub: Final = msgspec.json.Decoder(_Stub).decode


def _captured(entities: Iterable[str], since: datetime) -> Flow[dict[str, list[Raw]]]:
    """The rows of each entity."""
    wanted = tuple(dict.fromkeys(entities))
    found = yield from _asked(wanted, since)
    if len(wanted) == 1 or sum(map(len, found.values())) < MOST_RECORDS:
        return found
    alone: dict[str, list[Raw]] = {}
    for entity in wanted:
        alone |= yield from _asked((entity,), since)
    return alone


def _asked(entities: tuple[str, ...], since: datetime) -> Flow[dict[str, list[Raw]]]:
    instant = since.astimezone(UTC).isoformat(timespec="seconds")
    query = (("entities", ",".join(entities)), ("changedSince", instant), MINOR_VERSION)
    try:
        answer = yield Request(method="GET", path="/cdc", query=query, lane="read")
    except Invalid as fault:
        field = FieldFault("/since", _TOO_FAR_BACK, _LOOKS_BACK)
        raise Invalid(fault.message, status=fault.status, code=fault.code, fields=(field,)) from None
    blocks = [held for block in _read(answer).CDCResponse for held in block.QueryResponse]
    try:
        return {name: [row for held in blocks if name in held for row in _rows(held[name])] for name in entities}
    except msgspec.ValidationError as error:
        raise drift(error, answer.status) from None


def _changes(sources: tuple[Source[Any, M], ...], found: Mapping[str, list[Raw]], book: Book) -> Changes[M]:
    changes: list[Change[M]] = []
    for source in sources:
        decode = msgspec.json.Decoder(source.wire).decode
        for row in found[source.entity]:
            try:
                changes += _change(source, decode, row, book)
            except msgspec.ValidationError as error:
                raise drift(error) from None
    return Changes(changes, all(len(found[source.entity]) < MOST_RECORDS for source in sources))


def _change(source: Source[Any, M], decode: Callable[[Raw | bytes], Any], row: Raw, book: Book) -> Iterable[Change[M]]:
    stub = _stub(row)
    at = stub.MetaData.LastUpdatedTime
    changed_at = None if at is None else utc(at)
    remote_id = source.remote_id(stub.Id)
    if stub.status == "Deleted":
        return (Change(remote_id, None, changed_at),)
    wire = _decoded(decode, row)
    return (Change(remote_id, source.convert(wire, book), changed_at),) if source.belongs(wire) else ()


def _decoded(decode: Callable[[Raw | bytes], W], row: Raw) -> W:
    try:
        return decode(row)
    except msgspec.ValidationError:
        left = without_empties(bytes(row))
        if left is None:
            raise
        return decode(left)
