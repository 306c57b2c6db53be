"""Events: what happened, in one list."""

from typing import Final

from service import ids
from service.accounts.roles import Permission
from service.db.pool import as_organization
from service.events.feed import list_happenings
from service.events.store import list_endpoints
from service.portal.naming import read_names
from service.portal.route import Route, page
from service.portal.visit import Reply, Visit

_ROWS: Final = 40
_PATHS: Final = {"key": "/keys", "con": "/connections", "bill": "/invoices", "whe": "/events/endpoints"}


def routes() -> tuple[Route, ...]:
    """Everybody sees what happened; of money only who may see money."""
    return (page("/events", events, Permission.READ),)


async def events(visit: Visit) -> Reply:
    org_id, after = visit.org_id, visit.query.text("after")
    async with as_organization(visit.parts.pool, org_id) as connection:
        found = await list_happenings(
            connection,
            org_id,
            before=visit.parts.clock(),
            limit=_ROWS + 1,
            after=visit.read_id("evt", after) if after else None,
            money=visit.may(Permission.READ_MONEY),
        )
        names = await read_names(visit, connection)
        names |= {
            ids.encode("whe", one.id): one.description or one.url for one in await list_endpoints(connection, org_id)
        }
    names[ids.encode("org", org_id)] = visit.me.session.organization
    shown = found[:_ROWS]
    onward = f"/events?after={shown[-1].id}" if len(found) > _ROWS else None
    return visit.page("events.html", events=shown, names=names, paths=_PATHS, onward=onward, first=not after)
