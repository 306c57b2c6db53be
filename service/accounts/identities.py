"""Sign-ins at other issuers that members have linked themselves.

An issuer's word says who somebody is there: issuer and subject, nothing else. An e-mail address in it, verified or not,
links to nobody and finds nobody, so no issuer opens an account by naming its address.
"""

from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from service.accounts.credentials import Known
from service.accounts.errors import AddressTakenError, MemberNotFoundError
from service.clock import Clock, now
from service.db.pool import Connection, Pool
from service.db.queries import load_queries
from service.ids import new_uuid

SQL = load_queries(__file__)


class Outsider(msgspec.Struct, frozen=True):
    """Somebody as an issuer knows them."""

    issuer: str
    subject: str
    label: str
    """What the issuer calls them, for people to read."""


class Identity(msgspec.Struct, frozen=True):
    """A linked sign-in."""

    id: UUID
    issuer: str
    label: str
    created_at: datetime


async def find_member_of(pool: Pool, outsider: Outsider) -> tuple[Known, str] | None:
    """The member who linked this sign-in, and its e-mail address; None if nobody has."""
    row = await pool.fetchrow(SQL["find_identity"], outsider.issuer, outsider.subject)
    if row is None:
        return None
    return Known(row["org_id"], row["member_id"], outsider.subject.encode()), row["email"]


async def link(
    connection: Connection, org_id: UUID, member_id: UUID, outsider: Outsider, *, clock: Clock = now
) -> UUID:
    """The member signs in with it from now on. Raises AddressTakenError where somebody does already."""
    made = new_uuid()
    facts = (outsider.issuer, outsider.subject, outsider.label[:254], clock())
    try:
        async with connection.transaction():
            await connection.execute(SQL["insert_identity"], org_id, made, member_id, *facts)
    except asyncpg.UniqueViolationError:
        raise AddressTakenError("this sign-in is linked already") from None
    return made


async def list_identities(connection: Connection, org_id: UUID, member_id: UUID) -> list[Identity]:
    """Oldest first."""
    return msgspec.convert(await connection.fetch(SQL["list_identities"], org_id, member_id), list[Identity])


async def unlink(connection: Connection, org_id: UUID, member_id: UUID, identity_id: UUID) -> None:
    """Raises MemberNotFoundError."""
    if await connection.fetchval(SQL["delete_identity"], org_id, member_id, identity_id) is None:
        raise MemberNotFoundError("no such sign-in")


async def unlink_all(connection: Connection, org_id: UUID, member_id: UUID) -> None:
    """Frees the sign-ins of somebody who leaves: they may be linked in another organization."""
    await connection.execute(SQL["delete_identities"], org_id, member_id)
