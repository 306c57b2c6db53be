"""What the platform itself does to a connection's state, which nobody asked for: so it is in the audit log."""

from datetime import datetime
from uuid import UUID

from service import ids
from service.audit.acts import PLATFORM, record_act
from service.connections import store
from service.connections.open import USABLE
from service.connections.store import State
from service.db.pool import Connection


async def move_connection(
    connection: Connection, org_id: UUID, connection_id: UUID, state: State, reason: str | None, at: datetime
) -> None:
    """The new state with its line on the timeline and its audit row, all or nothing.

    Only of a connection in use: one that was paused, refused or ended since the caller looked stays so.
    """
    async with connection.transaction():
        if await store.lock_connection(connection, org_id, connection_id) not in USABLE:
            return
        firm_id = await store.mark_connection_state(connection, org_id, connection_id, state, reason, at)
        if firm_id is not None:
            await record_act(
                connection,
                org_id,
                f"connections.{state.value}",
                (ids.encode("con", connection_id),),
                firm_id=firm_id,
                connection_id=connection_id,
                actor=PLATFORM,
            )
