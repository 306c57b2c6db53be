"""A member whose authenticator and recovery codes are both lost: the second factor is removed, but not at once.

Who asks has given the right password. For three days nothing happens but a mail, and any of the member's browsers, or
the mail itself, can stop it: a thief of a password alone is found out before it helps.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from service.accounts import members_store
from service.accounts import recovery_store as store
from service.accounts.errors import LinkExpiredError, NotReadyError
from service.accounts.recovery_store import Recovery
from service.accounts.second_factor import SecondFactors
from service.clock import Clock, now
from service.db.pool import Connection, Pool, as_organization
from service.ids import new_uuid

WAITS: Final = timedelta(days=3)
LASTS: Final = timedelta(days=10)
"""From the asking, the wait among it."""

get_open_recovery = store.get_open_recovery


class Recovering(msgspec.Struct, frozen=True):
    """A waiting removal, as it stands in the mail."""

    org_id: UUID
    recovery_id: UUID


async def ask_for_removal(connection: Connection, org_id: UUID, member_id: UUID, *, clock: Clock = now) -> Recovery:
    """The removal that is waited for from now on, or that was asked for before."""
    at = clock()
    await store.mark_recoveries_ended(connection, org_id, member_id, at, also_open=False)
    await store.insert_recovery(connection, org_id, new_uuid(), member_id, (at, at + WAITS, at + LASTS))
    found = await store.get_open_recovery(connection, org_id, member_id, at)
    if found is None:
        raise LinkExpiredError("no such member")
    return found


async def read_recovery(pool: Pool, link: Recovering, *, clock: Clock = now) -> Recovery:
    """What a mailed link stands for. Raises LinkExpiredError."""
    async with as_organization(pool, link.org_id) as connection:
        return await _locked(connection, link, clock)


async def carry_out(pool: Pool, factors: SecondFactors, link: Recovering, *, clock: Clock = now) -> Recovery:
    """Removes the second factor and ends every session. Raises NotReadyError before its time, LinkExpiredError."""
    async with as_organization(pool, link.org_id) as connection:
        found = await _locked(connection, link, clock)
        if clock() < found.ready_at:
            raise NotReadyError("the time has not come")
        await factors.remove(connection, found.org_id, found.member_id)
        await members_store.delete_sessions(connection, found.org_id, found.member_id, None)
    return found


async def stop(connection: Connection, org_id: UUID, member_id: UUID, *, clock: Clock = now) -> None:
    """The second factor stays."""
    await store.mark_recoveries_ended(connection, org_id, member_id, clock(), also_open=True)


async def stop_by_link(pool: Pool, link: Recovering, *, clock: Clock = now) -> Recovery:
    """As `stop`, for who holds the mail. Raises LinkExpiredError."""
    async with as_organization(pool, link.org_id) as connection:
        found = await _locked(connection, link, clock)
        await stop(connection, found.org_id, found.member_id, clock=clock)
    return found


async def _locked(connection: Connection, link: Recovering, clock: Clock) -> Recovery:
    found = await store.lock_recovery(connection, link.org_id, link.recovery_id, clock())
    if found is None:
        raise LinkExpiredError("this was stopped, carried out, or is too old")
    return found
