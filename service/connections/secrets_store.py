"""Sealed secrets, the data keys that open them and when they end, as rows."""

from datetime import datetime
from uuid import UUID

import msgspec

from service.connections.store import State
from service.connections.vault import DataKey
from service.db.pool import Connection
from service.db.queries import load_queries

SQL = load_queries(__file__)


class SealedSecret(msgspec.Struct, frozen=True):
    """A sealed value, the key that opens it, and how its connection stands."""

    key: DataKey
    sealed: bytes
    fence: int
    state: State
    state_reason: str | None
    renewing_since: datetime | None = None
    """The vendor was asked for newer ones, and whoever asked has not said what came of it."""


class Lifetime(msgspec.Struct, frozen=True, kw_only=True):
    """When access ends; kept beside the sealed value so that nobody has to open it to know."""

    expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    hard_expires_at: datetime | None = None


class Renewals(Lifetime, frozen=True, kw_only=True):
    """A lifetime, and how it came to be."""

    renewed_at: datetime
    renewals: int


class DueRenewal(msgspec.Struct, frozen=True):
    org_id: UUID
    id: UUID
    expires_at: datetime


class ComingEnd(msgspec.Struct, frozen=True):
    """A connection in use, and the first end that only its firm can put off."""

    org_id: UUID
    id: UUID
    state: State
    ends_at: datetime | None


class Sealed(msgspec.Struct, frozen=True):
    connection_id: UUID
    name: str
    sealed: bytes
    key: DataKey


async def get_newest_data_key(connection: Connection, org_id: UUID, firm_id: UUID) -> DataKey | None:
    return msgspec.convert(await connection.fetchrow(SQL["get_newest_data_key"], org_id, firm_id), DataKey | None)


async def insert_data_key(connection: Connection, key: DataKey) -> None:
    """Does nothing if the firm has a key of that version: read the newest afterwards."""
    await connection.execute(
        SQL["insert_data_key"], key.org_id, key.firm_id, key.version, key.wrapping_key, key.wrapped
    )


async def list_data_keys_to_rewrap(connection: Connection, newest: str) -> list[DataKey]:
    return msgspec.convert(await connection.fetch(SQL["list_data_keys_to_rewrap"], newest), list[DataKey])


async def mark_data_key_rewrapped(connection: Connection, key: DataKey) -> None:
    await connection.execute(
        SQL["mark_data_key_rewrapped"], key.org_id, key.firm_id, key.version, key.wrapping_key, key.wrapped
    )


async def insert_secret(
    connection: Connection,
    key: DataKey,
    connection_id: UUID,
    name: str,
    sealed: bytes,
    at: datetime,
    lifetime: Lifetime,
) -> None:
    """Replaces a secret of that name; the fence grows, so a rotation under way is turned away."""
    await connection.execute(
        SQL["insert_secret"],
        key.org_id,
        connection_id,
        name,
        key.firm_id,
        key.version,
        sealed,
        at,
        lifetime.expires_at,
        lifetime.refresh_expires_at,
        lifetime.hard_expires_at,
    )


async def get_secret(connection: Connection, org_id: UUID, connection_id: UUID, name: str) -> SealedSecret | None:
    row = await connection.fetchrow(SQL["get_secret"], org_id, connection_id, name)
    if row is None:
        return None
    state = State(row["state"])
    return SealedSecret(
        msgspec.convert(row, DataKey),
        row["sealed"],
        row["fence"],
        state,
        row["state_reason"],
        row["renewing_since"],
    )


async def lock_secret(
    connection: Connection, org_id: UUID, connection_id: UUID, name: str, timeout_s: float
) -> SealedSecret | None:
    """The secret, which nobody else can rotate until the transaction ends."""
    await connection.execute(SQL["lock_secret"], org_id, connection_id, name, timeout=timeout_s)
    return await get_secret(connection, org_id, connection_id, name)


async def mark_secret_rotated(
    connection: Connection,
    key: DataKey,
    connection_id: UUID,
    name: str,
    fence: int,
    sealed: bytes,
    at: datetime,
    lifetime: Lifetime,
) -> bool:
    """False if somebody has rotated it since `fence` was read."""
    grown = await connection.fetchval(
        SQL["mark_secret_rotated"],
        key.org_id,
        connection_id,
        name,
        fence,
        sealed,
        key.version,
        at,
        lifetime.expires_at,
        lifetime.refresh_expires_at,
        lifetime.hard_expires_at,
    )
    return grown is not None


async def mark_renewal_begun(
    connection: Connection, org_id: UUID, connection_id: UUID, name: str, at: datetime
) -> None:
    await connection.execute(SQL["mark_renewal_begun"], org_id, connection_id, name, at)


async def mark_renewal_over(connection: Connection, org_id: UUID, connection_id: UUID, name: str) -> None:
    await connection.execute(SQL["mark_renewal_over"], org_id, connection_id, name)


async def get_lifetime(connection: Connection, org_id: UUID, connection_id: UUID, name: str) -> Renewals | None:
    row = await connection.fetchrow(SQL["get_lifetime"], org_id, connection_id, name)
    return msgspec.convert(row, Renewals | None)


async def list_due_renewals(connection: Connection, before: datetime, most: int) -> list[DueRenewal]:
    return msgspec.convert(await connection.fetch(SQL["list_due_renewals"], before, most), list[DueRenewal])


async def list_coming_ends(connection: Connection, before: datetime) -> list[ComingEnd]:
    return msgspec.convert(await connection.fetch(SQL["list_coming_ends"], before), list[ComingEnd])


async def delete_secrets(connection: Connection, org_id: UUID, connection_id: UUID) -> None:
    await connection.execute(SQL["delete_secrets"], org_id, connection_id)


async def count_secrets(connection: Connection, org_id: UUID, connection_id: UUID) -> int:
    return int(await connection.fetchval(SQL["count_secrets"], org_id, connection_id))


async def delete_unused_data_keys(connection: Connection, org_id: UUID, firm_id: UUID) -> None:
    await connection.execute(SQL["delete_unused_data_keys"], org_id, firm_id)


async def list_sealed(connection: Connection, after: tuple[UUID, UUID, str]) -> list[Sealed]:
    rows = await connection.fetch(SQL["list_sealed"], *after)
    return [Sealed(row["connection_id"], row["name"], row["sealed"], msgspec.convert(row, DataKey)) for row in rows]


async def list_data_keys(connection: Connection, after: tuple[UUID, UUID, int]) -> list[DataKey]:
    return msgspec.convert(await connection.fetch(SQL["list_data_keys"], *after), list[DataKey])
