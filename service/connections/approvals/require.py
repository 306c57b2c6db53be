"""Asking for the second person, and what follows from their word."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

import asyncpg

from service.accounts.keys import are_of_one_line
from service.connections import store as connections
from service.connections.approvals import store
from service.connections.approvals.store import Action, Approval, Decision
from service.connections.errors import ApprovalError
from service.connections.store import State
from service.db.pool import Connection
from service.ids import new_uuid

LASTS: Final = timedelta(days=7)
WAITING: Final = "a second person at the firm has not agreed yet"
REFUSED: Final = "the second person did not agree"


class ApprovalNeededError(ApprovalError):
    """A second person has to agree first; `approval_id` is what they decide."""

    def __init__(self, approval_id: UUID) -> None:
        super().__init__("the firm wants a second person for this")
        self.approval_id = approval_id


def fingerprint(*parts: str) -> bytes:
    """Of exactly what is approved: an approval of one thing serves no other."""
    return sha256("\0".join(parts).encode()).digest()


async def ask(
    connection: Connection,
    org_id: UUID,
    *,
    firm_id: UUID,
    connection_id: UUID | None,
    action: Action,
    detail: str,
    what: bytes,
    by: str,
    key_id: UUID | None,
    at: datetime,
) -> Approval | None:
    """A request for a second person; None where the firm does not want one for this, or that person has agreed.

    To loosen a policy always takes a second person: else one could switch the other off first. On our pages (no key)
    nobody carries an approval's id about: whoever sends the same form again goes on, once, when it was agreed to.
    """
    if action is not Action.POLICY and action not in await store.get_policy(connection, org_id, firm_id):
        return None
    same = None if key_id else await store.get_same_approval(connection, org_id, firm_id, action, what, by, at)
    if same is not None:
        if same.decision is None:
            return same
        await store.mark_used(connection, org_id, same.id, at)
        return None
    made = Approval(
        id=new_uuid(),
        firm_id=firm_id,
        connection_id=connection_id,
        action=action,
        detail=detail[:500],
        fingerprint=what,
        requested_by=by,
        requested_key=key_id,
        requested_at=at,
        expires_at=at + LASTS,
    )
    await store.insert_approval(connection, org_id, made)
    return made


async def spend(
    connection: Connection, org_id: UUID, approval_id: UUID, action: Action, what: bytes, at: datetime
) -> None:
    """Uses an approval of exactly this, once. Raises ApprovalError."""
    await get_usable(connection, org_id, approval_id, action, what, at)
    await store.mark_used(connection, org_id, approval_id, at)


async def get_usable(
    connection: Connection, org_id: UUID, approval_id: UUID, action: Action, what: bytes, at: datetime
) -> Approval:
    """An approval of exactly this that was given and not used yet. Raises ApprovalError."""
    found = await store.get_approval(connection, org_id, approval_id)
    if found is None or found.action is not action or found.fingerprint != what:
        raise ApprovalError("there is no such approval, or it was given for something else")
    if found.decision is None:
        raise ApprovalError(WAITING)
    if found.decision == "refused":
        raise ApprovalError(REFUSED)
    if found.expires_at <= at or found.used_at is not None:
        raise ApprovalError("the approval was used before, or has run out")
    return found


async def decide(
    connection: Connection,
    org_id: UUID,
    approval_id: UUID,
    decision: Decision,
    by: str,
    key_id: UUID | None,
    at: datetime,
) -> Approval:
    """The second person's word, and what follows from it, in the caller's transaction. Raises ApprovalError."""
    found = await store.get_approval(connection, org_id, approval_id)
    if found is None:
        raise ApprovalError("there is no such approval")
    if found.requested_by.casefold() == by.casefold() or await _same_hand(connection, org_id, key_id, found):
        raise ApprovalError("the second person has to be another one than the first, with another key")
    try:
        decided = await store.mark_decided(connection, org_id, approval_id, decision, by, key_id, at)
    except asyncpg.CheckViolationError:
        raise ApprovalError("the second person has to be another one than the first, with another key") from None
    if not decided:
        raise ApprovalError("it was decided before, or has run out")
    await _follow(connection, org_id, found, decision, by, at)
    after = await store.get_approval(connection, org_id, approval_id)
    assert after is not None
    return after


async def _same_hand(connection: Connection, org_id: UUID, key_id: UUID | None, asked: Approval) -> bool:
    """Whether the key asked for it itself, or one of the two keys made the other: two keys, but one that holds them."""
    if key_id is None or asked.requested_key is None:
        return False
    return await are_of_one_line(connection, org_id, key_id, asked.requested_key)


async def _follow(
    connection: Connection, org_id: UUID, asked: Approval, decision: Decision, by: str, at: datetime
) -> None:
    """A connection that waited for this goes into use, or ends."""
    if asked.connection_id is None:
        return
    said = "agreed" if decision == "approved" else "did not agree"
    await connections.insert_event(connection, org_id, asked.connection_id, at, asked.action, f"{by} {said}")
    if asked.action not in (Action.CONNECT, Action.CONSENT):
        return
    if decision == "refused":
        state, reason = State.REVOKED, REFUSED
    elif await store.has_other_approval(connection, org_id, asked.connection_id, asked.id):
        return
    else:
        state, reason = State.HEALTHY, None
    waiting = await connections.get_connection(connection, org_id, asked.connection_id)
    if waiting is not None and waiting.state is State.PENDING:
        if state is State.REVOKED:
            # Also what was signed with it: a consent that nobody agreed to must not come into use by another way.
            await connections.mark_consents_revoked(connection, org_id, asked.connection_id, at)
        await connections.mark_connection_state(connection, org_id, asked.connection_id, state, reason, at)
    if decision == "approved":
        await store.mark_used(connection, org_id, asked.id, at)
