"""`POST /<entity>/search`: filters, page sizes and opaque cursors (assumed, after a published sample)."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from zlib import crc32

import msgspec

from service.sandbox.canopy.errors import RefusalError, invalid
from service.sandbox.canopy.records import Records
from service.sandbox.http import Json, Request
from service.sandbox.table import Table, after

DEFAULT_SIZE = 50
MAX_SIZE = 200
STATUSES = {
    "clients": frozenset({"Active", "Prospect", "Other", "Archived"}),
    "invoices": frozenset({"draft", "scheduled", "unpaid", "partially_paid", "paid", "archived"}),
    "tasks": None,
    "engagements": frozenset({"draft", "sent", "active", "archived"}),
    "questionnaires": frozenset({"draft", "sent", "in_progress", "submitted"}),
}
"""The entities with a status to filter by; None where the firm defines its own."""

_START = -1


class Search(msgspec.Struct, frozen=True):
    """A search that was understood: rows behind position `behind`."""

    statuses: frozenset[str] | None
    updated_since_s: float | None
    size: int
    behind: int

    @property
    def filter_name(self) -> tuple[object, ...]:
        """Equal for searches that leave the same rows."""
        return (tuple(sorted(self.statuses)) if self.statuses is not None else None, self.updated_since_s)


def parse(entity: str, request: Request) -> Search:
    """What a search asks for; RefusalError for anything it may not ask."""
    body = read_object(request)
    _only(body, {"filter", "page"}, "")
    wished = _object(body, "filter")
    page = _object(body, "page")
    _only(wished, {"status", "updated_since"} if entity in STATUSES else {"updated_since"}, "filter.")
    _only(page, {"size", "cursor"}, "page.")
    search = Search(_statuses(entity, wished), _since(wished), _size(page), _START)
    return msgspec.structs.replace(search, behind=_behind(entity, search, page.get("cursor")))


def run(entity: str, table: Table, records: Records, search: Search) -> Json:
    """The page: `{<entity>: [...], next_cursor}`, in the order rows were created."""

    def status(position: int) -> str:
        if table.is_written(position):
            return str(table[position]["status"])
        return records.status(entity, position)

    def matches(position: int) -> bool:
        if search.updated_since_s is not None and table.updated_s(position) < search.updated_since_s:
            return False
        return search.statuses is None or status(position) in search.statuses

    unfiltered = search.statuses is None and search.updated_since_s is None
    selection = table.select((entity, search.filter_name), None if unfiltered else matches)
    begin = after(selection, search.behind)
    found = selection[begin : begin + search.size]
    more = begin + len(found) < len(selection)
    return {
        entity: [table[position] for position in found],
        "next_cursor": make_cursor(entity, search, found[-1]) if more else None,
    }


def make_cursor(entity: str, search: Search, behind: int) -> str:
    """An opaque cursor to the rows behind a position; two cursors to the same place differ."""
    text = f"{behind}.{_bound(entity, search):x}.{secrets.token_hex(3)}"
    return urlsafe_b64encode(f"{text}.{crc32(text.encode()):x}".encode()).rstrip(b"=").decode()


def read_object(request: Request) -> Json:
    """The body as a JSON object; an empty body is an empty object."""
    try:
        body: object = msgspec.json.decode(request.body or b"{}")
    except msgspec.DecodeError as error:
        raise RefusalError("bad_request", "The body is not JSON.") from error
    if not isinstance(body, dict):
        raise RefusalError("bad_request", "The body must be a JSON object.")
    return body  # pyright: ignore[reportUnknownVariableType]


def _behind(entity: str, search: Search, cursor: object) -> int:
    if cursor is None:
        return _START
    refusal = RefusalError("bad_cursor", "The cursor is not one of this search.", ("page.cursor", "unknown"))
    if not isinstance(cursor, str):
        raise refusal
    try:
        text, _, check = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().rpartition(".")
        behind, bound, _ = text.split(".")
        if f"{crc32(text.encode()):x}" == check and int(bound, 16) == _bound(entity, search):
            return int(behind)
    except ValueError:
        pass
    raise refusal


def _bound(entity: str, search: Search) -> int:
    return crc32(repr((entity, search.filter_name)).encode())


def _statuses(entity: str, wished: Json) -> frozenset[str] | None:
    statuses = wished.get("status")
    if statuses is None:
        return None
    if not isinstance(statuses, list) or not all(isinstance(status, str) for status in statuses):  # pyright: ignore[reportUnknownVariableType]
        raise invalid("filter.status", "must be a list of strings")
    chosen = frozenset(str(status) for status in statuses)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    known = STATUSES[entity]
    if known is not None and chosen - known:
        raise invalid("filter.status", f"must be among {', '.join(sorted(known))}")
    return chosen


def _since(wished: Json) -> float | None:
    text = wished.get("updated_since")
    if text is None:
        return None
    try:
        since = msgspec.convert(text, datetime)
    except msgspec.ValidationError as error:
        raise invalid("filter.updated_since", "must be an RFC 3339 time") from error
    if since.tzinfo is None:
        raise invalid("filter.updated_since", "must carry an offset")
    return since.timestamp()


def _size(page: Json) -> int:
    size = page.get("size", DEFAULT_SIZE)
    if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= MAX_SIZE:
        raise invalid("page.size", f"must be a whole number from 1 to {MAX_SIZE}")
    return size


def _object(body: Json, name: str) -> Json:
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid(name, "must be an object")
    return value  # pyright: ignore[reportUnknownVariableType]


def _only(body: Json, known: set[str], prefix: str) -> None:
    unknown = sorted(set(body) - known)
    if unknown:
        details = tuple((f"{prefix}{name}", "unknown") for name in unknown)
        raise RefusalError("validation_failed", "The request is not valid.", *details)
