"""Makes the portal from its parts."""

from service.api.auth import Proxies
from service.portal.pages import (
    audit,
    budgets,
    connections,
    deliveries,
    events,
    home,
    hooks,
    identities,
    invoices,
    keys,
    learning,
    log,
    money,
    passkeys,
    problems,
    recovering,
    security,
    settings,
    signing,
    signing_up,
    status,
    team,
    tryout,
)
from service.portal.parts import Parts
from service.portal.route import Portal, Route, page
from service.portal.visit import Reply, Visit, missing


def portal_routes() -> tuple[Route, ...]:
    """Every page and form."""
    signed_out = (signing_up, signing, recovering)
    own = (home, keys, connections, budgets, invoices, money, log, audit, events, hooks, deliveries, tryout, team)
    members_own = (settings, security, passkeys, identities)
    modules = (*signed_out, *own, *members_own, learning, problems, status)
    return (
        *(route for module in modules for route in module.routes()),
        page("/assets/{digest}/{name}", asset, anyone=True),
    )


def make_portal(parts: Parts, proxies: Proxies = ()) -> Portal:
    """The portal, ready to serve."""
    return Portal(parts, portal_routes(), proxies)


async def asset(visit: Visit) -> Reply:
    found = visit.parts.assets.reply(str(visit.params["name"]), packed=visit.takes_gzip)
    if found is None:
        raise missing()
    return found
