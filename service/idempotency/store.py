"""Claims as rows."""

from datetime import datetime, timedelta
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
    claimed_at: datetime
    held_until: datetime
    in_doubt: bool
    status: int | None
    answer: bytes | None


class Sealed(msgspec.Struct, frozen=True):
    """What was asked, sealed, by which key, and when to look what became of it."""

    key_id: UUID
    asked: bytes
    look_at: datetime


class Due(msgspec.Struct, frozen=True):
    """A write in doubt that is to be looked at now."""

    org_id: UUID
    key: str
    key_id: UUID
    request_id: UUID
    asked: bytes
    looks: int
    """This one included."""
    claimed_at: datetime


async def insert_claim(
    connection: Connection,
    org_id: UUID,
    key: str,
    fingerprint: bytes,
    request_id: UUID,
    at: datetime,
    held_until: datetime,
    sealed: Sealed | None,
) -> bool:
    """False when the key is taken."""
    made = await connection.fetchval(
        SQL["insert_claim"], org_id, key, fingerprint, request_id, at, held_until, *_columns(sealed)
    )
    return made is not None


async def lock_claim(connection: Connection, org_id: UUID, key: str) -> ClaimRow | None:
    return msgspec.convert(await connection.fetchrow(SQL["lock_claim"], org_id, key), ClaimRow | None)


async def mark_claim_taken_over(
    connection: Connection, org_id: UUID, key: str, request_id: UUID, held_until: datetime, sealed: Sealed | None
) -> None:
    await connection.execute(SQL["mark_claim_taken_over"], org_id, key, request_id, held_until, *_columns(sealed))


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


async def mark_claim_released(
    connection: Connection, org_id: UUID, key: str, request_id: UUID, at: datetime, *, in_doubt: bool
) -> None:
    await connection.execute(SQL["mark_claim_released"], org_id, key, request_id, at, in_doubt)


async def is_any_claim_to_look_at(connection: Connection, at: datetime) -> bool:
    """Of any organization."""
    found: bool = await connection.fetchval(SQL["is_any_claim_to_look_at"], at)
    return found


async def take_claims_to_look_at(
    connection: Connection, at: datetime, each: int, most: int, pauses: tuple[timedelta, ...]
) -> list[Due]:
    """`each` of one organization, `most` of all; whoever else looks for some gets others."""
    rows = await connection.fetch(SQL["take_claims_to_look_at"], at, each, most, pauses)
    return msgspec.convert(rows, list[Due])


async def mark_claim_given_up(
    connection: Connection, org_id: UUID, key: str, at: datetime, status: int, answer: bytes
) -> bool:
    """False when it was answered meanwhile, or is being tried."""
    return await connection.fetchval(SQL["mark_claim_given_up"], org_id, key, at, status, answer) is not None


async def delete_old_claims(connection: Connection, before: datetime) -> None:
    await connection.execute(SQL["delete_old_claims"], before)


def _columns(sealed: Sealed | None) -> tuple[UUID | None, bytes | None, datetime | None]:
    return (None, None, None) if sealed is None else (sealed.key_id, sealed.asked, sealed.look_at)
