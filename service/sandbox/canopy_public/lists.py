"""Lists and searches, and the cursors they go on by.

Assumed: rows come in the order they were created, archived ones too, deleted ones not; a limit of more than 1,000 is
refused; a cursor belongs to its question, and the question is asked again with it; a name or address is found by any
part of it, a telephone number by its digits; an instant without an offset is UTC.
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from zlib import crc32

import msgspec

from service.sandbox.canopy_public import answers
from service.sandbox.canopy_public.errors import RefusalError
from service.sandbox.canopy_public.records import Records
from service.sandbox.http import Json, Request
from service.sandbox.table import Table, after

USUAL = 100
MOST = 1000
_FIELDS = frozenset({"name", "email", "phone"})
_START = -1


class Asked(msgspec.Struct, frozen=True):
    """A question that was understood: rows behind position `behind`."""

    noun: str
    since_s: float | None = None
    field: str | None = None
    text: str = ""
    size: int = USUAL
    behind: int = _START

    @property
    def question(self) -> tuple[object, ...]:
        """Equal for all that leave the same rows."""
        return self.noun, self.since_s, self.field, self.text

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self.since_s is None and self.field is None


class Lists:
    """Answers questions over the tables."""

    def __init__(self, records: Records, tables: Mapping[str, Table]) -> None:
        self._records = records
        self._tables = tables

    def page(self, asked: Asked) -> Json:
        """`{clients: […], next_cursor}`."""
        table = self._tables[asked.noun]
        selection = table.select(asked.question, None if asked.is_all else self._matcher(asked, table))
        begin = after(selection, asked.behind)
        found = selection[begin : begin + asked.size]
        follows = make_cursor(asked, found[-1]) if begin + len(found) < len(selection) else None
        return {asked.noun: [self._row(asked, table[position]) for position in found], "next_cursor": follows}

    def _row(self, asked: Asked, row: Json) -> Json:
        return answers.listed(asked.noun, row) if asked.field is None else answers.hit(asked.noun, asked.field, row)

    def _matcher(self, asked: Asked, table: Table) -> Callable[[int], bool]:
        field = asked.field
        if field is None:
            since_s = asked.since_s or 0
            return lambda position: table.updated_s(position) > since_s
        wanted = _comparable(field, asked.text)

        def is_hit(position: int) -> bool:
            if table.is_written(position):
                values = answers.searched(asked.noun, field, table[position])
            else:
                values = self._records.searched(asked.noun, field, position)
            return any(wanted in _comparable(field, value) for value in values)

        return is_hit


def asked_list(noun: str, request: Request) -> Asked:
    """What a list is asked for; RefusalError for what it cannot be."""
    since = request.query.get("updated_at")
    return _paged(Asked(noun, None if since is None else _instant(since)), request)


def asked_search(noun: str, request: Request) -> Asked:
    """What a search is asked for; RefusalError without a text, or in a field that cannot be searched."""
    field, text = request.query.get("query_field"), request.query.get("q")
    if field not in _FIELDS:
        raise _invalid("query_field must be one of name, email and phone")
    if not text or not _comparable(field, text):
        raise _invalid("q is required")
    return _paged(Asked(noun, field=field, text=text), request)


def make_cursor(asked: Asked, behind: int) -> str:
    """An opaque cursor to the rows behind a position; two cursors to the same place differ."""
    text = f"{behind}.{_bound(asked):x}.{secrets.token_hex(3)}"
    return urlsafe_b64encode(f"{text}.{crc32(text.encode()):x}".encode()).rstrip(b"=").decode()


def _paged(asked: Asked, request: Request) -> Asked:
    size, cursor = request.query.get("limit", str(USUAL)), request.query.get("next_cursor")
    if not size.isascii() or not size.isdigit() or len(size) > 4 or not 1 <= int(size) <= MOST:
        raise _invalid(f"limit must be a whole number from 1 to {MOST}")
    return msgspec.structs.replace(asked, size=int(size), behind=_START if cursor is None else _behind(asked, cursor))


def _behind(asked: Asked, cursor: str) -> int:
    try:
        text, _, check = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().rpartition(".")
        behind, bound, _ = text.split(".")
        if f"{crc32(text.encode()):x}" == check and int(bound, 16) == _bound(asked):
            return int(behind)
    except ValueError:
        pass
    raise _invalid("next_cursor is none of this list")


def _bound(asked: Asked) -> int:
    return crc32(repr(asked.question).encode())


def _instant(text: str) -> float:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise _invalid("updated_at is no instant") from error
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()


def _comparable(field: str, text: str) -> str:
    return "".join(filter(str.isdigit, text)) if field == "phone" else text.casefold()


def _invalid(detail: str) -> RefusalError:
    return RefusalError(400, "Invalid query parameter", detail)
