"""Settings: the organization's own."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import available_timezones

import billing
from service.accounts.errors import ImpossibleValueError
from service.accounts.organizations import change_organization, get_organization, set_networks
from service.accounts.roles import Permission
from service.audit.acts import member_actor
from service.db.pool import as_organization
from service.portal.route import Route, form, page
from service.portal.visit import Reply, Visit
from service.usage.bodies import MOST_DAYS, get_kept_days, set_free_days, set_kept_days

_ZONES: Final = (
    "UTC",
    *sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/"))),
)


def routes() -> tuple[Route, ...]:
    """Everybody sees them."""
    return (
        page("/settings", settings, member=True),
        form("/settings/organization", change, Permission.ORGANIZATION),
        form("/settings/networks", change_networks, Permission.ORGANIZATION, recent=True),
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


async def change_networks(visit: Visit) -> Reply:
    """Where keys may be used from; an empty field is anywhere."""
    networks = visit.form.text("networks").replace(",", " ").split()
    try:
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            await set_networks(connection, visit.org_id, networks, actor=member_actor(visit.me.session.member_id))
    except ImpossibleValueError as error:
        return await _settings(visit, 422, wrong={"networks": f"{error}.".capitalize()})
    return visit.go("/settings")


async def keep_bodies(visit: Visit) -> Reply:
    """For how many days bodies of test calls and free calls are kept; an empty field is none, or for good."""
    wrong: dict[str, str] = {}
    days = _days(visit, "days", 1, MOST_DAYS, wrong)
    free_days = _days(visit, "free_days", 30, 3650, wrong)
    if wrong:
        return await _settings(visit, 422, wrong=wrong)
    org_id, actor = visit.org_id, member_actor(visit.me.session.member_id)
    async with as_organization(visit.parts.pool, org_id) as connection:
        if days != await get_kept_days(connection, org_id):
            await set_kept_days(connection, org_id, days, visit.parts.clock(), actor=actor)
        if free_days != await billing.get_free_calls_days(connection, org_id):
            await set_free_days(connection, org_id, free_days, actor=actor)
    return visit.go("/settings")


def _days(visit: Visit, name: str, least: int, most: int, wrong: dict[str, str]) -> int | None:
    text = visit.form.text(name)
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < 5 and least <= int(text) <= most:
        return int(text)
    wrong[name] = f"Enter a number from {least} to {most}, or nothing."
    return None


async def _settings(
    visit: Visit, status: int = 200, error: str | None = None, wrong: Mapping[str, str] = MappingProxyType({})
) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        days = await get_kept_days(connection, visit.org_id)
        free_days = await billing.get_free_calls_days(connection, visit.org_id)
        organization = await get_organization(connection, visit.org_id)
    facts: dict[str, Any] = {"days": days, "free_days": free_days, "wrong": wrong, "here": visit.address}
    facts["networks"] = () if organization is None else organization.ip_allow
    return visit.page("settings.html", status, zones=_ZONES, error=error, typed=visit.form, **facts)
