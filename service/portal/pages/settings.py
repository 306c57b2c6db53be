"""Settings: the organization, one's own second factor, and where one is signed in."""

from typing import Final
from zoneinfo import available_timezones

from service.accounts import second_factor, sessions
from service.accounts.errors import ImpossibleValueError, WrongCodeError
from service.accounts.organizations import change_organization
from service.accounts.roles import Permission
from service.db.pool import as_organization
from service.portal.route import Route, form, page, sign_in_cookies
from service.portal.throttle import SIGN_INS
from service.portal.visit import Refusal, Reply, Visit

_ZONES: Final = (
    "UTC",
    *sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/"))),
)


def routes() -> tuple[Route, ...]:
    """What a member can set."""
    return (
        page("/settings", settings, member=True),
        form("/settings/organization", change, Permission.ORGANIZATION),
        page("/settings/second-factor", ask_factor, member=True, recent=True),
        form("/settings/second-factor", enrol, member=True, recent=True),
        form("/settings/second-factor/remove", remove_factor, member=True, recent=True),
        form("/settings/sessions/{id}/end", end_session, member=True),
        form("/settings/sessions/end-others", end_others, member=True),
    )


async def settings(visit: Visit) -> Reply:
    return await _settings(visit)


async def change(visit: Visit) -> Reply:
    name, zone = visit.form.text("name"), visit.form.text("time_zone")
    try:
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            await change_organization(connection, visit.org_id, name, zone)
    except ImpossibleValueError as error:
        return await _settings(visit, 422, str(error))
    return visit.go("/settings")


async def ask_factor(visit: Visit) -> Reply:
    return _ask_factor(visit, second_factor.new_secret(), None, 200)


async def enrol(visit: Visit) -> Reply:
    me, secret = visit.me, visit.form.text("secret")
    if me.session.has_totp:
        raise Refusal(409, "You have a second factor already", "Remove it first, then add another.")
    await visit.parts.throttle.spend("code", SIGN_INS, me.session.email)
    try:
        async with as_organization(visit.parts.pool, me.org_id) as connection:
            code = visit.form.text("code")
            await visit.parts.factors.enrol(connection, me.org_id, me.session.member_id, secret, code)
            await sessions.end_other_sessions(connection, me)
            token = await sessions.confirm_session(connection, me, clock=visit.parts.clock)
    except (WrongCodeError, ValueError):
        return _ask_factor(visit, secret, "This is not the code of this moment. Enter the six digits shown now.", 422)
    sign_in_cookies(visit, token, None)
    return visit.go("/settings")


async def remove_factor(visit: Visit) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        await visit.parts.factors.remove(connection, visit.org_id, visit.me.session.member_id)
    return visit.go("/settings")


async def end_session(visit: Visit) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        await sessions.end_session(connection, visit.me, visit.id_in_path("ses"))
    return visit.go("/settings")


async def end_others(visit: Visit) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        await sessions.end_other_sessions(connection, visit.me)
    return visit.go("/settings")


def _ask_factor(visit: Visit, secret: str, error: str | None, status: int) -> Reply:
    address = second_factor.app_address(secret, visit.me.session.email)
    return visit.page("second_factor.html", status, secret=secret, address=address, error=error)


async def _settings(visit: Visit, status: int = 200, error: str | None = None) -> Reply:
    me = visit.me
    async with as_organization(visit.parts.pool, me.org_id) as connection:
        found = await sessions.list_sessions(connection, me.org_id, me.session.member_id, visit.parts.clock())
    return visit.page("settings.html", status, sessions=found, zones=_ZONES, error=error, typed=visit.form)
