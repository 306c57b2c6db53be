"""Operations as rows."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from service.db.pool import Connection
from service.db.queries import load_queries

SQL = load_queries(__file__)


class State(StrEnum):
    """Where a slow write stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


class OperationRow(msgspec.Struct, frozen=True, kw_only=True):
    """An operation as it stands; `asked` and `answer` are sealed."""

    id: UUID
    idempotency_key: str
    key_id: UUID
    connection_id: UUID
    operation: str
    scope: str
    asked: bytes
    state: State
    held_until: datetime
    created_at: datetime
    ended_at: datetime | None
    request_id: UUID | None
    status: int | None
    answer: bytes | None


async def hold_operation(
    connection: Connection,
    org_id: UUID,
    made: OperationRow,
) -> tuple[UUID, datetime]:
    """The id under which it is held, and since when: of the operation which the same Idempotency-Key began, if any."""
    found = await connection.fetchrow(
        SQL["hold_operation"],
        org_id,
        made.id,
        made.idempotency_key,
        made.key_id,
        made.connection_id,
        made.operation,
        made.scope,
        made.asked,
        made.held_until,
        made.created_at,
    )
    assert found is not None
    return found["id"], found["created_at"]


async def get_operation(connection: Connection, org_id: UUID, operation_id: UUID) -> OperationRow | None:
    return msgspec.convert(await connection.fetchrow(SQL["get_operation"], org_id, operation_id), OperationRow | None)


async def take_operation(
    connection: Connection, org_id: UUID, operation_id: UUID, at: datetime, until: datetime
) -> bool:
    """False when somebody holds it."""
    return await connection.fetchval(SQL["take_operation"], org_id, operation_id, at, until) is not None


async def mark_operation_ended(
    connection: Connection,
    org_id: UUID,
    key: str,
    state: State,
    at: datetime,
    request_id: UUID,
    status: int,
    answer: bytes,
) -> None:
    await connection.execute(SQL["mark_operation_ended"], org_id, key, state, at, request_id, status, answer)


class CutOff(msgspec.Struct, frozen=True):
    """An operation that wants its end; `asked` is sealed."""

    org_id: UUID
    key_id: UUID
    asked: bytes


async def list_cut_off_operations(connection: Connection, held_until: datetime, limit: int) -> list[CutOff]:
    rows = await connection.fetch(SQL["list_cut_off_operations"], held_until, limit)
    return msgspec.convert(rows, list[CutOff])


async def mark_operations_left_behind(connection: Connection, held_until: datetime, at: datetime) -> int:
    """How many have ended so."""
    ended: int = await connection.fetchval(SQL["mark_operations_left_behind"], held_until, at)
    return ended


async def delete_old_operations(connection: Connection, before: datetime) -> None:
    await connection.execute(SQL["delete_old_operations"], before)
