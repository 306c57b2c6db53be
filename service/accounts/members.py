"""People: who joins an organization, who they prove to be, what they may do."""

import re
from datetime import timedelta
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

import billing
from service import ids
from service.accounts import members_store as store
from service.accounts.errors import (
    AddressTakenError,
    ImpossibleValueError,
    LinkExpiredError,
    MemberNotFoundError,
    NotAllowedError,
    UnknownOrganizationError,
)
from service.accounts.identities import unlink_all
from service.accounts.members_store import Invitation, Member
from service.accounts.organizations import checked_name, create_firm, create_organization
from service.accounts.passwords import Passwords, check_password
from service.accounts.roles import Role, may_give
from service.accounts.second_factor import SecondFactors
from service.audit.acts import key_actor, member_actor, record_act
from service.clock import Clock, now
from service.db.pool import Connection, Pool, as_organization
from service.ids import new_uuid

INVITATION_LASTS: Final = timedelta(days=7)

get_member = store.get_member
list_members = store.list_members
list_invitations = store.list_invitations

_ADDRESS = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


class NewAccount(msgspec.Struct, frozen=True):
    """Who proved to hold an address, on the way to an organization of its own."""

    email: str


class Joining(msgspec.Struct, frozen=True):
    """An invitation, as it stands in the mail."""

    org_id: UUID
    invitation_id: UUID


async def sign_up(
    pool: Pool, passwords: Passwords, *, email: str, name: str, password: str, organization: str, clock: Clock = now
) -> Member:
    """A new organization with its owner, a price list and a first firm to try things with.

    The address must have been proved before. Raises AddressTakenError and ImpossibleValueError.
    """
    kept = await passwords.hash(check_password(password, email))
    org_id = new_uuid()
    async with as_organization(pool, org_id) as connection:
        made_org = await create_organization(connection, organization, org_id=org_id, clock=clock)
        plan = billing.load_price_book().find(*billing.PUBLIC_PLAN)
        await billing.open_account(
            connection, org_id, plan, made_org.time_zone, plan.currency, opened_at=made_org.created_at
        )
        owner = await _add(connection, org_id, email, name, Role.OWNER, kept, clock)
        actor = member_actor(owner.id)
        await record_act(connection, org_id, "orgs.create", (ids.encode("org", org_id),), actor=actor)
        await create_firm(connection, org_id, "Sandbox firm", clock=clock, actor=actor)
        return owner


async def add_owner(
    connection: Connection,
    passwords: Passwords,
    org_id: UUID,
    *,
    email: str,
    name: str,
    password: str,
    clock: Clock = now,
) -> Member:
    """An owner for an organization that was made at the command line, so that somebody can see its pages.

    The address is taken as the operator gives it. Raises AddressTakenError, ImpossibleValueError and
    UnknownOrganizationError.
    """
    address = checked_email(email)
    kept = await passwords.hash(check_password(password, address))
    made = await _add(connection, org_id, address, name, Role.OWNER, kept, clock)
    await record_act(connection, org_id, "team.add_owner", (ids.encode("mem", made.id),))
    return made


async def invite(
    connection: Connection, by: Member, email: str, role: Role, *, key_id: UUID | None = None, clock: Clock = now
) -> tuple[Invitation, Joining]:
    """An invitation and what to seal into its mail. `key_id` is the key that asks, on this member's word.

    Raises NotAllowedError.
    """
    if not may_give(by.role, role):
        raise NotAllowedError("Only an owner can invite an owner.")
    _keep_keys_below(key_id, role)
    at = clock()
    made = Invitation(
        org_id=by.org_id,
        id=new_uuid(),
        email=email,
        role=role,
        invited_by=by.id,
        created_at=at,
        expires_at=at + INVITATION_LASTS,
        invited_by_key=key_id,
    )
    async with connection.transaction():
        await store.insert_invitation(connection, made)
        await _record(connection, by, key_id, "team.invite", ids.encode("ivt", made.id))
    return made, Joining(made.org_id, made.id)


async def join(
    pool: Pool, passwords: Passwords, joining: Joining, *, name: str, password: str, clock: Clock = now
) -> Member:
    """The invited person becomes a member. Raises LinkExpiredError, AddressTakenError, ImpossibleValueError."""
    async with as_organization(pool, joining.org_id) as connection:
        invitation = await store.lock_invitation(connection, joining.org_id, joining.invitation_id, clock())
        if invitation is None:
            raise LinkExpiredError("this invitation was used, taken back, or is too old")
        kept = await passwords.hash(check_password(password, invitation.email))
        made = await _add(connection, joining.org_id, invitation.email, name, invitation.role, kept, clock)
        await store.mark_invitation_accepted(connection, joining.org_id, invitation.id, clock())
        about = (ids.encode("ivt", invitation.id),)
        await record_act(connection, joining.org_id, "members.join", about, actor=member_actor(made.id))
        return made


