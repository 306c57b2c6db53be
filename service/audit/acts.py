"""Rows of acts that are no calls: in the act's own transaction, so that none is done without its row.

What is managed through the API is a call and has a call's row. Acts are what operators do at a terminal, members on our
pages, firms' people on connect pages, the worker, and the platform by itself. A domain's function records its own act,
so that no way to it is without a row; `actor` is None where a call's row or a greater act says it already.
"""

from typing import Final
from uuid import UUID

from service.audit.entry import Entry, to_row
from service.audit.store import insert_rows
from service.db.pool import Connection
from service.ids import new_uuid

OPERATOR: Final = "operator"
"""Somebody at a terminal of ours."""
WORKER: Final = "worker"
"""A job that was due."""
STRIPE: Final = "stripe"
"""Nobody here: what followed from what Stripe says of an invoice."""
PLATFORM: Final = "platform"
"""Nobody: what followed from a vendor's answer."""


def link_actor(session_id: UUID) -> str:
    """Somebody at a firm, on the page that the firm was sent; the consent they signed says who."""
    return f"link_session:{session_id}"


def member_actor(member_id: UUID) -> str:
    """A member of the organization, signed in to our pages."""
    return f"member:{member_id}"


def key_actor(key_id: UUID) -> str:
    """A key that gives to others: the call's row does not say what."""
    return f"key:{key_id}"


async def record_act(
    connection: Connection,
    org_id: UUID,
    what: str,
    about: tuple[str, ...],
    *,
    firm_id: UUID | None = None,
    connection_id: UUID | None = None,
    actor: str = OPERATOR,
    ticket: str | None = None,
    outcome: str = "done",
) -> None:
    """`what` is `keys.mint`; `about` the ids of what it was done to. `connection` is the one that does the act."""
    entry = Entry(
        org=org_id,
        id=new_uuid(),
        kind="act",
        actor=actor,
        what=what,
        outcome=outcome,
        firm=firm_id,
        connection=connection_id,
        about=about,
        ticket=ticket,
    )
    await insert_rows(connection, [to_row(entry)])
