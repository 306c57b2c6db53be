"""Consents as rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from service.db.pool import Connection
from service.db.queries import load_queries

SQL: Final = load_queries(__file__)


class Grant(msgspec.Struct, frozen=True):
    """What a consent allows, as the request path asks it. `starts_at` is never before we knew of it."""

    id: UUID
    connection_id: UUID | None
    items: frozenset[str]
    purpose: str
    starts_at: datetime
    expires_at: datetime | None


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """A consent as it was signed."""

    id: UUID
    firm_id: UUID
    connection_id: UUID | None
    client: str | None
    recipient: str
    purpose: str
    items: tuple[str, ...]
    clients_consented: bool
    granted_by: str
    granted_at: datetime
    recorded_at: datetime
    starts_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None
    signature: str | None


class KeyScopes(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    mode: str
    scopes: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None


async def insert_consent(connection: Connection, org_id: UUID, made: Consent) -> None:
    await connection.execute(
        SQL["insert_consent"],
        org_id,
        made.id,
        made.firm_id,
        made.connection_id,
        made.granted_by,
        made.granted_at,
        made.expires_at,
        made.client,
        made.recipient,
        made.purpose,
        made.items,
        made.clients_consented,
        made.starts_at,
        made.signature,
    )


async def get_consent(connection: Connection, org_id: UUID, consent_id: UUID) -> Consent | None:
    row = await connection.fetchrow(SQL["get_consent"], org_id, consent_id)
    return None if row is None else msgspec.convert(dict(row), Consent)


async def list_consents(
    connection: Connection,
    org_id: UUID,
    *,
    before: UUID | None = None,
    limit: int = 10_000,
    firm_ids: Sequence[UUID] | None = None,
    connection_ids: Sequence[UUID] | None = None,
    client: str | None = None,
) -> list[Consent]:
    """Newest first."""
    rows = await connection.fetch(SQL["list_consents"], org_id, before, limit, firm_ids, connection_ids, client)
    return [msgspec.convert(dict(row), Consent) for row in rows]


async def mark_consent_revoked(connection: Connection, org_id: UUID, consent_id: UUID, at: datetime, by: str) -> bool:
    """False where there is none that could still be taken back."""
    return await connection.fetchval(SQL["mark_consent_revoked"], org_id, consent_id, at, by) is not None


async def list_firm_grants(connection: Connection, org_id: UUID, firm_id: UUID) -> tuple[Grant, ...]:
    return _grants(await connection.fetch(SQL["list_firm_grants"], org_id, firm_id))


async def list_client_grants(connection: Connection, org_id: UUID, firm_id: UUID, client: str) -> tuple[Grant, ...]:
    return _grants(await connection.fetch(SQL["list_client_grants"], org_id, firm_id, client))


async def list_client_items(connection: Connection, org_id: UUID, firm_id: UUID) -> frozenset[str]:
    return frozenset(row["item"] for row in await connection.fetch(SQL["list_client_items"], org_id, firm_id))


async def list_key_scopes(connection: Connection, org_id: UUID, key_ids: Sequence[UUID]) -> list[KeyScopes]:
    return msgspec.convert(await connection.fetch(SQL["list_key_scopes"], org_id, key_ids), list[KeyScopes])


async def get_firm_name(connection: Connection, org_id: UUID, firm_id: UUID) -> str | None:
    name: str | None = await connection.fetchval(SQL["get_firm_name"], org_id, firm_id)
    return name


def _grants(rows: list[asyncpg.Record]) -> tuple[Grant, ...]:
    # As dictionaries: a record's `items` is its method.
    return tuple(msgspec.convert(dict(row), Grant) for row in rows)