async def read_invitation(pool: Pool, joining: Joining, *, clock: Clock = now) -> Invitation:
    """The invitation that a mailed link stands for. Raises LinkExpiredError."""
    async with as_organization(pool, joining.org_id) as connection:
        found = await store.lock_invitation(connection, joining.org_id, joining.invitation_id, clock())
    if found is None:
        raise LinkExpiredError("this invitation was used, taken back, or is too old")
    return found


async def revoke_invitation(
    connection: Connection, org_id: UUID, invitation_id: UUID, *, actor: str, clock: Clock = now
) -> None:
    """Takes an invitation back. Raises MemberNotFoundError."""
    async with connection.transaction():
        if not await store.mark_invitation_revoked(connection, org_id, invitation_id, clock()):
            raise MemberNotFoundError("no such invitation")
        about = (ids.encode("ivt", invitation_id),)
        await record_act(connection, org_id, "team.revoke_invitation", about, actor=actor)


async def change_role(
    connection: Connection, by: Member, member_id: UUID, role: Role, *, key_id: UUID | None = None
) -> Member:
    """The member with its new role. `key_id` is the key that asks, on the word of `by`.

    Raises NotAllowedError, MemberNotFoundError; an organization keeps an owner.
    """
    member = await _other(connection, by, member_id, key_id)
    if not may_give(by.role, role):
        raise NotAllowedError("Only an owner can make an owner.")
    _keep_keys_below(key_id, role)
    if member.role is Role.OWNER and role is not Role.OWNER:
        await _keep_an_owner(connection, member)
    async with connection.transaction():
        await store.mark_member_role(connection, by.org_id, member_id, role)
        await _record(connection, by, key_id, f"team.make_{role}", ids.encode("mem", member_id))
    return msgspec.structs.replace(member, role=role)


async def remove_member(
    connection: Connection, by: Member, member_id: UUID, *, key_id: UUID | None = None, clock: Clock = now
) -> None:
    """Ends a membership and its sessions; an organization keeps an owner. Raises as `change_role` does."""
    member = await _other(connection, by, member_id, key_id)
    if member.role is Role.OWNER:
        await _keep_an_owner(connection, member)
    await store.mark_member_removed(connection, by.org_id, member_id, clock())
    await unlink_all(connection, by.org_id, member_id)
    await store.delete_sessions(connection, by.org_id, member_id, None)
    await _record(connection, by, key_id, "team.remove", ids.encode("mem", member_id))


async def remove_second_factor(connection: Connection, factors: SecondFactors, by: Member, member_id: UUID) -> Member:
    """For a member who has lost it; ends its sessions. Raises as `change_role` does."""
    member = await _other(connection, by, member_id, None)
    await factors.remove(connection, by.org_id, member_id)
    await store.delete_sessions(connection, by.org_id, member_id, None)
    await _record(connection, by, None, "team.remove_second_factor", ids.encode("mem", member_id))
    return member


def checked_email(text: str) -> str:
    """The address in small letters. Raises ImpossibleValueError."""
    address = text.strip().lower()
    if len(address) > 254 or not _ADDRESS.fullmatch(address):
        raise ImpossibleValueError("Enter an e-mail address such as you@yourcompany.example.")
    return address


async def _add(
    connection: Connection, org_id: UUID, email: str, name: str, role: Role, kept: str, clock: Clock
) -> Member:
    made = Member(org_id=org_id, id=new_uuid(), email=email, name=checked_name(name), role=role, created_at=clock())
    try:
        async with connection.transaction():
            await store.insert_member(connection, made, kept)
    except asyncpg.UniqueViolationError:
        raise AddressTakenError("a member with this address exists already") from None
    except asyncpg.ForeignKeyViolationError:
        raise UnknownOrganizationError("no such organization") from None
    return made


async def _record(connection: Connection, by: Member, key_id: UUID | None, what: str, about: str) -> None:
    actor = member_actor(by.id) if key_id is None else key_actor(key_id)
    await record_act(connection, by.org_id, what, (about,), actor=actor)


def _keep_keys_below(key_id: UUID | None, role: Role) -> None:
    """An owner or admin could say anew what keys may; so none is made, or touched, by a key."""
    if key_id is not None and role in (Role.OWNER, Role.ADMIN):
        raise NotAllowedError("Owners and admins are invited, changed and removed on our pages alone.")


async def _other(connection: Connection, by: Member, member_id: UUID, key_id: UUID | None) -> Member:
    await store.lock_members(connection, by.org_id)
    member = await store.get_member(connection, by.org_id, member_id)
    if member is None:
        raise MemberNotFoundError("no such member")
    if not may_give(by.role, member.role):
        raise NotAllowedError("Only an owner can change an owner.")
    _keep_keys_below(key_id, member.role)
    return member


async def _keep_an_owner(connection: Connection, leaving: Member) -> None:
    members = await store.list_members(connection, leaving.org_id)
    if not any(one.role is Role.OWNER and one.id != leaving.id for one in members):
        raise NotAllowedError("An organization keeps at least one owner; make somebody else an owner first.")
