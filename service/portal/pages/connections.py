"""Firms, and how their connections stand."""

from service.accounts.errors import AccountError
from service.accounts.organizations import create_firm, list_firms
from service.accounts.roles import Permission
from service.audit.acts import member_actor
from service.connections.routes import to_connection
from service.connections.store import list_accounts_of, list_connections
from service.db.pool import as_organization
from service.portal.route import Route, form, page
from service.portal.visit import Reply, Visit, missing
from service.unified.coverage import vendor_coverage


def routes() -> tuple[Route, ...]:
    """Firms and connections."""
    return (
        page("/connections", connections, Permission.READ),
        form("/connections/sandbox", connect_sandbox, Permission.CONNECT),
        page("/connections/{id}", one, Permission.READ),
        form("/firms", add_firm, Permission.CONNECT),
    )


async def connections(visit: Visit) -> Reply:
    return await _connections(visit)


async def one(visit: Visit) -> Reply:
    wanted = visit.id_in_path("con")
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        found = next((link for link in await list_connections(connection, visit.org_id) if link.id == wanted), None)
        if found is None:
            raise missing()
        accounts = await list_accounts_of(connection, visit.org_id, [wanted])
        firms = {firm.id: firm.name for firm in await list_firms(connection, visit.org_id)}
    connector = next((one for one in visit.parts.connectors if one.slug == found.vendor), None)
    return visit.page(
        "connection.html",
        link=to_connection(found, accounts[wanted]),
        firm=firms[found.firm_id],
        coverage=None if connector is None else vendor_coverage(connector),
    )


async def add_firm(visit: Visit) -> Reply:
    try:
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            await create_firm(
                connection,
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
    try:
        await visit.parts.sandboxes.connect(visit.org_id, firm_id, vendor, visit.me.session.name)
    except AccountError:
        raise missing() from None
    return visit.go("/connections")


async def _connections(visit: Visit, status: int = 200, error: str | None = None) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        firms = await list_firms(connection, visit.org_id)
        records = await list_connections(connection, visit.org_id)
        accounts = await list_accounts_of(connection, visit.org_id, [record.id for record in records])
    by_firm = {
        firm.id: [to_connection(record, accounts[record.id]) for record in records if record.firm_id == firm.id]
        for firm in firms
    }
    return visit.page(
        "connections.html",
        status,
        firms=firms,
        by_firm=by_firm,
        error=error,
        typed=visit.form.text("name"),
        vendors={one.slug: one.name for one in visit.parts.connectors},
    )
