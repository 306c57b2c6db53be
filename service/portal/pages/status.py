"""How each vendor answers: measured, and nobody's in particular."""

from service.portal.route import Route, page
from service.portal.visit import Reply, Visit


def routes() -> tuple[Route, ...]:
    """Whoever comes may see it."""
    return (page("/status", status, anyone=True),)


async def status(visit: Visit) -> Reply:
    found = await visit.parts.standings.every()
    return visit.page("status.html", vendors=found, until=found[0].measured_until if found else None)
