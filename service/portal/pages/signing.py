"""Signing in and out; codes; proving again who one is."""

from urllib.parse import quote

from service.accounts import credentials, sessions
from service.accounts.credentials import Known
from service.accounts.errors import LinkExpiredError, WrongCodeError
from service.accounts.passkeys import list_passkeys
from service.accounts.second_factor import Taken
from service.db.pool import as_organization
from service.portal.entering import Halfway, count_attempt, count_code, enter, go_on, site_of
from service.portal.mail import Mail
from service.portal.route import Route, form, page, sign_in_cookies, sign_out_cookies
from service.portal.sending import tell
from service.portal.throttle import CODES
from service.portal.visit import Form, Reply, Visit, local_path

_WRONG_CODE = "This is not the code of this moment. Wait for the next one and enter its six digits."
_WRONG_RECOVERY_CODE = "This is none of your recovery codes, or it was used before."


def routes() -> tuple[Route, ...]:
    """The way in for members, and the way out."""
    return (
        page("/sign-in", ask_password, anyone=True),
        form("/sign-in", sign_in, anyone=True),
        form("/sign-in/code", take_code, anyone=True),
        form("/sign-out", sign_out, member=True),
        page("/confirm", ask_confirmation, member=True),
        form("/confirm", confirm, member=True),
    )


async def ask_password(visit: Visit) -> Reply:
    following = local_path(visit.query.text("next"), "/home")
    if visit.signed_in is not None:
        return visit.go(following)
    return ask(visit, following)


async def sign_in(visit: Visit) -> Reply:
    email, following = visit.form.text("email").lower(), local_path(visit.form.text("next"), "/home")
    await count_attempt(visit, email)
    known = await credentials.check_credentials(
        visit.parts.pool, visit.parts.passwords, email, visit.form.raw("password")[:1024]
    )
    if known is None:
        error = "This address and password do not go together. Check both, or set a new password."
        return ask(visit, following, error)
    return await go_on(visit, known, email, following)


async def take_code(visit: Visit) -> Reply:
    following = local_path(visit.form.text("next"), "/home")
    try:
        half = visit.parts.links.open(visit.form.text("halfway"), Halfway)
    except LinkExpiredError:
        return visit.go(f"/sign-in?next={quote(following)}")
    await count_code(visit, half)
    try:
        async with as_organization(visit.parts.pool, half.org_id) as connection:
            taken = await visit.parts.factors.check(connection, half.org_id, half.member_id, _code(visit.form))
    except WrongCodeError:
        facts = {"halfway": visit.form.text("halfway"), "following": following}
        return visit.page("code.html", 422, error=_wrong(visit.form), **facts)
    if taken is Taken.RECOVERY_CODE:
        await _tell_of_recovery_code(visit, half.email)
    return await enter(visit, Known(half.org_id, half.member_id), half.email, following)


async def sign_out(visit: Visit) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        await sessions.end_session(connection, visit.me, visit.me.session.id)
    sign_out_cookies(visit)
    return visit.go("/")


async def ask_confirmation(visit: Visit) -> Reply:
    return await ask_again(visit, local_path(visit.query.text("next"), "/home"))


async def confirm(visit: Visit) -> Reply:
    """The code where there is one, else the password; the session goes on under a new token.

    Counted for this session: a thief of another one cannot use up the member's attempts.
    """
    me, following = visit.me, local_path(visit.form.text("next"), "/home")
    await visit.parts.throttle.spend("confirm", CODES, me.session.id.hex)
    if not await _proves(visit):
        error = _wrong(visit.form) if me.session.has_totp else "This is not your password."
        return await ask_again(visit, following, error)
    async with as_organization(visit.parts.pool, me.org_id) as connection:
        token = await sessions.confirm_session(connection, me, clock=visit.parts.clock)
    sign_in_cookies(visit, token, None)
    return visit.go(following)


def ask(visit: Visit, following: str, error: str | None = None) -> Reply:
    """The sign-in page."""
    facts = {"email": visit.form.text("email"), "following": following, "passkeys": site_of(visit) is not None}
    return visit.page("sign_in.html", 422 if error else 200, error=error, **facts)


async def ask_again(visit: Visit, following: str, error: str | None = None, alert: str | None = None) -> Reply:
    """The page that asks who it is before what needs a recent proof; `error` is about the field, `alert` is not."""
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        known = await list_passkeys(connection, visit.org_id, visit.me.session.member_id)
    has_passkey = bool(known) and site_of(visit) is not None
    facts = {"error": error, "alert": alert, "following": following, "has_passkey": has_passkey}
    return visit.page("confirm.html", 422 if error or alert else 200, **facts)


async def _proves(visit: Visit) -> bool:
    session = visit.me.session
    if not session.has_totp:
        secret = visit.form.raw("password")[:1024]
        found = await credentials.check_credentials(visit.parts.pool, visit.parts.passwords, session.email, secret)
        return found is not None
    try:
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            taken = await visit.parts.factors.check(connection, visit.org_id, session.member_id, _code(visit.form))
    except WrongCodeError:
        return False
    if taken is Taken.RECOVERY_CODE:
        await _tell_of_recovery_code(visit, session.email)
    return True


def _code(typed: Form) -> str:
    return typed.text("recovery") or typed.text("code")


def _wrong(typed: Form) -> str:
    return _WRONG_RECOVERY_CODE if typed.text("recovery") else _WRONG_CODE


async def _tell_of_recovery_code(visit: Visit, email: str) -> None:
    mail = Mail(
        to=email,
        subject="A recovery code was used",
        text="One of your recovery codes was used to prove who you are; it does not work again. If it was not you, "
        "set a new password now.",
        link=f"{visit.origin}/forgot",
    )
    await tell(visit, mail)
