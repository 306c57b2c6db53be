"""The calls that all of Sodium's collections share.

Lists answer `{data, totalCount, offset, limit, hasMore}`, at most 50 rows. PUT replaces the whole record, so a change
is read, changed and written back with everything that we do not know left in it.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import UNSET, Struct

from service.connectors.sdk.binding import Query, RemotePage
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.faults import (
    BrokenPaging,
    ConnectionRefused,
    Malformed,
    NotFound,
    OutcomeUnknown,
    SchemaDrift,
    Unreadable,
)
from service.connectors.sdk.flow import Flow, Request, Response
from service.connectors.sdk.paging import converted
from service.connectors.sdk.references import accept as accept_only
from service.connectors.sdk.references import invalid, path_segment
from service.connectors.sdk.written import read_back as read_back
from service.ids import Book

M = TypeVar("M")
W = TypeVar("W")

MAX_PAGE: Final = 50
MIN_SEARCH: Final = 3
Parameters = tuple[tuple[str, str], ...]


class Paged(Struct, Generic[W], frozen=True, gc=False):
    """One page of any list."""

    data: list[W]
    hasMore: bool | None = None
    totalCount: int | None = None


def list_rows(path: str, start: int, limit: int, parameters: Parameters = ()) -> Request:
    """The call for rows from number `start` on; an array parameter repeats its name."""
    paging = (("offset", str(start)), ("limit", str(min(limit, MAX_PAGE))))
    return Request(method="GET", path=path, query=paging + parameters, lane="read")


def read_one(path: str) -> Request:
    return Request(method="GET", path=path, lane="read")


def write(method: Any, path: str, body: object = None) -> Request:
    """A write; Sodium takes no key of ours, so it is never sent twice."""
    return Request(method=method, path=path, body=None if body is None else _encode(body), lane="write")


_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


def below(collection: str, *segments: str) -> str:
    """`/tasks`, `T 1` → NotFound; `/tasks`, `T1` → `/tasks/T1`."""
    return "/".join((collection, *(path_segment(segment) for segment in segments)))


def start_of(query: Query) -> int:
    return 0 if query.position is None else int(query.position)


def page_of(answer: Paged[W], start: int, limit: int, convert: Callable[[W, Book], M], book: Book) -> RemotePage[M]:
    """The page in an answer. Raises BrokenPaging when the vendor promises more and gives nothing."""
    following = str(start + len(answer.data)) if has_more(answer, start, limit) else None
    return RemotePage(converted(answer.data, convert, book, "$.data"), following)


def has_more(answer: Paged[Any], start: int, limit: int) -> bool:
    """What the vendor says; where it says nothing, a full page may have a successor."""
    count = len(answer.data)
    if answer.hasMore is not None:
        more = answer.hasMore
    elif answer.totalCount is not None:
        more = start + count < answer.totalCount
    else:
        more = 0 < min(limit, MAX_PAGE) <= count
    if more and not count:
        raise BrokenPaging("the vendor promises more rows and gives none")
    return more


class _ClientRow(Struct, frozen=True, gc=False):
    code: str
    accountingCustomerCode: str | None = None


_read_clients = json_reader(Paged[_ClientRow])
_CLIENTS_AT_ONCE: Final = 10


def page_over_clients(
    query: Query, rows_of: Callable[[_ClientRow, int], Flow[RemotePage[M] | None]]
) -> Flow[RemotePage[M]]:
    """One page of what Sodium lists by client only, all clients after one another.

    A page never mixes clients, and the answer it was made of comes last. Clients without any are passed over, ten at
    most in one call; after that the page is empty and says that there is more. The position is `<client>.<row>`.
    """
    head, _, tail = (query.position or "0.0").partition(".")
    at, start = int(head), int(tail)
    clients = _read_clients((yield list_rows("/clients", at, _CLIENTS_AT_ONCE)))
    more_clients = has_more(clients, at, _CLIENTS_AT_ONCE)
    for index, client in enumerate(clients.data):
        page = yield from rows_of(client, start if index == 0 else 0)
        if page is None or not (page.records or page.next):
            continue
        if page.next is not None:
            return RemotePage(page.records, f"{at + index}.{page.next}")
        is_last = index + 1 == len(clients.data) and not more_clients
        return RemotePage(page.records, None if is_last else f"{at + index + 1}.0")
    return RemotePage([], f"{at + len(clients.data)}.0" if more_clients else None)


def optional(request: Request, read: Callable[[Response], W]) -> Flow[W | None]:
    """A part of a record; None where it is not there or our key may not see it."""
    try:
        return read((yield request))
    except (NotFound, ConnectionRefused):
        return None


def guessed(request: Request, read: Callable[[Response], W]) -> Flow[W | None]:
    """A part whose shape nobody publishes; None too where it does not look as we assumed.

    The record then says that it cannot tell: a wrong guess of ours must not take the whole record away.
    """
    try:
        return (yield from optional(request, read))
    except SchemaDrift:
        return None


def repeated(name: str, values: tuple[str, ...]) -> Parameters:
    return tuple((name, value) for value in values)


def search_of(query: Query) -> Parameters:
    """The `search` parameter. Raises Invalid below three characters: Sodium refuses less."""
    wanted = query.filters.get("search")
    if wanted is None:
        return ()
    if len(wanted[0]) < MIN_SEARCH:
        raise invalid("query/filter[search]", "too_short", "Sodium searches for three characters or more.")
    return (("search", wanted[0]),)


def accept(new: Struct, names: tuple[str, ...]) -> None:
    """Raises Invalid at the first field that is given and not among `names`: Sodium has no place for it."""
    accept_only(new, names, "Sodium")


def said(fields: Mapping[str, object]) -> dict[str, Any]:
    """The fields that are given."""
    return {name: value for name, value in fields.items() if value is not UNSET}


def code_named(path: str, name: str, pointer: str) -> Flow[str]:
    """The code of the one at `path` that people call so. Raises Invalid where there is none."""
    rows = _read_named((yield list_rows(path, 0, MAX_PAGE))).data
    code = next((row.code for row in rows if name in (row.name, row.code)), None)
    if code is None:
        raise invalid(pointer, "not_found", "The practice has none of this name.")
    return code


class _Named(Struct, frozen=True, gc=False):
    code: str
    name: str | None = None


class _Made(Struct, frozen=True):
    code: str


_read_made = json_reader(_Made)
_read_named = json_reader(Paged[_Named])


def code_of_new(response: Response) -> str:
    """The code of what was just made. Raises OutcomeUnknown when the answer does not say: it was made all the same."""
    try:
        return _read_made(response).code
    except Unreadable:
        raise OutcomeUnknown("created, but the vendor did not say as what", status=response.status) from None


_read_record = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode
_NOT_WRITTEN: Final = frozenset({"code", "guid", "createdDate", "updatedDate"})


def replacement(current: Response, changes: Mapping[str, object], drop: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The body of a PUT: the record as it is, its references as codes, and the changes over it.

    Fields we have never heard of stay in: leaving them out would empty them.
    """
    try:
        record = _read_record(current.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("not a JSON object", status=current.status) from None
    body: dict[str, Any] = {}
    for name, value in record.items():
        if name not in _NOT_WRITTEN and name not in drop:
            body.update(_as_written(name, value))
    return body | dict(changes)


def _as_written(name: str, value: Any) -> dict[str, Any]:
    """`manager: {code, name}` → `managerCode`, `clients: [{code, name}]` → `clientCodes`; the rest as it came."""
    if _is_ref(value):
        return {f"{name}Code": value["code"]}
    if isinstance(value, list) and value and all(_is_ref(item) for item in value):  # pyright: ignore[reportUnknownVariableType]
        return {f"{name.removesuffix('s')}Codes": [item["code"] for item in value]}  # pyright: ignore[reportUnknownVariableType]
    return {name: value}


def _is_ref(value: Any) -> bool:
    return isinstance(value, dict) and "code" in value and set(value) <= {"code", "name"}  # pyright: ignore[reportUnknownArgumentType]
