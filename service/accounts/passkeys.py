"""Passkeys (WebAuthn): made and used with the person verified on the spot, so that one stands for both factors.

The user handle that an authenticator keeps is organization and member, 32 bytes: it says at sign-in where to look, and
is believed only once the signature fits the key found there. `ceremonies` is imported by who needs it, for its weight.
"""

from typing import Final
from uuid import UUID

import asyncpg

from service.accounts import passkeys_store as store
from service.accounts.credentials import Known
from service.accounts.errors import ImpossibleValueError, MemberNotFoundError, PasskeyRefusedError
from service.accounts.members_store import Member
from service.accounts.organizations import checked_name
from service.accounts.passkeys_store import Passkey
from service.accounts.site import Site
from service.clock import Clock, now
from service.db.pool import Connection, Pool, as_organization
from service.ids import new_uuid

MOST: Final = 20
"""Passkeys a member may have."""

list_passkeys = store.list_passkeys


def registration_options(site: Site, member: Member, known: list[Passkey], challenge: bytes) -> str:
    """What the browser makes a passkey by, as JSON. Those known are named, so that no device makes a second."""
    from service.accounts import ceremonies

    return ceremonies.to_make(site, member, known, challenge)


async def register(
    connection: Connection, site: Site, member: Member, challenge: bytes, answer: str, name: str, *, clock: Clock = now
) -> Passkey:
    """Keeps a passkey that the browser made. Raises PasskeyRefusedError, ImpossibleValueError."""
    from service.accounts import ceremonies

    if len(await store.list_passkeys(connection, member.org_id, member.id)) >= MOST:
        raise ImpossibleValueError(f"You have {MOST} passkeys; remove one first.")
    found = ceremonies.read_made(site, challenge, answer)
    made = Passkey(
        id=new_uuid(),
        credential_id=found.credential_id,
        name=checked_name(name),
        transports=found.transports,
        synced=found.synced,
        created_at=clock(),
    )
    try:
        await store.insert_passkey(connection, member.org_id, member.id, made, found.public_key, found.sign_count)
    except asyncpg.UniqueViolationError:
        raise PasskeyRefusedError("this passkey is known") from None
    return made


def request_options(site: Site, challenge: bytes, known: list[Passkey] | None = None) -> str:
    """What the browser uses a passkey by, as JSON: one of those known, or whichever it has for us."""
    from service.accounts import ceremonies

    return ceremonies.to_use(site, challenge, known or [])


async def check(
    pool: Pool, site: Site, challenge: bytes, answer: str, expected: Known | None = None, *, clock: Clock = now
) -> tuple[Known, str]:
    """Who used a passkey, and its e-mail address. Raises PasskeyRefusedError, which says no more than that.

    An authenticator that was asked for certain passkeys may leave the user handle out: then it is who is `expected`.
    """
    from service.accounts import ceremonies

    used = ceremonies.read_used(answer)
    org_id, member_id = _owner(used.handle, expected)
    if expected is not None and (org_id, member_id) != (expected.org_id, expected.member_id):
        raise PasskeyRefusedError("somebody else's passkey")
    async with as_organization(pool, org_id) as connection:
        found = await store.lock_passkey(connection, org_id, member_id, used.credential_id)
        if found is None:
            raise PasskeyRefusedError("no such passkey")
        count, synced = ceremonies.verified(site, challenge, used, found.public_key, found.sign_count)
        await store.mark_passkey_used(connection, org_id, found.id, count, clock(), synced=synced)
    return Known(org_id, member_id, used.credential_id), found.email


async def rename(connection: Connection, member: Member, passkey_id: UUID, name: str) -> None:
    """Raises MemberNotFoundError, ImpossibleValueError."""
    if not await store.mark_passkey_named(connection, member.org_id, member.id, passkey_id, checked_name(name)):
        raise MemberNotFoundError("no such passkey")


async def remove(connection: Connection, member: Member, passkey_id: UUID) -> str:
    """Its name. Raises MemberNotFoundError."""
    name = await store.delete_passkey(connection, member.org_id, member.id, passkey_id)
    if name is None:
        raise MemberNotFoundError("no such passkey")
    return name


def _owner(handle: bytes | None, expected: Known | None) -> tuple[UUID, UUID]:
    """Organization and member, by what the authenticator keeps. Raises PasskeyRefusedError where that is not ours."""
    if not handle and expected is not None:
        return expected.org_id, expected.member_id
    if handle is None or len(handle) != 32:
        raise PasskeyRefusedError("not a user handle of ours")
    return UUID(bytes=handle[:16]), UUID(bytes=handle[16:])
