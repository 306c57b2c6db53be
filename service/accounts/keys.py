"""Making, rolling and revoking API keys."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

import asyncpg
import msgspec

from service import ids
from service.accounts import store
from service.accounts.caller import Caller
from service.accounts.errors import (
    ImpossibleValueError,
    KeyNotFoundError,
    UnknownFirmError,
    UnknownOrganizationError,
)
from service.accounts.granting import MOST_RATE, check_new, check_within, is_within_reach, require_granting
from service.accounts.organizations import checked_name, checked_networks
from service.accounts.scopes import expand_scopes
from service.accounts.store import KeyRecord
from service.accounts.tokens import Mode, Peppers, hash_token, new_token
from service.audit.acts import OPERATOR, record_act
from service.clock import Clock, now
from service.db.pool import Connection
from service.ids import new_uuid

list_keys = store.list_keys
list_some_keys = store.list_some_keys
get_key = store.get_key
are_of_one_line = store.are_of_one_line
list_test_key_ids = store.list_test_key_ids


async def mint_key(
    connection: Connection,
    peppers: Peppers,
    *,
    org_id: UUID,
    name: str,
    mode: Mode,
    scopes: Sequence[str],
    api_version: date,
    firm_ids: Sequence[UUID] | None = None,
    connection_ids: Sequence[UUID] | None = None,
    ip_allow: Sequence[str] = (),
    expires_in: timedelta | None = None,
    calls_per_minute: int | None = None,
    clock: Clock = now,
    actor: str = OPERATOR,
    by: Caller | None = None,
) -> tuple[KeyRecord, str]:
    """A new key and its token, which is not kept and cannot be shown again. `by` is the key that makes it, if one does.

    Raises UnknownScopeError, UnknownOrganizationError, UnknownFirmError for a binding that is not the organization's,
    ImpossibleValueError, and for a key that makes it GrantingOffError and MoreThanItselfError.
    """
    made_at = clock()
    made = KeyRecord(
        org_id=org_id,
        id=new_uuid(),
        name=checked_name(name),
        mode=mode,
        scopes=expand_scopes(scopes),
        firm_ids=None if firm_ids is None else tuple(firm_ids),
        connection_ids=None if connection_ids is None else tuple(connection_ids),
        api_version=api_version,
        ip_allow=checked_networks(ip_allow),
        created_at=made_at,
        expires_at=None if expires_in is None else made_at + expires_in,
        made_by_key=None if by is None else by.key_id,
        calls_per_minute=checked_rate(calls_per_minute),
    )
    if by is not None:
        await require_granting(connection, by)
        check_new(by, made)
    if await store.count_foreign_bindings(connection, org_id, made.firm_ids, made.connection_ids):
        raise UnknownFirmError("a key can be bound only to firms and connections of its own organization")
    async with connection.transaction():
        token = await _keep(connection, peppers, made)
        await _record(connection, org_id, "keys.mint", made.id, *made.scopes, actor=actor)
    return made, token


async def roll_key(
    connection: Connection,
    peppers: Peppers,
    org_id: UUID,
    key_id: UUID,
    *,
    overlap: timedelta,
    clock: Clock = now,
    actor: str = OPERATOR,
    by: Caller | None = None,
) -> tuple[KeyRecord, str]:
    """A new key with everything the old one may do, and its token; the old one ends after `overlap`.

    One that a key asks for, `by`, ends when the old one would have, and with that key. Raises KeyNotFoundError, for a
    key that asks also GrantingOffError and MoreThanItselfError.
    """
    at = clock()
    if by is not None:
        await require_granting(connection, by)
    old = await store.get_key(connection, org_id, key_id)
    if old is None or old.revoked_at is not None or (by is not None and not is_within_reach(by, old)):
        raise KeyNotFoundError("no such key")
    made = msgspec.structs.replace(old, id=new_uuid(), created_at=at, expires_at=None, last_used_at=None)
    if by is not None:
        await check_within(connection, by, old)
        made = msgspec.structs.replace(made, expires_at=old.expires_at, made_by_key=by.key_id)
    async with connection.transaction():
        await store.mark_key_expiring(connection, org_id, key_id, at + overlap)
        token = await _keep(connection, peppers, made)
        await _record(connection, org_id, "keys.roll", key_id, ids.encode("key", made.id), actor=actor)
    return made, token


async def revoke_key(
    connection: Connection,
    org_id: UUID,
    key_id: UUID,
    *,
    clock: Clock = now,
    actor: str = OPERATOR,
    by: Caller | None = None,
) -> KeyRecord:
    """Ends a key at once, and every key that it made; every process refuses them within a second.

    Raises KeyNotFoundError, and MoreThanItselfError where a key, `by`, would end one that may more.
    """
    async with connection.transaction():
        found = await store.get_key(connection, org_id, key_id)
        if found is None or (by is not None and not is_within_reach(by, found)):
            raise KeyNotFoundError("no such key")
        if by is not None:
            await check_within(connection, by, found)
        ended = await store.mark_key_revoked(connection, org_id, key_id, clock())
        others = (ids.encode("key", one) for one in ended if one != key_id)
        await _record(connection, org_id, "keys.revoke", key_id, *others, actor=actor)
        after = await store.get_key(connection, org_id, key_id)
    assert after is not None
    return after


async def change_rate(
    connection: Connection,
    org_id: UUID,
    key_id: UUID,
    calls_per_minute: int | None,
    *,
    actor: str = OPERATOR,
    by: Caller | None = None,
) -> KeyRecord:
    """How many calls a minute the key may make, felt within a second; None for as many as keys may.

    Raises KeyNotFoundError, ImpossibleValueError, MoreThanItselfError where `by` may itself make fewer, and
    GrantingOffError where it would let a slowed key make more again.
    """
    rate = checked_rate(calls_per_minute)
    async with connection.transaction():
        found = await store.get_key(connection, org_id, key_id)
        if found is None or found.revoked_at is not None or (by is not None and not is_within_reach(by, found)):
            raise KeyNotFoundError("no such key")
        changed = msgspec.structs.replace(found, calls_per_minute=rate)
        if by is not None:
            if found.calls_per_minute is not None and (rate or MOST_RATE) > found.calls_per_minute:
                await require_granting(connection, by)
            await check_within(connection, by, changed)
        await store.mark_key_rate(connection, org_id, key_id, rate)
        await _record(connection, org_id, "keys.limit", key_id, actor=actor)
    return changed


def checked_rate(calls_per_minute: int | None) -> int | None:
    """Raises ImpossibleValueError."""
    if calls_per_minute is not None and not 1 <= calls_per_minute <= MOST_RATE:
        raise ImpossibleValueError(f"calls a minute are a whole number from 1 to {MOST_RATE:,}")
    return calls_per_minute


async def _record(connection: Connection, org_id: UUID, what: str, key_id: UUID, *about: str, actor: str) -> None:
    await record_act(connection, org_id, what, (ids.encode("key", key_id), *about), actor=actor)


async def has_key(connection: Connection, org_id: UUID, key_id: UUID) -> bool:
    """Whether it is one of the organization's keys, revoked or not."""
    return await store.get_key(connection, org_id, key_id) is not None


async def _keep(connection: Connection, peppers: Peppers, made: KeyRecord) -> str:
    token = new_token(made.mode)
    version = peppers.newest()
    try:
        await store.insert_key(connection, made, hash_token(token, peppers.by_version[version]), version)
    except asyncpg.ForeignKeyViolationError:
        raise UnknownOrganizationError("no such organization") from None
    return token
