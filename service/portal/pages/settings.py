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

_ZONES: Final = (
    "UTC",
    *sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/"))),
)


def routes() -> tuple[Route, ...]:
    """Everybody sees them."""
    return (
        page("/settings", settings, member=True),
        form("/settings/organization", change, Permission.ORGANIZATION),
    )


async def settings(visit: Visit) -> Reply:
    return _settings(visit)


async def change(visit: Visit) -> Reply:
    name, zone = visit.form.text("name"), visit.form.text("time_zone")
    try:
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            await change_organization(
                connection, visit.org_id, name, zone, actor=member_actor(visit.me.session.member_id)
            )
    except ImpossibleValueError as error:
        return _settings(visit, 422, str(error))
    return visit.go("/settings")


def _settings(visit: Visit, status: int = 200, error: str | None = None) -> Reply:
    return visit.page("settings.html", status, zones=_ZONES, error=error, typed=visit.form)
