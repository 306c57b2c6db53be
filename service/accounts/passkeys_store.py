"""Passkeys as rows."""

from datetime import datetime
from uuid import UUID

import msgspec

from service.db.pool import Connection
from service.db.queries import load_queries

SQL = load_queries(__file__)


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey as its member sees it."""

    id: UUID
    credential_id: bytes
    name: str
    transports: tuple[str, ...]
    synced: bool
    """Kept by a password manager or platform, not in one device alone."""
    created_at: datetime
    last_used_at: datetime | None = None


class LockedPasskey(msgspec.Struct, frozen=True):
    """What a signature is checked with."""

    id: UUID
    public_key: bytes
    sign_count: int
    email: str


async def insert_passkey(
    connection: Connection, org_id: UUID, member_id: UUID, made: Passkey, public_key: bytes, sign_count: int
) -> None:
    key = (made.credential_id, public_key, sign_count)
    rest = (made.name, made.transports, made.synced, made.created_at)
    await connection.execute(SQL["insert_passkey"], org_id, made.id, member_id, *key, *rest)


async def list_passkeys(connection: Connection, org_id: UUID, member_id: UUID) -> list[Passkey]:
    return msgspec.convert(await connection.fetch(SQL["list_passkeys"], org_id, member_id), list[Passkey])


async def lock_passkey(
    connection: Connection, org_id: UUID, member_id: UUID, credential_id: bytes
) -> LockedPasskey | None:
    row = await connection.fetchrow(SQL["lock_passkey"], org_id, member_id, credential_id)
    return msgspec.convert(row, LockedPasskey | None)


async def mark_passkey_used(
    connection: Connection, org_id: UUID, passkey_id: UUID, sign_count: int, at: datetime, *, synced: bool
) -> None:
    await connection.execute(SQL["mark_passkey_used"], org_id, passkey_id, sign_count, synced, at)


async def mark_passkey_named(
    connection: Connection, org_id: UUID, member_id: UUID, passkey_id: UUID, name: str
) -> bool:
    """False if the member has no such passkey."""
    return await connection.fetchval(SQL["mark_passkey_named"], org_id, member_id, passkey_id, name) is not None


async def delete_passkey(connection: Connection, org_id: UUID, member_id: UUID, passkey_id: UUID) -> str | None:
    """Its name; None if the member has no such passkey."""
    name: str | None = await connection.fetchval(SQL["delete_passkey"], org_id, member_id, passkey_id)
    return name
