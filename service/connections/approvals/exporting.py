"""Data that is taken away: the second person of every firm whose data is in the file."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from service.connections.approvals import store
from service.connections.approvals.require import LASTS, fingerprint, get_usable
from service.connections.approvals.store import Action, Approval
from service.connections.errors import ApprovalError
from service.db.pool import Connection
from service.ids import new_uuid

MOST_APPROVALS: Final = 50


class ExportNeedsApprovalError(ApprovalError):
    """Second persons have to agree first; `approval_ids` is what they decide, one for each firm."""

    def __init__(self, approval_ids: tuple[UUID, ...]) -> None:
        whose = "the firm wants" if len(approval_ids) == 1 else f"{len(approval_ids)} firms want"
        super().__init__(f"{whose} a second person for this")
        self.approval_ids = approval_ids


class Taking(Struct, frozen=True, kw_only=True):
    """What somebody wants to take away."""

    org_id: UUID
    firm_ids: frozenset[UUID] | None
    """Whose data it is; None: of every firm."""
    connection_ids: frozenset[UUID] | None
    """Narrows it to the firms of these connections."""
    what: tuple[str, ...]
    """Exactly what: an approval of one file serves no other."""
    detail: str
    """In words, for the second person."""
    by: str
    """Who asks, by e-mail address."""
    key_id: UUID | None
    """The key that asks; None on our pages."""
    approval_ids: tuple[UUID, ...] = ()
    """Second persons' words that come with it."""


async def is_wanted(connection: Connection, taking: Taking) -> bool:
    """Whether any firm whose data it is wants two persons for exports."""
    return bool(await store.list_export_firms(connection, taking.org_id, taking.firm_ids, taking.connection_ids))


async def list_missing(connection: Connection, taking: Taking, at: datetime) -> tuple[UUID, ...]:
    """Approvals that are still missing, asked for now. None: all have agreed where one is wanted, and it is used up.

    The caller commits either way: what was asked for waits. Raises ApprovalError for an approval that cannot serve.
    On our pages nobody carries an approval's id about: who sends the same form again goes on when it was agreed to.
    """
    what = fingerprint(Action.EXPORT, *taking.what)
    given: dict[UUID, UUID] = {}
    for approval_id in taking.approval_ids:
        usable = await get_usable(connection, taking.org_id, approval_id, Action.EXPORT, what, at)
        given[usable.firm_id] = usable.id
    waiting: list[UUID] = []
    for firm_id in await store.list_export_firms(connection, taking.org_id, taking.firm_ids, taking.connection_ids):
        if firm_id in given:
            continue
        same = await store.get_same_approval(
            connection, taking.org_id, firm_id, Action.EXPORT, what, taking.by, at, key_id=taking.key_id
        )
        if same is not None and same.decision is not None and taking.key_id is None:
            given[firm_id] = same.id
        elif same is not None and same.decision is None:
            waiting.append(same.id)
        else:
            waiting.append(await _ask(connection, taking, firm_id, what, at))
    if not waiting:
        for approval_id in given.values():
            await store.mark_used(connection, taking.org_id, approval_id, at)
    return tuple(waiting)


async def _ask(connection: Connection, taking: Taking, firm_id: UUID, what: bytes, at: datetime) -> UUID:
    made = Approval(
        id=new_uuid(),
        firm_id=firm_id,
        connection_id=None,
        action=Action.EXPORT,
        detail=taking.detail[:500],
        fingerprint=what,
        requested_by=taking.by,
        requested_key=taking.key_id,
        requested_at=at,
        expires_at=at + LASTS,
    )
    await store.insert_approval(connection, taking.org_id, made)
    return made.id
