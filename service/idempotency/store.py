"""Claims as rows."""

from datetime import datetime
from uuid import UUID

import msgspec

from service.db.pool import Connection
from service.db.queries import load_queries

SQL = load_queries(__file__)


class ClaimRow(msgspec.Struct, frozen=True):
    """A claim as it stands."""

    fingerprint: bytes
    request_id: UUID
    earlier_request_ids: tuple[UUID, ...]
    held_until: datetime
    status: int | None
    answer: bytes | None


async def insert_claim(
    connection: Connection,
    org_id: UUID,
    key: str,
    fingerprint: bytes,
    request_id: UUID,
    at: datetime,
    held_until: datetime,
) -> bool:
    """False when the key is taken."""
    return (
        await connection.fetchval(SQL["insert_claim"], org_id, key, fingerprint, request_id, at, held_until) is not None
    )


async def lock_claim(connection: Connection, org_id: UUID, key: str) -> ClaimRow | None:
    return msgspec.convert(await connection.fetchrow(SQL["lock_claim"], org_id, key), ClaimRow | None)


async def mark_claim_taken_over(
    connection: Connection, org_id: UUID, key: str, request_id: UUID, held_until: datetime
) -> None:
    await connection.execute(SQL["mark_claim_taken_over"], org_id, key, request_id, held_until)


async def mark_claim_counted_as(connection: Connection, org_id: UUID, key: str, request_id: UUID, also: UUID) -> None:
    await connection.execute(SQL["mark_claim_counted_as"], org_id, key, request_id, also)


async def mark_claim_prolonged(
    connection: Connection, org_id: UUID, key: str, request_id: UUID, held_until: datetime
) -> None:
    await connection.execute(SQL["mark_claim_prolonged"], org_id, key, request_id, held_until)


async def mark_claim_answered(
    connection: Connection, org_id: UUID, key: str, request_id: UUID, status: int, answer: bytes
) -> None:
    await connection.execute(SQL["mark_claim_answered"], org_id, key, request_id, status, answer)


async def mark_claim_released(connection: Connection, org_id: UUID, key: str, request_id: UUID, at: datetime) -> None:
    await connection.execute(SQL["mark_claim_released"], org_id, key, request_id, at)


async def delete_old_claims(connection: Connection, before: datetime) -> None:
    await connection.execute(SQL["delete_old_claims"], before)
