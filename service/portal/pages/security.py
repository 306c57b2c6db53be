"""How a member signs in: password, second factor with its recovery codes, and the browsers it is signed in with."""

from typing import Final

from service.accounts import credentials, recovery, second_factor, sessions
from service.accounts.errors import ImpossibleValueError, WrongCodeError
from service.accounts.identities import list_identities
from service.accounts.passkeys import list_passkeys
from service.audit.acts import member_actor, record_act
from service.db.pool import Connection, as_organization
from service.portal.entering import site_of
from service.portal.mail import Mail
from service.portal.route import Route, form, page, sign_in_cookies, sign_out_cookies
from service.portal.sending import tell
from service.portal.throttle import SIGN_INS
from service.portal.visit import Refusal, Reply, Visit

_WRONG_CODE: Final = "This is not the code of this moment. Enter the six digits shown now."


def routes() -> tuple[Route, ...]:
    """Every member's own; what opens other ways in needs a recent proof."""
    return (
        page("/settings/security", security, member=True),
        page("/settings/password", ask_new_password, member=True, recent=True),
        form("/settings/password", change_password, member=True, recent=True),
        page("/settings/second-factor", ask_factor, member=True, recent=True),
        form("/settings/second-factor", enrol, member=True, recent=True),
        form("/settings/second-factor/codes", renew_codes, member=True, recent=True),
        form("/settings/second-factor/remove", remove_factor, member=True, recent=True),
        form("/settings/sessions/{id}/end", end_session, member=True),
        form("/settings/sessions/end-others", end_others, member=True),
        form("/settings/sessions/end-all", end_all, member=True),
    )


async def security(visit: Visit) -> Reply:
    me, parts = visit.me, visit.parts
    member_id = me.session.member_id
    async with as_organization(parts.pool, me.org_id) as connection:
        facts = {
            "sessions": await sessions.list_sessions(connection, me.org_id, member_id, parts.clock()),
            "codes_left": await second_factor.count_recovery_codes(connection, me.org_id, member_id),
            "passkeys": await list_passkeys(connection, me.org_id, member_id),
            "identities": await list_identities(connection, me.org_id, member_id),
            "passkeys_work": site_of(visit) is not None,
            "recovery": await recovery.get_open_recovery(connection, me.org_id, member_id, parts.clock()),
        }
    return visit.page("security.html", **facts)


async def ask_new_password(visit: Visit) -> Reply:
    return visit.page("password.html", error=None)


async def change_password(visit: Visit) -> Reply:
    parts = visit.parts
    try:
        token = await credentials.change_password(
            parts.pool, parts.passwords, visit.me, visit.form.raw("password"), clock=parts.clock
        )
    except ImpossibleValueError as error:
        return visit.page("password.html", 422, error=str(error))
    sign_in_cookies(visit, token, None)
    await tell_of(visit, "Your password was changed", "and every other browser was signed out")
    return visit.go("/settings/security")


async def ask_factor(visit: Visit) -> Reply:
    return _ask_factor(visit, second_factor.new_secret(), None, 200)


async def enrol(visit: Visit) -> Reply:
    """The second factor is on; every other browser is signed out, for it has not shown a code."""
    me, secret = visit.me, visit.form.text("secret")
    if me.session.has_totp:
        raise Refusal(409, "You have a second factor already", "Remove it first, then add another.")
    await visit.parts.throttle.spend("enrol", SIGN_INS, me.session.id.hex)
    try:
        async with as_organization(visit.parts.pool, me.org_id) as connection:
            codes = await visit.parts.factors.enrol(
                connection, me.org_id, me.session.member_id, secret, visit.form.text("code")
            )
            await sessions.end_other_sessions(connection, me)
            token = await sessions.confirm_session(connection, me, clock=visit.parts.clock)
            await record(visit, connection, "second_factor.add")
    except (WrongCodeError, ValueError):
        return _ask_factor(visit, secret, _WRONG_CODE, 422)
    sign_in_cookies(visit, token, None)
    await tell_of(visit, "Your second factor is on", "and every other browser was signed out")
    return visit.page("recovery_codes.html", codes=codes, renewed=False)


async def renew_codes(visit: Visit) -> Reply:
    me = visit.me
    if not me.session.has_totp:
        raise Refusal(409, "You have no second factor", "Add one first; recovery codes come with it.")
    async with as_organization(visit.parts.pool, me.org_id) as connection:
        codes = await visit.parts.factors.renew_codes(connection, me.org_id, me.session.member_id)
        await record(visit, connection, "second_factor.renew_codes")
    return visit.page("recovery_codes.html", codes=codes, renewed=True)


async def remove_factor(visit: Visit) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        await visit.parts.factors.remove(connection, visit.org_id, visit.me.session.member_id)
        await record(visit, connection, "second_factor.remove")
    await tell_of(visit, "Your second factor was removed", "and your password alone signs in now")
    return visit.go("/settings/security")


async def end_session(visit: Visit) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        await sessions.end_session(connection, visit.me, visit.id_in_path("ses"))
    return visit.go("/settings/security")


async def end_others(visit: Visit) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        await sessions.end_other_sessions(connection, visit.me)
    return visit.go("/settings/security")


async def end_all(visit: Visit) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        await sessions.end_all_sessions(connection, visit.me)
    sign_out_cookies(visit)
    return visit.go("/sign-in")


def _ask_factor(visit: Visit, secret: str, error: str | None, status: int) -> Reply:
    address = second_factor.app_address(secret, visit.me.session.email)
    return visit.page("second_factor.html", status, secret=secret, address=address, error=error)


async def record(visit: Visit, connection: Connection, what: str, *about: str) -> None:
    """An act of this member, in the audit log."""
    await record_act(connection, visit.org_id, what, about, actor=member_actor(visit.me.session.member_id))


async def tell_of(visit: Visit, subject: str, besides: str) -> None:
    """A mail to the member about a change to how it signs in."""
    text = f"{subject}, {besides}. If it was not you, set a new password now and tell an owner of your organization."
    await tell(visit, Mail(to=visit.me.session.email, subject=subject, text=text, link=f"{visit.origin}/forgot"))
