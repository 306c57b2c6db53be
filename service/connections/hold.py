"""Pausing a connection and resuming it: nothing is asked of the vendor in between, nothing is lost."""

from typing import Final

from service import ids
from service.audit.acts import record_act
from service.connections import store
from service.connections.errors import ConnectionNotUsableError
from service.connections.issues import canary
from service.connections.linking import Linking
from service.connections.open import USABLE
from service.connections.store import ConnectionRecord, State
from service.db.pool import as_organization

_PAUSED: Final = "paused by its organization"


async def pause_connection(
    linking: Linking, record: ConnectionRecord, *, reason: str | None = None, actor: str | None = None
) -> ConnectionRecord:
    """Calls answer 424 until it is resumed. A second time changes nothing.

    Raises ConnectionNotUsableError for one that is not in use. `actor` is who acts outside of the API.
    """
    return await _move(linking, record, USABLE, State.PAUSED, reason or _PAUSED, "connections.pause", actor)


async def resume_connection(
    linking: Linking, record: ConnectionRecord, *, actor: str | None = None
) -> ConnectionRecord:
    """Calls pass again; degraded while an issue is open. Raises ConnectionNotUsableError for one that is not paused."""
    paused = frozenset({State.PAUSED})
    return await _move(linking, record, paused, State.HEALTHY, None, "connections.resume", actor)


async def _move(
    linking: Linking,
    record: ConnectionRecord,
    allowed: frozenset[State],
    state: State,
    reason: str | None,
    act: str,
    actor: str | None,
) -> ConnectionRecord:
    org_id, at = record.org_id, linking.clock()
    async with as_organization(linking.pool, org_id) as connection:
        now = await store.lock_connection(connection, org_id, record.id)
        is_there = now is state or (state is State.HEALTHY and now in USABLE)
        if not is_there:
            if now not in allowed:
                raise ConnectionNotUsableError(now)
            await store.mark_connection_state(connection, org_id, record.id, state, reason, at)
            if state is State.HEALTHY:
                await canary.judge(connection, org_id, record.id, at)
            if actor is not None:
                about = (ids.encode("con", record.id),)
                await record_act(
                    connection, org_id, act, about, firm_id=record.firm_id, connection_id=record.id, actor=actor
                )
        after = await store.get_connection(connection, org_id, record.id)
    linking.connections.forget(org_id, record.id)
    assert after is not None, "connections are never deleted"
    return after
