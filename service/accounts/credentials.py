"""Passwords as proof of who somebody is: checked, forgotten, changed."""

import hashlib
from uuid import UUID

import msgspec

from service import ids
from service.accounts import members_store as store
from service.accounts.errors import LinkExpiredError
from service.accounts.passwords import Passwords, check_password
from service.accounts.recovery_store import mark_recoveries_ended
from service.accounts.sessions import SignedIn, confirm_session, end_other_sessions
from service.audit.acts import member_actor, record_act
from service.clock import Clock, now
from service.db.pool import Pool, as_organization


class NewPassword(msgspec.Struct, frozen=True):
    """Leave to set a new password, until the present one has changed."""

    email: str
    password_digest: bytes


class Known(msgspec.Struct, frozen=True):
    """Somebody who has proved, by a first proof, who it is."""

    org_id: UUID
    member_id: UUID
    proof: bytes = b""
    """Changes with what was proved, such as the password; tells nothing of it."""


async def check_credentials(pool: Pool, passwords: Passwords, email: str, password: str) -> Known | None:
    """Who it is; None alike, and after as long, for an unknown address and a wrong password."""
    found = await store.find_member(pool, email)
    fits = await passwords.fits(password, None if found is None else found[2])
    return Known(found[0], found[1], _digest(found[2])) if found is not None and fits else None


async def password_reset(pool: Pool, email: str) -> NewPassword | None:
    """What to seal into a mail for this address; None if nobody has it, which nobody may be told."""
    found = await store.find_member(pool, email)
    return None if found is None else NewPassword(email, _digest(found[2]))


async def reset_password(
    pool: Pool, passwords: Passwords, leave: NewPassword, password: str, *, clock: Clock = now
) -> Known:
    """Sets it, ends every session, and stops what the old password asked for.

    Raises LinkExpiredError once the link was used, ImpossibleValueError.
    """
    check_password(password, leave.email)
    found = await store.find_member(pool, leave.email)
    if found is None or _digest(found[2]) != leave.password_digest:
        raise LinkExpiredError("this link was used before")
    org_id, member_id, _ = found
    kept = await passwords.hash(password)
    async with as_organization(pool, org_id) as connection:
        await store.mark_member_password(connection, org_id, member_id, kept)
        await store.delete_sessions(connection, org_id, member_id, None)
        await mark_recoveries_ended(connection, org_id, member_id, clock(), also_open=True)
        about = (ids.encode("mem", member_id),)
        await record_act(connection, org_id, "members.reset_password", about, actor=member_actor(member_id))
    return Known(org_id, member_id)


async def change_password(
    pool: Pool, passwords: Passwords, signed_in: SignedIn, password: str, *, clock: Clock = now
) -> str:
    """For who is signed in and has just proved it: every other session ends, and this one goes on under a new token.

    Raises ImpossibleValueError.
    """
    member_id = signed_in.session.member_id
    kept = await passwords.hash(check_password(password, signed_in.session.email))
    async with as_organization(pool, signed_in.org_id) as connection:
        await store.mark_member_password(connection, signed_in.org_id, member_id, kept)
        await mark_recoveries_ended(connection, signed_in.org_id, member_id, clock(), also_open=True)
        await end_other_sessions(connection, signed_in)
        return await confirm_session(connection, signed_in, clock=clock)


def _digest(password_hash: str) -> bytes:
    return hashlib.sha256(password_hash.encode()).digest()[:16]
