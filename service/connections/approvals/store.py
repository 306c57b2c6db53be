"""Policies and approvals as rows."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

import msgspec

from service.db.pool import Connection
from service.db.queries import load_queries

SQL = load_queries(__file__)


class Action(StrEnum):
    """What a firm may want two persons for."""

    CONNECT = "connect"
    CONSENT = "consent"
    EXPORT = "export"
    POLICY = "policy"


Decision = Literal["approved", "refused"]


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """Something that one person asked for and another decides."""

    id: UUID
    firm_id: UUID
    connection_id: UUID | None
    action: Action
    detail: str
    fingerprint: bytes
    requested_by: str
    requested_key: UUID | None
    requested_at: datetime
    expires_at: datetime
    decision: Decision | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    used_at: datetime | None = None


async def get_policy(connection: Connection, org_id: UUID, firm_id: UUID) -> frozenset[Action]:
    found: list[str] | None = await connection.fetchval(SQL["get_policy"], org_id, firm_id)
    return frozenset(Action(one) for one in found or ())


async def list_export_firms(
    connection: Connection, org_id: UUID, firm_ids: frozenset[UUID] | None, connection_ids: frozenset[UUID] | None
) -> tuple[UUID, ...]:
    rows = await connection.fetch(SQL["list_export_firms"], org_id, firm_ids, connection_ids)
    return tuple(row["firm_id"] for row in rows)


async def upsert_policy(
    connection: Connection, org_id: UUID, firm_id: UUID, wanted: frozenset[Action], at: datetime
) -> None:
    await connection.execute(SQL["upsert_policy"], org_id, firm_id, sorted(wanted), at)


async def insert_approval(connection: Connection, org_id: UUID, made: Approval) -> None:
    await connection.execute(
        SQL["insert_approval"],
        org_id,
        made.id,
        made.firm_id,
        made.connection_id,
        made.action,
        made.detail,
        made.fingerprint,
        made.requested_by,
        made.requested_key,
        made.requested_at,
        made.expires_at,
    )


async def get_approval(connection: Connection, org_id: UUID, approval_id: UUID) -> Approval | None:
    return msgspec.convert(await connection.fetchrow(SQL["get_approval"], org_id, approval_id), Approval | None)


async def get_same_approval(
    connection: Connection,
    org_id: UUID,
    firm_id: UUID,
    action: Action,
    what: bytes,
    by: str,
    at: datetime,
    *,
    key_id: UUID | None = None,
) -> Approval | None:
    row = await connection.fetchrow(SQL["get_same_approval"], org_id, firm_id, action, what, by, at, key_id)
    return msgspec.convert(row, Approval | None)


async def list_approvals(
    connection: Connection, org_id: UUID, firm_ids: list[UUID] | None, at: datetime, *, waiting: bool
) -> list[Approval]:
    rows = await connection.fetch(SQL["list_approvals"], org_id, firm_ids, waiting, at)
    return msgspec.convert(rows, list[Approval])


async def mark_decided(
    connection: Connection,
    org_id: UUID,
    approval_id: UUID,
    decision: Decision,
    by: str,
    key_id: UUID | None,
    at: datetime,
) -> bool:
    found = await connection.fetchval(SQL["mark_decided"], org_id, approval_id, decision, by, key_id, at)
    return found is not None


async def mark_used(connection: Connection, org_id: UUID, approval_id: UUID, at: datetime) -> bool:
    return await connection.fetchval(SQL["mark_used"], org_id, approval_id, at) is not None


async def has_other_approval(connection: Connection, org_id: UUID, connection_id: UUID, approval_id: UUID) -> bool:
    found: bool = await connection.fetchval(SQL["has_other_approval"], org_id, connection_id, approval_id)
    return found
