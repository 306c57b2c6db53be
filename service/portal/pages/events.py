"""Events: what happened, in one list."""

from datetime import datetime
from typing import Final
from urllib.parse import quote

from service import ids
from service.accounts.keys import list_keys
from service.accounts.roles import Permission
from service.connections.store import list_connections
from service.db.pool import as_organization
from service.events.feed import list_happenings
from service.portal.route import Route, page
from service.portal.visit import Reply, Visit, missing

_ROWS: Final = 40
_PATHS: Final = {"key": "/keys", "con": "/connections", "bill": "/invoices"}


def routes() -> tuple[Route, ...]:
    """Everybody sees what happened; of money only who may see money."""
    return (page("/events", events, Permission.READ),)


async def events(visit: Visit) -> Reply:
    before, org_id = _before(visit), visit.org_id
    async with as_organization(visit.parts.pool, org_id) as connection:
        found = await list_happenings(
            connection, org_id, before=before, limit=_ROWS, money=visit.may(Permission.READ_MONEY)
        )
        names = {ids.encode("key", key.id): key.name for key in await list_keys(connection, org_id)}
        names |= {ids.encode("con", link.id): link.vendor for link in await list_connections(connection, org_id)}
    names[ids.encode("org", org_id)] = visit.me.session.organization
    onward = f"/events?before={quote(found[-1].at.isoformat())}" if len(found) >= _ROWS else None
    return visit.page(
        "events.html", events=found, names=names, paths=_PATHS, onward=onward, first=not visit.query.text("before")
    )


def _before(visit: Visit) -> datetime:
    text = visit.query.text("before")
    try:
        found = datetime.fromisoformat(text) if text else visit.parts.clock()
    except ValueError:
        raise missing() from None
    if found.tzinfo is None:
        raise missing()
    return found
