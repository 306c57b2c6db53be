"""Files that hold firms' data: taken away once the firms' second persons have agreed."""

from uuid import UUID

from service import ids
from service.audit.acts import member_actor, record_act
from service.connections.approvals.exporting import Taking, list_missing
from service.db.pool import as_organization
from service.portal.visit import Reply, Visit


async def may_take(
    visit: Visit, act: str, name: str, *narrowed: str, firm_id: UUID | None = None, ticket: str | None = None
) -> bool:
    """Whether it may go now; else second persons are asked. Either way it is in the audit log.

    `firm_id`: whose data it is; None where it is of every firm. `narrowed` is all that makes it this file and no other.
    """
    session, at = visit.me.session, visit.parts.clock()
    said = ", ".join((name, *narrowed, *((f"ticket {ticket}",) if ticket else ())))
    taking = Taking(
        org_id=visit.org_id,
        firm_ids=None if firm_id is None else frozenset({firm_id}),
        connection_ids=None,
        what=(act, name, *narrowed, ticket or ""),
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
