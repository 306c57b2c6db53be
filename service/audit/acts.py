"""Rows of management acts at a terminal: in the act's own transaction, so that none is done without its row.

What is managed through the API is a call and has a call's row.
"""

from uuid import UUID

from service.audit.entry import Entry, to_row
from service.audit.store import insert_rows
from service.db.pool import Connection
from service.ids import new_uuid


async def record_act(
    connection: Connection,
    org_id: UUID,
    what: str,
    about: tuple[str, ...],
    *,
    firm_id: UUID | None = None,
    actor: str = "operator",
    ticket: str | None = None,
) -> None:
    """`what` is `keys.mint`; `about` the ids of what it was done to. `connection` is the operator's."""
    entry = Entry(
        org=org_id,
        id=new_uuid(),
        kind="act",
        actor=actor,
        what=what,
        outcome="done",
        firm=firm_id,
        about=about,
        ticket=ticket,
    )
    await insert_rows(connection, [to_row(entry)])
