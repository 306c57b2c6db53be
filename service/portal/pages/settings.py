"""Settings: the organization's own."""

from typing import Final
from zoneinfo import available_timezones

from service.accounts.errors import ImpossibleValueError
from service.accounts.organizations import change_organization
from service.accounts.roles import Permission
from service.audit.acts import member_actor
from service.db.pool import as_organization
from service.portal.route import Route, form, page
from service.portal.visit import Reply, Visit
from service.usage.bodies import MOST_DAYS, get_kept_days, set_kept_days

_ZONES: Final = (
    "UTC",
    *sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/"))),
)


def routes() -> tuple[Route, ...]:
    """Everybody sees them."""
    return (
        page("/settings", settings, member=True),
        form("/settings/organization", change, Permission.ORGANIZATION),
        form("/settings/request-log", keep_bodies, Permission.ORGANIZATION),
    )


async def settings(visit: Visit) -> Reply:
    return await _settings(visit)


async def change(visit: Visit) -> Reply:
    name, zone = visit.form.text("name"), visit.form.text("time_zone")
    try:
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            await change_organization(
                connection, visit.org_id, name, zone, actor=member_actor(visit.me.session.member_id)
            )
    except ImpossibleValueError as error:
        return await _settings(visit, 422, str(error))
    return visit.go("/settings")


async def keep_bodies(visit: Visit) -> Reply:
    """For how many days bodies of test calls are kept; an empty field ends it."""
    text = visit.form.text("days")
    if text and not (text.isascii() and text.isdigit() and len(text) < 3 and 1 <= int(text) <= MOST_DAYS):
        return await _settings(visit, 422, wrong_days=f"Enter a number from 1 to {MOST_DAYS}, or nothing.")
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        actor = member_actor(visit.me.session.member_id)
        await set_kept_days(connection, visit.org_id, int(text) if text else None, visit.parts.clock(), actor=actor)
    return visit.go("/settings")


async def _settings(visit: Visit, status: int = 200, error: str | None = None, wrong_days: str | None = None) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        days = await get_kept_days(connection, visit.org_id)
    return visit.page(
        "settings.html", status, zones=_ZONES, error=error, typed=visit.form, days=days, wrong_days=wrong_days
    )
