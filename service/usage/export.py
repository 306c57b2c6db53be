"""The request log to take away: every call that fits the filters, newest first, as CSV or NDJSON."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import structs

import billing
from billing import CallFilter
from service.api.bodies import encode
from service.db.pool import Pool, as_organization
from service.usage.shapes import UsageCall, to_call

MEDIA_TYPES: Final = {"csv": b"text/csv; charset=utf-8", "ndjson": b"application/x-ndjson"}
"""By format."""
_CHUNK_CALLS: Final = 2_000
_COLUMNS: Final = UsageCall.__struct_fields__


async def export_calls(pool: Pool, org_id: UUID, only: CallFilter, format_: str) -> AsyncIterator[bytes]:
    """Some thousand calls at a time, each in a transaction of its own: no reader is too slow for the pool."""
    write: Callable[[Iterable[UsageCall]], bytes] = _csv if format_ == "csv" else _ndjson
    if format_ == "csv":
        yield (",".join(_COLUMNS) + "\r\n").encode()
    after: UUID | None = None
    while True:
        async with as_organization(pool, org_id) as connection:
            found = await billing.list_calls(connection, org_id, after=after, limit=_CHUNK_CALLS, only=only)
        if found:
            yield write(to_call(one) for one in found)
        if len(found) < _CHUNK_CALLS:
            return
        after = found[-1].request_id


def named(format_: str) -> tuple[tuple[bytes, bytes], ...]:
    """The header that names the file."""
    return ((b"content-disposition", f'attachment; filename="calls.{format_}"'.encode()),)


def _ndjson(calls: Iterable[UsageCall]) -> bytes:
    return b"".join(encode(call) + b"\n" for call in calls)


def _csv(calls: Iterable[UsageCall]) -> bytes:
    text = io.StringIO()
    written = csv.writer(text)
    for call in calls:
        written.writerow(_cell(value) for value in structs.astuple(call))
    return text.getvalue().encode()


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, StrEnum) else value
