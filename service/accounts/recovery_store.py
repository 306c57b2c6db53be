"""Recovery codes and waiting removals of a second factor as rows."""

from datetime import datetime
from uuid import UUID

import msgspec

from service.db.pool import Connection
from service.db.queries import load_queries

SQL = load_queries(__file__)


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """A member waits for its second factor to be removed."""

    org_id: UUID
    id: UUID
    member_id: UUID
    email: str
    requested_at: datetime
    ready_at: datetime
    """Not before this."""
    expires_at: datetime


async def insert_recovery_codes(connection: Connection, org_id: UUID, member_id: UUID, hashes: list[bytes]) -> None:
    await connection.execute(SQL["insert_recovery_codes"], org_id, member_id, hashes)


async def delete_recovery_codes(connection: Connection, org_id: UUID, member_id: UUID) -> None:
    await connection.execute(SQL["delete_recovery_codes"], org_id, member_id)


async def mark_recovery_code_used(
    connection: Connection, org_id: UUID, member_id: UUID, code_hash: bytes, at: datetime
) -> bool:
    """False if there is no such code, or it was used before."""
    taken = await connection.fetchval(SQL["mark_recovery_code_used"], org_id, member_id, code_hash, at)
    return taken is not None


async def count_recovery_codes(connection: Connection, org_id: UUID, member_id: UUID) -> int:
    count: int = await connection.fetchval(SQL["count_recovery_codes"], org_id, member_id)
    return count


async def insert_recovery(
    connection: Connection, org_id: UUID, recovery_id: UUID, member_id: UUID, times: tuple[datetime, datetime, datetime]
) -> None:
    """`times`: asked for, ready, expires."""
    await connection.execute(SQL["insert_recovery"], org_id, recovery_id, member_id, *times)


async def get_open_recovery(connection: Connection, org_id: UUID, member_id: UUID, at: datetime) -> Recovery | None:
    row = await connection.fetchrow(SQL["get_open_recovery"], org_id, member_id, at)
    return msgspec.convert(row, Recovery | None)


async def lock_recovery(connection: Connection, org_id: UUID, recovery_id: UUID, at: datetime) -> Recovery | None:
    row = await connection.fetchrow(SQL["lock_recovery"], org_id, recovery_id, at)
    return msgspec.convert(row, Recovery | None)


async def mark_recoveries_ended(
    connection: Connection, org_id: UUID, member_id: UUID, at: datetime, *, also_open: bool
) -> None:
    await connection.execute(SQL["mark_recoveries_ended"], org_id, member_id, at, also_open)
