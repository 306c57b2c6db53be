"""Firms, and how their connections stand."""

from uuid import UUID

from service.accounts.errors import AccountError
from service.accounts.organizations import create_firm, list_firms
from service.accounts.roles import Permission
from service.audit.acts import member_actor
from service.connections.approvals.store import list_approvals
from service.connections.routes import Connection, to_connection
from service.connections.store import list_accounts_of, list_connections
from service.db.pool import as_organization
from service.portal.pages import approvals, branding, connection, consents, endings, evidence, firms, links
from service.portal.route import Route, form, page
from service.portal.visit import Reply, Visit, missing

_MODULES = (branding, firms, links, connection, endings, approvals, consents, evidence)


def routes() -> tuple[Route, ...]:
    """Firms and connections, and all that is done about one of them."""
    return (
        page("/connections", connections, Permission.READ),
        form("/connections/sandbox", connect_sandbox, Permission.CONNECT),
        form("/firms", add_firm, Permission.CONNECT),
        *(route for module in _MODULES for route in module.routes()),
    )


async def connections(visit: Visit) -> Reply:
    return await _connections(visit)


async def add_firm(visit: Visit) -> Reply:
    try:
        async with as_organization(visit.parts.pool, visit.org_id) as database:
            await create_firm(
                database,
                visit.org_id,
                visit.form.text("name"),
                clock=visit.parts.clock,
                actor=member_actor(visit.me.session.member_id),
            )
    except AccountError:
        return await _connections(visit, 422, error="Enter the firm's name, as the firm calls itself.")
    return visit.go("/connections")


async def connect_sandbox(visit: Visit) -> Reply:
    """A consented connection to an embedded sandbox; only where there are some."""
    vendor = visit.form.text("vendor")
    if vendor not in visit.parts.sandboxes.vendors:
        raise missing()
    firm_id = visit.read_id("firm", visit.form.text("firm"))
    session = visit.me.session
    try:
        await visit.parts.sandboxes.connect(
            visit.org_id, firm_id, vendor, session.name, member_actor(session.member_id)
        )
    except AccountError:
        raise missing() from None
    return visit.go(visit.form.text("back") or "/connections")


async def _connections(visit: Visit, status: int = 200, error: str | None = None) -> Reply:
    at = visit.parts.clock()
    async with as_organization(visit.parts.pool, visit.org_id) as database:
        found = await list_firms(database, visit.org_id)
        records = await list_connections(database, visit.org_id)
        accounts = await list_accounts_of(database, visit.org_id, [record.id for record in records])
        waiting = await list_approvals(database, visit.org_id, None, at, waiting=True)
    by_firm: dict[UUID, list[Connection]] = {firm.id: [] for firm in found}
    for record in records:
        by_firm[record.firm_id].append(to_connection(record, accounts[record.id]))
    return visit.page(
        "connections.html",
        status,
        firms=found,
        by_firm=by_firm,
        waiting=len(waiting),
        error=error,
        typed=visit.form.text("name"),
        vendors={one.slug: one.name for one in visit.parts.connectors},
    )
