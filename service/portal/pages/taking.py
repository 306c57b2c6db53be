"""Files that hold firms' data: taken away for a ticket, once the firms' second persons have agreed."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from service import ids
from service.audit.acts import member_actor, record_act
from service.connections.approvals.exporting import Taking, list_missing
from service.db.pool import as_organization
from service.portal.visit import Reply, Visit

NO_TICKET: Final = "Name the ticket that this belongs to, in up to 100 characters."


def ticket_of(visit: Visit) -> str | None:
    """What the file is for, as it was typed; None where nothing was that could be it."""
    ticket = visit.form.text("ticket")
    return ticket if 1 <= len(ticket) <= 100 and ticket.isprintable() else None


def ask_ticket(visit: Visit, action: str, name: str, back: str, again: Mapping[str, str] | None = None) -> Reply:
    """The page between wanting a file and having it: what it is for. `again` is what makes it this file."""
    wrong = "ticket" in visit.form
    return visit.page(
        "taking.html",
        422 if wrong else 200,
        action=action,
        name=name,
        back=back,
        again=again or {},
        error=NO_TICKET if wrong else None,
    )


async def may_take(visit: Visit, act: str, name: str, *narrowed: str, ticket: str, firm_id: UUID | None = None) -> bool:
    """Whether it may go now; else second persons are asked. Either way it is in the audit log.

    `firm_id`: whose data it is; None where it is of every firm. `narrowed` is all that makes it this file and no other.
    """
    session, at = visit.me.session, visit.parts.clock()
    said = ", ".join((name, *narrowed, f"ticket {ticket}"))
    taking = Taking(
        org_id=visit.org_id,
        firm_ids=None if firm_id is None else frozenset({firm_id}),
        connection_ids=None,
        what=(act, name, *narrowed, ticket),
        detail=f"{session.email} wants {said}",
        by=session.email,
        key_id=None,
    )
    async with as_organization(visit.parts.pool, visit.org_id) as database:
        missing = await list_missing(database, taking, at)
        about = ids.encode("org", visit.org_id) if firm_id is None else ids.encode("firm", firm_id)
        await record_act(
            database,
            visit.org_id,
            f"{act}_asked" if missing else act,
            tuple(ids.encode("apr", one) for one in missing) or (about,),
            firm_id=firm_id,
            actor=member_actor(session.member_id),
            ticket=ticket,
        )
    return not missing


def taking_waits(visit: Visit, back: str) -> Reply:
    """The page that says that somebody else has to agree first."""
    return visit.page("taking_waits.html", 202, back=back)
