"""`/v1/members` and `/v1/invitations`: who is in the organization, who is asked to join; and what a key may change."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final, Protocol
from uuid import UUID

from service.accounts import members
from service.accounts.errors import GrantingOffError, ImpossibleValueError, MemberNotFoundError, NotAllowedError
from service.accounts.granting import require_granting
from service.accounts.key_routes import OFF
from service.accounts.members import Joining
from service.accounts.members_store import Invitation as InvitationRecord
from service.accounts.members_store import Member as MemberRecord
from service.accounts.organizations import get_organization
from service.accounts.team_shapes import Invitation, Member, MemberUpdate, NewInvitation, to_invitation, to_member
from service.accounts.tokens import Mode
from service.api.bodies import answer_of, decode_body, json_body
from service.api.call import Answer, Call
from service.api.pagination import Cursors
from service.api.query import DEFAULT_LIMIT, PAGING, read_query
from service.audit.acts import key_actor
from service.clock import Clock, now
from service.db.pool import Connection, Pool, as_organization
from service.errors import (
    INSUFFICIENT_SCOPE,
    KEY_MODE_MISMATCH,
    NOT_TURNED_ON,
    VALIDATION_FAILED,
    ApiProblem,
    FieldError,
    missing,
)
from service.resources.common import Page

MAX_BODY_BYTES: Final = 16 * 1024


class Mails(Protocol):
    """Sends invitations."""

    async def admit(self, call: Call, email: str) -> None:
        """A problem where no mail may go to this address."""
        ...

    async def send(self, call: Call, made: InvitationRecord, joining: Joining, organization: str) -> None:
        """Sends the link."""
        ...


class TeamRoutes:
    """The answers about people. What changes them needs a live key that is bound to nothing, and leave to give."""

    def __init__(self, pool: Pool, cursors: Cursors, mails: Mails, clock: Clock = now) -> None:
        self._pool = pool
        self._cursors = cursors
        self._mails = mails
        self._clock = clock

    async def page(self, call: Call) -> Answer:
        org_id = call.known_caller.org_id
        async with as_organization(self._pool, org_id) as connection:
            found = await members.list_members(connection, org_id)
        return self._cut(call, [to_member(one) for one in found], [one.id for one in found])

    async def one(self, call: Call) -> Answer:
        read_query(call.scope["query_string"], {})
        org_id, member_id = call.known_caller.org_id, call.named("mem")
        async with as_organization(self._pool, org_id) as connection:
            found = await members.get_member(connection, org_id, member_id)
        if found is None:
            raise missing()
        call.rows = 1
        return answer_of(to_member(found))

    async def change(self, call: Call) -> Answer:
        read_query(call.scope["query_string"], {})
        asked: MemberUpdate = decode_body(await json_body(call, MAX_BODY_BYTES), MemberUpdate)
        member_id, key_id = call.named("mem"), call.known_caller.key_id
        async with self._giving(call) as (connection, sponsor):
            changed = await members.change_role(connection, sponsor, member_id, asked.role, key_id=key_id)
        call.rows = 1
        return answer_of(to_member(changed))

    async def remove(self, call: Call) -> Answer:
        read_query(call.scope["query_string"], {})
        member_id, key_id = call.named("mem"), call.known_caller.key_id
        async with self._giving(call) as (connection, sponsor):
            await members.remove_member(connection, sponsor, member_id, key_id=key_id, clock=self._clock)
        return Answer(204, b"")

    async def invitations(self, call: Call) -> Answer:
        org_id = call.known_caller.org_id
        async with as_organization(self._pool, org_id) as connection:
            found = (await members.list_invitations(connection, org_id, self._clock()))[::-1]
        return self._cut(call, [to_invitation(one) for one in found], [one.id for one in found])

    async def invite(self, call: Call) -> Answer:
        read_query(call.scope["query_string"], {})
        asked: NewInvitation = decode_body(await json_body(call, MAX_BODY_BYTES), NewInvitation)
        try:
            email = members.checked_email(asked.email)
        except ImpossibleValueError as wrong:
            raise ApiProblem(
                VALIDATION_FAILED, str(wrong), errors=(FieldError("/email", "invalid", str(wrong)),)
            ) from None
        caller = call.known_caller
        async with self._giving(call) as (connection, sponsor):
            await self._mails.admit(call, email)
            made, joining = await members.invite(
                connection, sponsor, email, asked.role, key_id=caller.key_id, clock=self._clock
            )
            organization = await get_organization(connection, caller.org_id)
        assert organization is not None
        await self._mails.send(call, made, joining, organization.name)
        call.rows = 1
        return answer_of(to_invitation(made), 201)

    async def take_back(self, call: Call) -> Answer:
        read_query(call.scope["query_string"], {})
        caller, invitation_id = call.known_caller, call.named("ivt")
        _refuse_bound(call)
        actor = key_actor(caller.key_id)
        try:
            async with as_organization(self._pool, caller.org_id) as connection:
                await members.revoke_invitation(
                    connection, caller.org_id, invitation_id, actor=actor, clock=self._clock
                )
        except MemberNotFoundError:
            raise missing() from None
        return Answer(204, b"")

    def _cut(self, call: Call, shown: list[Member] | list[Invitation], known: list[UUID]) -> Answer:
        """A page of a list that is short, oldest first."""
        asked = read_query(call.scope["query_string"], PAGING)
        belongs_to = f"{call.path}|{call.known_caller.key_id}".encode()
        after = UUID(hex=self._cursors.read(asked["cursor"], belongs_to)) if "cursor" in asked else UUID(int=0)
        begin = sum(1 for one in known if one <= after)
        limit: int = asked.get("limit", DEFAULT_LIMIT)
        end = begin + limit
        cursor = self._cursors.write(known[end - 1].hex, belongs_to) if end < len(known) else None
        call.rows = len(shown[begin:end])
        return answer_of(Page(list(shown[begin:end]), cursor is not None, cursor))

    @asynccontextmanager
    async def _giving(self, call: Call) -> AsyncGenerator[tuple[Connection, MemberRecord]]:
        """A transaction in which the key may change the team, and the member on whose word it does."""
        caller = call.known_caller
        _refuse_bound(call)
        try:
            async with as_organization(self._pool, caller.org_id) as connection:
                yield connection, await require_granting(connection, caller)
        except GrantingOffError:
            raise ApiProblem(NOT_TURNED_ON, OFF) from None
        except MemberNotFoundError:
            raise missing() from None
        except NotAllowedError as refusal:
            raise ApiProblem(INSUFFICIENT_SCOPE, str(refusal)) from None


def _refuse_bound(call: Call) -> None:
    """People reach everything of an organization; so a key that does not reach it all lets nobody in."""
    caller = call.known_caller
    if caller.mode is Mode.TEST:
        raise ApiProblem(KEY_MODE_MISMATCH, "The team is real: a test key does not change it.")
    if caller.is_bound:
        raise ApiProblem(INSUFFICIENT_SCOPE, "A key that is bound to firms or connections does not change the team.")
