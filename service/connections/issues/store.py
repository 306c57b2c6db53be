"""Issues and learned shapes as rows."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from service.connections.issues.shapes import Shape
from service.db.pool import Connection
from service.db.queries import load_queries
from service.ids import new_uuid

SQL = load_queries(__file__)


class IssueKind(StrEnum):
    """What is no longer as it was."""

    UNREADABLE = "unreadable"
    """An answer that the connector cannot read at all."""
    MISSING_FIELD = "missing_field"
    """A field that every record had is in none any more."""
    CHANGED_TYPE = "changed_type"
    """A field holds another sort of value than before."""


class Finding(msgspec.Struct, frozen=True):
    """One difference, by where it is; never by what stands there."""

    kind: IssueKind
    path: str
    expected: str


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    connection_id: UUID
    vendor: str
    surface: str
    kind: IssueKind
    path: str
    expected: str
    opened_at: datetime
    seen_at: datetime
    times: int
    resolved_at: datetime | None
    ignored_at: datetime | None


class DueProbe(msgspec.Struct, frozen=True):
    org_id: UUID
    id: UUID


async def get_shape(connection: Connection, org_id: UUID, connection_id: UUID, surface: str) -> Shape | None:
    row = await connection.fetchrow(SQL["get_shape"], org_id, connection_id, surface)
    return None if row is None else msgspec.json.decode(row["shape"], type=Shape)


async def upsert_shape(
    connection: Connection, org_id: UUID, connection_id: UUID, surface: str, shape: Shape, at: datetime, outcome: str
) -> None:
    text = msgspec.json.encode(shape).decode()
    await connection.execute(SQL["upsert_shape"], org_id, connection_id, surface, text, shape.records, at, outcome)


async def list_due_connections(connection: Connection, before: datetime, most: int) -> list[DueProbe]:
    return msgspec.convert(await connection.fetch(SQL["list_due_connections"], before, most), list[DueProbe])


async def upsert_issue(
    connection: Connection, org_id: UUID, connection_id: UUID, vendor: str, surface: str, found: Finding, at: datetime
) -> bool:
    """True where it is new."""
    opened: bool = await connection.fetchval(
        SQL["upsert_issue"],
        org_id,
        new_uuid(),
        connection_id,
        vendor,
        surface,
        found.kind,
        found.path[:300],
        found.expected[:300],
        at,
    )
    return opened


async def mark_resolved(connection: Connection, org_id: UUID, connection_id: UUID, surface: str, at: datetime) -> int:
    return len(await connection.fetch(SQL["mark_resolved"], org_id, connection_id, surface, at))


async def mark_accepted(connection: Connection, org_id: UUID, issue_id: UUID, at: datetime) -> tuple[UUID, str] | None:
    """Its connection and surface; None where it is not open."""
    row = await connection.fetchrow(SQL["mark_accepted"], org_id, issue_id, at)
    return None if row is None else (row["connection_id"], row["surface"])


async def mark_ignored(connection: Connection, org_id: UUID, issue_id: UUID, at: datetime) -> tuple[UUID, str] | None:
    """Its connection and surface; None where it is not open, or set aside already."""
    row = await connection.fetchrow(SQL["mark_ignored"], org_id, issue_id, at)
    return None if row is None else (row["connection_id"], row["surface"])


async def count_open(connection: Connection, org_id: UUID, connection_id: UUID) -> int:
    return int(await connection.fetchval(SQL["count_open"], org_id, connection_id))


async def get_issue(connection: Connection, org_id: UUID, issue_id: UUID) -> Issue | None:
    return msgspec.convert(await connection.fetchrow(SQL["get_issue"], org_id, issue_id), Issue | None)


async def list_issues(
    connection: Connection,
    org_id: UUID,
    before: UUID | None,
    connection_ids: list[UUID],
    limit: int,
    *,
    only_open: bool,
) -> list[Issue]:
    rows = await connection.fetch(SQL["list_issues"], org_id, before, connection_ids, only_open, limit)
    return msgspec.convert(rows, list[Issue])


async def count_open_of_vendors(connection: Connection) -> dict[str, int]:
    """Different changes that stand open, by vendor, over all organizations together; sandboxes left out."""
    return {row["vendor"]: row["issues"] for row in await connection.fetch(SQL["list_open_of_vendors"])}
