"""Connections, their accounts, consents and timelines as rows."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from service.db.pool import Connection
from service.db.queries import load_queries

SQL = load_queries(__file__)


class State(StrEnum):
    """How a connection stands. Calls pass in HEALTHY, DEGRADED and EXPIRING."""

    PENDING = "pending"
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    EXPIRING = "expiring"
    NEEDS_ATTENTION = "needs_attention"
    PAUSED = "paused"
    REVOKED = "revoked"
    DISCONNECTED = "disconnected"


class ConnectionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One firm's link to one vendor."""

    org_id: UUID
    id: UUID
    firm_id: UUID
    vendor: str
    state: State
    state_reason: str | None = None
    sandbox: bool
    base_url: str | None = None
    created_at: datetime
    updated_at: datetime


class Account(msgspec.Struct, frozen=True):
    """One book of records behind a connection: a QuickBooks realm, a Canopy firm."""

    ordinal: int
    remote_id: str
    name: str
    currency: str | None = None
    time_zone: str | None = None


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    org_id: UUID
    id: UUID
    firm_id: UUID
    connection_id: UUID
    scopes: tuple[str, ...]
    granted_by: str
    granted_at: datetime
    expires_at: datetime | None = None


class Event(msgspec.Struct, frozen=True):
    """One line of a connection's timeline."""

    seq: int
    at: datetime
    kind: str
    state: State
    detail: str | None
    vendor_status: int | None
    vendor_code: str | None


async def insert_connection(connection: Connection, made: ConnectionRecord) -> None:
    await connection.execute(
        SQL["insert_connection"],
        made.org_id,
        made.id,
        made.firm_id,
        made.vendor,
        made.state,
        made.state_reason,
        made.sandbox,
        made.base_url,
        made.created_at,
        made.updated_at,
    )


async def insert_account(connection: Connection, org_id: UUID, connection_id: UUID, made: Account) -> None:
    await connection.execute(
        SQL["insert_account"],
        org_id,
        connection_id,
        made.ordinal,
        made.remote_id,
        made.name,
        made.currency,
        made.time_zone,
    )


async def insert_consent(connection: Connection, made: Consent) -> None:
    await connection.execute(
        SQL["insert_consent"],
        made.org_id,
        made.id,
        made.firm_id,
        made.connection_id,
        made.scopes,
        made.granted_by,
        made.granted_at,
        made.expires_at,
    )


async def mark_consents_revoked(connection: Connection, org_id: UUID, connection_id: UUID, at: datetime) -> int:
    """How many there were."""
    tag = await connection.execute(SQL["mark_consents_revoked"], org_id, connection_id, at)
    return int(tag.rpartition(" ")[2])


_read_accounts = msgspec.json.Decoder(tuple[Account, ...]).decode


async def get_connection(connection: Connection, org_id: UUID, connection_id: UUID) -> ConnectionRecord | None:
    row = await connection.fetchrow(SQL["get_connection"], org_id, connection_id)
    return msgspec.convert(row, ConnectionRecord | None)


async def lock_connection(connection: Connection, org_id: UUID, connection_id: UUID) -> State:
    """How it stands; nobody else changes that until the transaction ends. The connection has to be there."""
    return State(await connection.fetchval(SQL["lock_connection"], org_id, connection_id))


async def list_connections(connection: Connection, org_id: UUID) -> list[ConnectionRecord]:
    return msgspec.convert(await connection.fetch(SQL["list_connections"], org_id), list[ConnectionRecord])


async def list_accounts(connection: Connection, org_id: UUID, connection_id: UUID) -> tuple[Account, ...]:
    rows = await connection.fetch(SQL["list_accounts"], org_id, connection_id)
    return msgspec.convert(rows, tuple[Account, ...])


async def list_account_marks(connection: Connection, org_id: UUID, connection_id: UUID) -> frozenset[bytes]:
    """What all accounts of a connection are told by."""
    return frozenset(await connection.fetchval(SQL["list_account_marks"], org_id, connection_id))


async def mark_account_told_by(
    connection: Connection, org_id: UUID, connection_id: UUID, remote_id: str, marks: frozenset[bytes]
) -> None:
    await connection.execute(SQL["mark_account_told_by"], org_id, connection_id, remote_id, sorted(marks))


async def delete_account_marks(connection: Connection, org_id: UUID, connection_id: UUID) -> None:
    await connection.execute(SQL["delete_account_marks"], org_id, connection_id)


async def list_accounts_of(
    connection: Connection, org_id: UUID, connection_ids: list[UUID]
) -> dict[UUID, tuple[Account, ...]]:
    found: dict[UUID, tuple[Account, ...]] = dict.fromkeys(connection_ids, ())
    for row in await connection.fetch(SQL["list_accounts_of"], org_id, connection_ids):
        found[row["connection_id"]] += (msgspec.convert(row, Account),)
    return found


async def get_standing(
    connection: Connection, org_id: UUID, connection_id: UUID, at: datetime
) -> tuple[ConnectionRecord, tuple[Account, ...], bool] | None:
    """A connection, its accounts, and whether a consent to it is in force at an instant."""
    row = await connection.fetchrow(SQL["get_standing"], org_id, connection_id, at)
    if row is None:
        return None
    return msgspec.convert(row, ConnectionRecord), _read_accounts(row["accounts"]), row["consented"]


async def mark_connection_state(
    connection: Connection, org_id: UUID, connection_id: UUID, state: State, reason: str | None, at: datetime
) -> UUID | None:
    """Its firm; None if there is no such connection."""
    firm_id: UUID | None = await connection.fetchval(
        SQL["mark_connection_state"], org_id, connection_id, state, reason, at
    )
    return firm_id


async def insert_event(
    connection: Connection,
    org_id: UUID,
    connection_id: UUID,
    at: datetime,
    kind: str,
    detail: str | None = None,
    *,
    status: int | None = None,
    code: str | None = None,
) -> None:
    detail, code = detail and detail[:500], code and code[:100]
    await connection.execute(SQL["insert_event"], org_id, connection_id, at, kind, detail, status, code)


async def list_events(connection: Connection, org_id: UUID, connection_id: UUID, limit: int) -> tuple[Event, ...]:
    """Newest first."""
    return msgspec.convert(await connection.fetch(SQL["list_events"], org_id, connection_id, limit), tuple[Event, ...])


async def list_recent_events(
    connection: Connection, org_id: UUID, before: datetime, limit: int
) -> list[tuple[UUID, Event]]:
    """Of all connections, newest first, each with whose it is."""
    rows = await connection.fetch(SQL["list_recent_events"], org_id, before, limit)
    return [(row["connection_id"], msgspec.convert(row, Event)) for row in rows]


async def get_last_vendor_error(connection: Connection, org_id: UUID, connection_id: UUID) -> Event | None:
    return msgspec.convert(await connection.fetchrow(SQL["get_last_vendor_error"], org_id, connection_id), Event | None)


async def insert_own_connection(connection: Connection, made: ConnectionRecord) -> None:
    await connection.execute(
        SQL["insert_own_connection"],
        made.org_id,
        made.id,
        made.firm_id,
        made.vendor,
        made.state,
        made.state_reason,
        made.sandbox,
        made.created_at,
        made.updated_at,
    )
