"""What is told, to whom, and how that went: all SQL of this domain."""

from datetime import date, datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from service.accounts.tokens import Mode
from service.db.pool import Connection
from service.db.queries import load_queries

SQL: Final = load_queries(__file__)
State = Literal["waiting", "delivered", "failed"]
DisabledBecause = Literal["asked", "gone", "failing"]


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """One event as it is kept."""

    id: UUID
    type: str
    mode: Literal["live", "test"]
    at: datetime
    about: str
    """The prefix of what it is about."""
    about_id: UUID
    facts: str
    """JSON."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An address that events are sent to."""

    id: UUID
    url: str
    description: str
    event_types: tuple[str, ...] | None
    mode: Mode
    api_version: date
    enabled: bool
    disabled_because: DisabledBecause | None
    created_at: datetime
    updated_at: datetime
    delivered_at: datetime | None = None


class SealedSecret(msgspec.Struct, frozen=True):
    """What bodies are signed with, sealed."""

    id: UUID
    key_version: int
    sealed: bytes
    created_at: datetime
    ends_at: datetime | None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One event for one endpoint."""

    id: UUID
    endpoint_id: UUID
    event_id: UUID
    type: str
    state: State
    attempts: int
    due_at: datetime
    created_at: datetime
    settled_at: datetime | None
    last_outcome: str | None
    last_status: int | None


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One time that it was sent. A number that is missing was begun by a worker that did not live to tell its end."""

    number: int
    at: datetime
    duration_ms: int
    outcome: str
    status: int | None


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that is this worker's to try, for the length of its lease; with its event."""

    id: UUID
    number: int
    tries: int
    created_at: datetime
    event_id: UUID
    type: str
    mode: Literal["live", "test"]
    at: datetime
    about: str
    about_id: UUID
    facts: str

    @property
    def event(self) -> EventRow:
        return EventRow(
            id=self.event_id,
            type=self.type,
            mode=self.mode,
            at=self.at,
            about=self.about,
            about_id=self.about_id,
            facts=self.facts,
        )


async def insert_endpoint(connection: Connection, org_id: UUID, made: Endpoint) -> None:
    types = None if made.event_types is None else list(made.event_types)
    row = (org_id, made.id, made.url, made.description, types, made.mode, made.api_version, made.created_at)
    await connection.execute(SQL["insert_endpoint"], *row)


async def count_endpoints(connection: Connection, org_id: UUID) -> int:
    """How many there are; nobody else adds one until the transaction ends."""
    await connection.execute(SQL["lock_organization"], str(org_id))
    count: int = await connection.fetchval(SQL["count_endpoints"], org_id)
    return count


async def list_endpoints(connection: Connection, org_id: UUID, mode: Mode | None = None) -> list[Endpoint]:
    """Oldest first; of one mode or both."""
    return msgspec.convert(await connection.fetch(SQL["list_endpoints"], org_id, mode), list[Endpoint])


async def get_endpoint(connection: Connection, org_id: UUID, endpoint_id: UUID) -> Endpoint | None:
    return msgspec.convert(await connection.fetchrow(SQL["get_endpoint"], org_id, endpoint_id), Endpoint | None)


async def mark_endpoint(connection: Connection, org_id: UUID, changed: Endpoint) -> None:
    types = None if changed.event_types is None else list(changed.event_types)
    state = (changed.enabled, changed.disabled_because, changed.updated_at)
    await connection.execute(SQL["mark_endpoint"], org_id, changed.id, changed.url, changed.description, types, *state)


async def mark_endpoint_disabled(
    connection: Connection, org_id: UUID, endpoint_id: UUID, because: DisabledBecause, at: datetime
) -> bool:
    """False for one that was disabled before, or is gone."""
    return await connection.fetchval(SQL["mark_endpoint_disabled"], org_id, endpoint_id, because, at) is not None


async def mark_endpoint_reached(connection: Connection, org_id: UUID, endpoint_id: UUID, at: datetime) -> None:
    await connection.execute(SQL["mark_endpoint_reached"], org_id, endpoint_id, at)


async def delete_endpoint(connection: Connection, org_id: UUID, endpoint_id: UUID) -> bool:
    return bool(await connection.fetchval(SQL["delete_endpoint"], org_id, endpoint_id))


async def insert_secret(
    connection: Connection,
    org_id: UUID,
    endpoint_id: UUID,
    secret_id: UUID,
    key_version: int,
    sealed: bytes,
    at: datetime,
) -> None:
    await connection.execute(SQL["insert_secret"], org_id, secret_id, endpoint_id, key_version, sealed, at)


async def list_secrets(connection: Connection, org_id: UUID, endpoint_id: UUID, at: datetime) -> list[SealedSecret]:
    """Those in use, the newest first: one, or two while one replaces the other."""
    rows = await connection.fetch(SQL["list_secrets"], org_id, endpoint_id, at)
    return msgspec.convert(rows, list[SealedSecret])


async def mark_secret_ending(connection: Connection, org_id: UUID, endpoint_id: UUID, ends_at: datetime) -> None:
    """The one in use ends then; those before it are forgotten."""
    await connection.execute(SQL["delete_older_secrets"], org_id, endpoint_id)
    await connection.execute(SQL["mark_secret_ending"], org_id, endpoint_id, ends_at)


async def insert_delivery(
    connection: Connection, org_id: UUID, delivery_id: UUID, endpoint_id: UUID, event_id: UUID, at: datetime
) -> None:
    await connection.execute(SQL["insert_delivery"], org_id, delivery_id, endpoint_id, event_id, at)


async def list_deliveries(
    connection: Connection, org_id: UUID, endpoint_id: UUID, *, after: UUID | None, limit: int, state: State | None
) -> list[Delivery]:
    """Newest first, after one when given."""
    rows = await connection.fetch(SQL["list_deliveries"], org_id, endpoint_id, after, limit, state)
    return msgspec.convert(rows, list[Delivery])


async def get_delivery(connection: Connection, org_id: UUID, delivery_id: UUID) -> Delivery | None:
    return msgspec.convert(await connection.fetchrow(SQL["get_delivery"], org_id, delivery_id), Delivery | None)


async def list_attempts(connection: Connection, org_id: UUID, delivery_id: UUID) -> list[Attempt]:
    return msgspec.convert(await connection.fetch(SQL["list_attempts"], org_id, delivery_id), list[Attempt])


async def claim_deliveries(
    connection: Connection, org_id: UUID, endpoint_id: UUID, at: datetime, until: datetime, most: int
) -> list[Claimed]:
    """Some of what is due, oldest first; nobody else has them before `until`."""
    rows: list[Any] = await connection.fetch(SQL["claim_deliveries"], org_id, endpoint_id, at, until, most)
    return msgspec.convert(rows, list[Claimed])
