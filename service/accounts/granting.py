"""What a key may give to others: keys that may no more than itself, and seats for people. Off until somebody says so.

A session that was stolen makes no key without a recent proof of who it is. A key that was stolen has no such proof to
give; so none makes keys or invites people unless an owner or admin, just proved, has said that the organization's may.
What it made then ends with it.
"""

import ipaddress
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from service import ids
from service.accounts import members_store, store
from service.accounts.caller import Caller
from service.accounts.errors import GrantingOffError, MoreThanItselfError, NotAllowedError
from service.accounts.members_store import Member
from service.accounts.roles import Permission, may
from service.accounts.store import KeyRecord
from service.accounts.tokens import Mode
from service.audit.acts import member_actor, record_act
from service.db.pool import Connection

MOST_RATE: Final = 1_000_000
"""Calls a minute that a key's own limit may name."""
NEVER_PASSED_ON: Final = frozenset({"keys:write", "members:write"})
"""A key that a key made gives nothing to others in its turn."""

get_granting = members_store.get_granting


async def set_granting(connection: Connection, by: Member, *, on: bool) -> None:
    """Whether the organization's keys may make keys and invite people, on this member's word.

    Raises NotAllowedError.
    """
    if not (may(by.role, Permission.TEAM) and may(by.role, Permission.KEYS)):
        raise NotAllowedError("Only an owner or admin can say so.")
    async with connection.transaction():
        await members_store.mark_keys_granting(connection, by.org_id, by.id if on else None)
        about = (ids.encode("org", by.org_id), "on" if on else "off")
        await record_act(connection, by.org_id, "keys.granting", about, actor=member_actor(by.id))


async def require_granting(connection: Connection, caller: Caller) -> Member:
    """The member on whose word keys give; holds the organization's keys, so that none gives while it is revoked.

    Raises GrantingOffError, also once that member has left or lost its role.
    """
    sponsor = await members_store.get_granting(connection, caller.org_id)
    await store.lock_keys(connection, caller.org_id)
    key = await store.get_key(connection, caller.org_id, caller.key_id)
    if sponsor is None or key is None or key.revoked_at is not None:
        raise GrantingOffError("no key of this organization may")
    return sponsor


def check_new(caller: Caller, key: KeyRecord) -> None:
    """Raises MoreThanItselfError, naming each field in which the key would be more than the one that calls."""
    more = dict(_more_than(caller, key))
    if passed_on := NEVER_PASSED_ON.intersection(key.scopes):
        more["scopes"] = f"A key made by a key cannot have {', '.join(sorted(passed_on))}."
    if more:
        raise MoreThanItselfError(more)


async def check_within(connection: Connection, caller: Caller, key: KeyRecord) -> None:
    """Raises MoreThanItselfError, naming each field in which the key is more than the one that calls."""
    organization = await store.get_organization(connection, caller.org_id)
    inherited = () if organization is None else organization.ip_allow
    if more := dict(_more_than(caller, replace(key, ip_allow=key.ip_allow or inherited))):
        raise MoreThanItselfError(more)


def is_within_reach(caller: Caller, key: KeyRecord) -> bool:
    """Whether a bound key knows of another: that one is bound to nothing else. Who is not bound knows of all."""
    return _is_part(key.firm_ids, caller.firm_ids) and _is_part(key.connection_ids, caller.connection_ids)


def _more_than(caller: Caller, key: KeyRecord) -> Iterator[tuple[str, str]]:
    if lacking := sorted(set(key.scopes) - caller.scopes):
        yield "scopes", f"The calling key itself lacks {', '.join(lacking[:5])}{' …' * (len(lacking) > 5)}."
    if key.mode is Mode.LIVE and caller.mode is Mode.TEST:
        yield "mode", "A test key stands for no live key."
    if not _is_part(key.firm_ids, caller.firm_ids):
        yield "firms", "The calling key is bound to fewer firms."
    if not _is_part(key.connection_ids, caller.connection_ids):
        yield "connections", "The calling key is bound to fewer connections."
    if not _ends_by(key.expires_at, caller.expires_at):
        yield "expires_at", "The calling key ends earlier."
    if caller.calls_per_minute is not None and (key.calls_per_minute or MOST_RATE) > caller.calls_per_minute:
        yield "calls_per_minute", f"The calling key may make {caller.calls_per_minute:,} calls a minute."
    if not _is_inside(key.ip_allow, caller.ip_allow):
        yield "ip_allow", "The calling key may be used from fewer networks."


def _is_part(bound: Collection[UUID] | None, within: Collection[UUID] | None) -> bool:
    return within is None or (bound is not None and set(bound) <= set(within))


def _ends_by(end: datetime | None, latest: datetime | None) -> bool:
    return latest is None or (end is not None and end <= latest)


def _is_inside(networks: tuple[str, ...], within: tuple[str, ...]) -> bool:
    if not within:
        return True
    allowed = [ipaddress.ip_network(one) for one in within]
    asked = [ipaddress.ip_network(one) for one in networks]
    ends = [(one.network_address, one.broadcast_address) for one in asked]
    return bool(ends) and all(any(first in one and last in one for one in allowed) for first, last in ends)
