"""The log as people look through it: newest first, a bounded stretch at a time, whatever the filter."""

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from service.audit.entry import Entry, from_content
from service.audit.store import SQL
from service.db.pool import Connection
from service.ids import first_uuid

LOOKS_AT: Final = 10_000
"""Rows that one search looks at; a rare one goes on from there."""


class Search(Struct, frozen=True, kw_only=True):
    """Every condition given must hold; `since` is included, `until` is not."""

    kind: Literal["call", "act"] | None = None
    actor: str | None = None
    """`key:` or `member:` and a UUID, `operator`, `worker` …"""
    what: str | None = None
    """An `operationId` or an act, such as `keys.mint`."""
    since: datetime | None = None
    until: datetime | None = None


class FoundEntry(Struct, frozen=True):
    """A row, and its place in the chain if it has one yet."""

    entry: Entry
    seq: int | None


class Found(Struct, frozen=True):
    """What was found, and where to go on: None at the end of the log."""

    entries: tuple[FoundEntry, ...]
    onward: UUID | None


async def search(connection: Connection, org_id: UUID, only: Search, *, before: UUID | None, limit: int) -> Found:
    """The next entries back from `before`. There may be fewer than `limit`, and still more to come."""
    since = None if only.since is None else first_uuid(only.since)
    until = None if only.until is None else first_uuid(only.until)
    rows = await connection.fetch(SQL["search_rows"], org_id, before, since, until, LOOKS_AT, _pieces(only), limit + 1)
    looked_at: int = rows[0]["looked_at"]
    entries = [FoundEntry(from_content(row["content"]), row["seq"]) for row in rows if row["id"] is not None]
    if len(entries) > limit:
        return Found(tuple(entries[:limit]), entries[limit - 1].entry.id)
    return Found(tuple(entries), rows[0]["ended_at"] if looked_at == LOOKS_AT else None)


async def get_entry(connection: Connection, org_id: UUID, entry_id: UUID) -> Entry | None:
    """The entry of one call or act; None for what is not in the organization's log."""
    content: str | None = await connection.fetchval(SQL["get_row"], org_id, entry_id)
    return None if content is None else from_content(content)


def _pieces(only: Search) -> list[str]:
    """What the canonical JSON of a row holds if the row fits. A quote within a value is escaped there, so that no value
    can pass for a field."""
    fields = {"kind": only.kind, "actor": only.actor, "what": only.what}
    return [f'"{name}":"{value}"' for name, value in fields.items() if value is not None]
