"""Link sessions and connect settings as rows."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from service.connections.vault import DataKey
from service.db.pool import Connection
from service.db.queries import load_queries

SQL = load_queries(__file__)


class Step(StrEnum):
    """What the page asks for next."""

    SIGN = "sign"
    CONNECT = "connect"
    CHOOSE = "choose"
    FINISHED = "finished"
    CLOSED = "closed"


class LinkSession(msgspec.Struct, frozen=True, kw_only=True):
    """One page for one firm, for half an hour, once."""

    org_id: UUID
    id: UUID
    firm_id: UUID
    sandbox: bool
    vendors: tuple[str, ...]
    items: tuple[str, ...]
    purpose: str
    consent_days: int
    return_url: str | None
    relinks: UUID | None
    created_by: UUID
    created_at: datetime
    expires_at: datetime
    step: Step
    vendor: str | None = None
    signer_name: str | None = None
    signer_email: str | None = None
    clients_consented: bool = False
    signed_at: datetime | None = None
    statement: str | None = None
    state_hash: bytes | None = None
    browser_hash: bytes | None = None
    sealed: bytes | None = None
    key_version: int | None = None
    tries: int = 0
    notice: str | None = None
    connection_id: UUID | None = None
    firm: str = ""
    organization: str = ""
    accent: str | None = None


class ConnectSettings(msgspec.Struct, frozen=True):
    """How an organization's connect pages behave."""

    return_urls: tuple[str, ...] = ()
    accent: str | None = None


async def insert_session(connection: Connection, made: LinkSession, token_hash: bytes) -> None:
    await connection.execute(
        SQL["insert_session"],
        made.org_id,
        made.id,
        made.firm_id,
        token_hash,
        made.sandbox,
        made.vendors,
        made.items,
        made.purpose,
        made.consent_days,
        made.return_url,
        made.relinks,
        made.created_by,
        made.created_at,
        made.expires_at,
    )


async def find_session(connection: Connection, secret_hash: bytes) -> tuple[UUID, UUID] | None:
    """Organization and session."""
    row = await connection.fetchrow(SQL["find_session"], secret_hash)
    return None if row is None else (row["org_id"], row["session_id"])


async def get_session(connection: Connection, org_id: UUID, session_id: UUID) -> LinkSession | None:
    row = await connection.fetchrow(SQL["get_session"], org_id, session_id)
    # As a dict: a Record has a method called `items`.
    return None if row is None else msgspec.convert(dict(row), LinkSession)


async def list_sessions(
    connection: Connection,
    org_id: UUID,
    before: UUID | None,
    limit: int,
    *,
    firm_id: UUID | None = None,
    firm_ids: list[UUID] | None = None,
    connection_ids: list[UUID] | None = None,
) -> list[LinkSession]:
    """Newest first, without what they hold sealed."""
    rows = await connection.fetch(SQL["list_sessions"], org_id, before, firm_id, firm_ids, connection_ids, limit)
    return [msgspec.convert(dict(row), LinkSession) for row in rows]


async def mark_signed(
    connection: Connection,
    session: LinkSession,
    *,
    vendor: str,
    name: str,
    email: str,
    clients_consented: bool,
    at: datetime,
    statement: str,
    items: tuple[str, ...],
) -> bool:
    found = await connection.fetchval(
        SQL["mark_signed"],
        session.org_id,
        session.id,
        vendor,
        name,
        email,
        clients_consented,
        at,
        statement,
        items,
    )
    return found is not None


async def mark_departed(
    connection: Connection, session: LinkSession, state: bytes, browser: bytes, sealed: bytes, key_version: int
) -> bool:
    found = await connection.fetchval(
        SQL["mark_departed"], session.org_id, session.id, state, browser, sealed, key_version
    )
    return found is not None


async def mark_returned(connection: Connection, session: LinkSession, state: bytes) -> bool:
    """False where the state was used before."""
    return await connection.fetchval(SQL["mark_returned"], session.org_id, session.id, state) is not None


async def mark_choosing(connection: Connection, session: LinkSession, sealed: bytes, key_version: int) -> bool:
    found = await connection.fetchval(SQL["mark_choosing"], session.org_id, session.id, sealed, key_version)
    return found is not None


async def mark_notice(connection: Connection, session: LinkSession, notice: str) -> None:
    await connection.execute(SQL["mark_notice"], session.org_id, session.id, notice)


async def mark_tried(connection: Connection, session: LinkSession) -> int | None:
    """How many tries there were with this one."""
    tries: int | None = await connection.fetchval(SQL["mark_tried"], session.org_id, session.id)
    return tries


async def mark_closed(connection: Connection, session: LinkSession, notice: str | None) -> bool:
    return await connection.fetchval(SQL["mark_closed"], session.org_id, session.id, notice) is not None


async def mark_finished(connection: Connection, session: LinkSession, connection_id: UUID, notice: str | None) -> bool:
    """False where somebody finished it before."""
    found = await connection.fetchval(SQL["mark_finished"], session.org_id, session.id, connection_id, notice)
    return found is not None


async def delete_abandoned(connection: Connection, before: datetime) -> None:
    await connection.execute(SQL["delete_abandoned"], before)


async def delete_unfinished(connection: Connection, before: datetime) -> None:
    await connection.execute(SQL["delete_unfinished"], before)


async def get_data_key(connection: Connection, org_id: UUID, firm_id: UUID, version: int) -> DataKey | None:
    return msgspec.convert(await connection.fetchrow(SQL["get_data_key"], org_id, firm_id, version), DataKey | None)


async def get_settings(connection: Connection, org_id: UUID) -> ConnectSettings:
    row = await connection.fetchrow(SQL["get_settings"], org_id)
    return ConnectSettings() if row is None else msgspec.convert(row, ConnectSettings)


async def upsert_settings(connection: Connection, org_id: UUID, settings: ConnectSettings, at: datetime) -> None:
    await connection.execute(SQL["upsert_settings"], org_id, settings.return_urls, settings.accent, at)


async def has_firm(connection: Connection, org_id: UUID, firm_id: UUID) -> bool:
    found: bool = await connection.fetchval(SQL["has_firm"], org_id, firm_id)
    return found


async def widens(
    connection: Connection, org_id: UUID, connection_id: UUID, items: tuple[str, ...], at: datetime
) -> bool:
    """Whether some of the items are not consented to yet."""
    found: bool = await connection.fetchval(SQL["has_wider_consent"], org_id, connection_id, items, at)
    return found
