"""What waits for a second person, and their word."""

from service import ids
from service.accounts.organizations import list_firms
from service.accounts.roles import Permission
from service.audit.acts import member_actor, record_act
from service.connections.approvals import require, store
from service.connections.approvals.shapes import to_approval
from service.connections.errors import ApprovalError
from service.db.pool import as_organization
from service.portal.route import Route, form, page
from service.portal.visit import Reply, Visit


def routes() -> tuple[Route, ...]:
    """Everybody sees what waits; those who connect firms decide, with a recent proof."""
    return (
        page("/approvals", approvals, Permission.READ),
        form("/approvals/{id}/approve", approve, Permission.CONNECT, recent=True),
        form("/approvals/{id}/refuse", refuse, Permission.CONNECT, recent=True),
    )


async def approvals(visit: Visit) -> Reply:
    return await _approvals(visit)


async def approve(visit: Visit) -> Reply:
    return await _decided(visit, "approved")


async def refuse(visit: Visit) -> Reply:
    return await _decided(visit, "refused")


async def _decided(visit: Visit, decision: store.Decision) -> Reply:
    approval_id, session, at = visit.id_in_path("apr"), visit.me.session, visit.parts.clock()
    try:
        async with as_organization(visit.parts.pool, visit.org_id) as database:
            after = await require.decide(database, visit.org_id, approval_id, decision, session.email, None, at)
            await record_act(
                database,
                visit.org_id,
                f"approvals.{'approve' if decision == 'approved' else 'refuse'}",
                (ids.encode("apr", approval_id),),
                firm_id=after.firm_id,
                connection_id=after.connection_id,
                actor=member_actor(session.member_id),
            )
    except ApprovalError as error:
        return await _approvals(visit, 422, f"{error}.".capitalize())
    return visit.go("/approvals")


async def _approvals(visit: Visit, status: int = 200, error: str | None = None) -> Reply:
    at = visit.parts.clock()
    async with as_organization(visit.parts.pool, visit.org_id) as database:
        stored = await store.list_approvals(database, visit.org_id, None, at, waiting=False)
        firms = {ids.encode("firm", firm.id): firm.name for firm in await list_firms(database, visit.org_id)}
    found = [to_approval(one, at) for one in stored]
    return visit.page(
        "approvals.html",
        status,
        waiting=[one for one in found if one.status == "waiting"],
        decided=[one for one in found if one.status != "waiting"],
        firms=firms,
        mine=visit.me.session.email.casefold(),
        error=error,
    )
