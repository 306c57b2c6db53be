"""One firm: its connections, the links sent to it, and what it wants two persons for."""

from typing import Any, Final

from service.accounts.errors import UnknownFirmError
from service.accounts.organizations import list_firms
from service.accounts.roles import Permission
from service.accounts.store import Firm
from service.audit.acts import member_actor
from service.connections.approvals.policy import change_policy
from service.connections.approvals.require import ApprovalNeededError
from service.connections.approvals.store import Action, get_policy
from service.connections.errors import ApprovalError
from service.connections.hosted.shapes import status_of
from service.connections.hosted.store import list_sessions
from service.connections.routes import to_connection
from service.connections.store import list_accounts_of, list_connections
from service.db.pool import Connection, as_organization
from service.portal.route import Route, form, page
from service.portal.visit import Reply, Visit, missing

LINKS_SHOWN: Final = 10
WANTED: Final = {
    Action.CONNECT: ("Adding a connection", "Nothing is read through a new connection before somebody else agrees."),
    Action.CONSENT: ("Widening a consent", "More records, or a consent entered by hand."),
    Action.EXPORT: ("Taking tokens away", "The export of a connection's tokens and settings."),
}


def routes() -> tuple[Route, ...]:
    """Everybody sees a firm; what it wants two persons for is changed by those who connect, with a recent proof."""
    return (
        page("/firms/{id}", firm, Permission.READ),
        form("/firms/{id}/policy", policy, Permission.CONNECT, recent=True),
    )


async def firm(visit: Visit) -> Reply:
    return await _firm(visit)


async def policy(visit: Visit) -> Reply:
    """The whole list from now on; to take something off it takes two."""
    firm_id = visit.id_in_path("firm")
    wanted = frozenset(action for action in WANTED if action in visit.form.all("wanted"))
    session = visit.me.session
    try:
        await change_policy(
            visit.parts.linking,
            visit.org_id,
            firm_id,
            wanted,
            by=session.email,
            key_id=None,
            approval_id=None,
            actor=member_actor(session.member_id),
        )
    except UnknownFirmError:
        raise missing() from None
    except ApprovalNeededError:
        return await _firm(visit, 202, waits=True)
    except ApprovalError as error:
        return await _firm(visit, 422, error=f"{error}.".capitalize())
    return visit.go(f"{visit.path.removesuffix('/policy')}?saved=1")


async def firm_of(visit: Visit, connection: Connection) -> Firm:
    """The firm in the path; the page of a missing thing for every other."""
    wanted = visit.id_in_path("firm")
    found = next((one for one in await list_firms(connection, visit.org_id) if one.id == wanted), None)
    if found is None:
        raise missing()
    return found


async def _firm(visit: Visit, status: int = 200, *, error: str | None = None, waits: bool = False) -> Reply:
    at = visit.parts.clock()
    async with as_organization(visit.parts.pool, visit.org_id) as database:
        found = await firm_of(visit, database)
        records = [one for one in await list_connections(database, visit.org_id) if one.firm_id == found.id]
        accounts = await list_accounts_of(database, visit.org_id, [record.id for record in records])
        sessions = await list_sessions(database, visit.org_id, None, LINKS_SHOWN, firm_id=found.id)
        dual = await get_policy(database, visit.org_id, found.id)
    facts: dict[str, Any] = {
        "firm": found,
        "links": [to_connection(record, accounts[record.id]) for record in records],
        "sessions": [(one, status_of(one, at)) for one in sessions],
        "dual": dual,
        "wanted": WANTED,
    }
    names = {one.slug: one.name for one in visit.parts.connectors}
    saved = "saved" in visit.query
    return visit.page("firm.html", status, vendors=names, error=error, waits=waits, saved=saved, **facts)
