"""Organizations, firms and API keys as rows."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

import msgspec

from service.accounts.caller import Caller
from service.accounts.tokens import Mode
from service.db.pool import Connection, Pool
from service.db.queries import load_queries

SQL = load_queries(__file__)


class Organization(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    time_zone: str
    created_at: datetime
    ip_allow: tuple[str, ...] = ()
    """Where its keys may be used from, those without a list of their own; empty for anywhere."""


class Firm(msgspec.Struct, frozen=True):
    org_id: UUID
    id: UUID
    name: str
    region: str
    created_at: datetime


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An API key without its token, which nobody can read again. `None` in a binding means no limit."""

    org_id: UUID
    id: UUID
    name: str
    mode: Mode
    scopes: tuple[str, ...]
    firm_ids: tuple[UUID, ...] | None
    connection_ids: tuple[UUID, ...] | None
    api_version: date
    ip_allow: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    made_by_key: UUID | None = None
    """The key that made it, and ends it with itself; None for one that a member or an operator made."""
    calls_per_minute: int | None = None
    """None for as many as keys may here."""


async def insert_organization(connection: Connection, made: Organization) -> None:
    await connection.execute(SQL["insert_organization"], made.id, made.name, made.time_zone, made.created_at)


async def get_organization(connection: Connection, org_id: UUID) -> Organization | None:
    return msgspec.convert(await connection.fetchrow(SQL["get_organization"], org_id), Organization | None)


async def mark_networks(connection: Connection, org_id: UUID, networks: tuple[str, ...]) -> None:
    await connection.execute(SQL["mark_networks"], org_id, networks)


async def list_organizations(connection: Connection) -> list[Organization]:
    """Every organization, oldest first; an `as_organization` connection sees its own alone."""
    return msgspec.convert(await connection.fetch(SQL["list_organizations"]), list[Organization])


async def insert_firm(
    connection: Connection, org_id: UUID, firm_id: UUID, name: str, region: str | None, at: datetime
) -> Firm:
    """`region` is the database's own where none is said."""
    return msgspec.convert(await connection.fetchrow(SQL["insert_firm"], org_id, firm_id, name, region, at), Firm)


async def get_region(connection: Connection) -> str | None:
    region: str | None = await connection.fetchval(SQL["get_region"])
    return region


async def refuse_elsewhere(connection: Connection, org_id: UUID, firm_ids: Collection[UUID] | None) -> None:
    """Fails as `db.region` says when all of these firms, or of the organization's, are kept in other regions."""
    await connection.execute(SQL["refuse_elsewhere"], org_id, firm_ids)


async def list_some_firms(
    connection: Connection, org_id: UUID, within: list[UUID] | None, after: UUID | None, limit: int
) -> list[Firm]:
    """Oldest first; of these alone, or of all."""
    return msgspec.convert(await connection.fetch(SQL["list_some_firms"], org_id, within, after, limit), list[Firm])


async def list_firms(connection: Connection, org_id: UUID) -> list[Firm]:
    return msgspec.convert(await connection.fetch(SQL["list_firms"], org_id), list[Firm])


async def insert_key(connection: Connection, made: KeyRecord, token_hash: bytes, pepper_version: int) -> None:
    await connection.execute(
        SQL["insert_key"],
        made.org_id,
        made.id,
        made.name,
        made.mode,
        token_hash,
        pepper_version,
        made.scopes,
        made.firm_ids,
        made.connection_ids,
        made.api_version,
        made.ip_allow,
        made.created_at,
        made.expires_at,
        made.made_by_key,
        made.calls_per_minute,
    )


async def get_key(connection: Connection, org_id: UUID, key_id: UUID) -> KeyRecord | None:
    return msgspec.convert(await connection.fetchrow(SQL["get_key"], org_id, key_id), KeyRecord | None)


async def list_keys(connection: Connection, org_id: UUID) -> list[KeyRecord]:
    return msgspec.convert(await connection.fetch(SQL["list_keys"], org_id), list[KeyRecord])


async def list_some_keys(
    connection: Connection,
    org_id: UUID,
    firm_ids: list[UUID] | None,
    connection_ids: list[UUID] | None,
    after: UUID | None,
    limit: int,
) -> list[KeyRecord]:
    """Oldest first; where firms or connections are said, only keys that are bound to some of them and no other."""
    rows = await connection.fetch(SQL["list_some_keys"], org_id, firm_ids, connection_ids, after, limit)
    return msgspec.convert(rows, list[KeyRecord])


async def lock_keys(connection: Connection, org_id: UUID) -> None:
    await connection.execute(SQL["lock_keys"], org_id)


async def are_of_one_line(connection: Connection, org_id: UUID, key_id: UUID, other_id: UUID) -> bool:
    """Whether one hand may hold both: they are the same, or a key made the one, the other, or both."""
    count: int = await connection.fetchval(SQL["count_common_makers"], org_id, key_id, other_id)
    return count > 0


async def list_test_key_ids(connection: Connection) -> list[UUID]:
    """Every organization's, for who may see them all."""
    return [row["id"] for row in await connection.fetch(SQL["list_test_key_ids"])]


async def mark_key_revoked(connection: Connection, org_id: UUID, key_id: UUID, at: datetime) -> list[UUID]:
    """The key and every key of its line; none if there is no such key. What they invited is taken back."""
    await lock_keys(connection, org_id)
    ended = [row["id"] for row in await connection.fetch(SQL["mark_key_revoked"], org_id, key_id, at)]
    await connection.execute(SQL["mark_invitations_of_keys_revoked"], org_id, ended, at)
    return ended


async def mark_key_expiring(connection: Connection, org_id: UUID, key_id: UUID, at: datetime) -> None:
    await connection.execute(SQL["mark_key_expiring"], org_id, key_id, at)


async def mark_key_rate(connection: Connection, org_id: UUID, key_id: UUID, calls_per_minute: int | None) -> None:
    await connection.execute(SQL["mark_key_rate"], org_id, key_id, calls_per_minute)


async def mark_keys_used(connection: Connection, org_id: UUID, used: dict[UUID, datetime]) -> None:
    await connection.execute(SQL["mark_keys_used"], org_id, list(used), list(used.values()))


async def count_foreign_bindings(
    connection: Connection, org_id: UUID, firm_ids: tuple[UUID, ...] | None, connection_ids: tuple[UUID, ...] | None
) -> int:
    """How many of these firms and connections are not the organization's."""
    count: int = await connection.fetchval(SQL["count_foreign_bindings"], org_id, firm_ids or (), connection_ids or ())
    return count


async def authenticate_key(pool: Pool, hashes: list[bytes]) -> tuple[Caller, datetime | None] | None:
    """Whose key has one of these hashes and when it was revoked; the one question asked without an organization."""
    row = await pool.fetchrow(SQL["authenticate_key"], hashes)
    return None if row is None else (msgspec.convert(row, Caller), row["revoked_at"])


async def get_caller(connection: Connection, org_id: UUID, key_id: UUID) -> tuple[Caller, datetime | None] | None:
    """The caller behind a key of the organization and when it was revoked."""
    row = await connection.fetchrow(SQL["get_caller"], org_id, key_id)
    return None if row is None else (msgspec.convert(row, Caller), row["revoked_at"])
