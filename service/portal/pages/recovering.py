"""Getting back in: a forgotten password, and a lost second factor."""

from datetime import timedelta
from typing import Final

from service.accounts import credentials, members, recovery
from service.accounts.credentials import NewPassword
from service.accounts.errors import ImpossibleValueError, LinkExpiredError, NotReadyError
from service.accounts.recovery import Recovering
from service.audit.acts import member_actor, record_act
from service.db.pool import as_organization
from service.portal.cookies import device_token
from service.portal.entering import EXPIRED, Halfway, opened
from service.portal.mail import Mail
from service.portal.route import Route, form, know_browser, page, sign_out_cookies
from service.portal.sending import send, tell
from service.portal.visit import Refusal, Reply, Visit

LINK_LASTS: Final = timedelta(hours=1)


def routes() -> tuple[Route, ...]:
    """For who cannot sign in, and for who finds that somebody else tries to."""
    return (
        page("/forgot", ask_forgotten, anyone=True),
        form("/forgot", send_reset, anyone=True),
        page("/reset", ask_new_password, anyone=True),
        form("/reset", reset, anyone=True),
        form("/recover/ask", ask_for_removal, anyone=True),
        page("/recover", show_removal, anyone=True),
        form("/recover", carry_out, anyone=True),
        form("/recover/stop", stop_by_link, anyone=True),
        form("/settings/security/recovery/stop", stop, member=True),
    )


async def ask_forgotten(visit: Visit) -> Reply:
    return visit.page("forgot.html", error=None, email="")


async def send_reset(visit: Visit) -> Reply:
    """A mail goes out either way: neither the page nor how long it takes tells whether there is an account."""
    try:
        email = members.checked_email(visit.form.text("email"))
    except ImpossibleValueError as error:
        return visit.page("forgot.html", 422, error=str(error), email=visit.form.text("email"))
    leave = await credentials.password_reset(visit.parts.pool, email)
    if leave is None:
        mail = Mail(
            to=email,
            subject="No Tickmark account has this address",
            text="Somebody, hopefully you, asked for a new password. No account has this address; perhaps you signed "
            "up with another one. If it was not you, do nothing.",
            link=f"{visit.origin}/sign-up",
        )
    else:
        link = visit.parts.links.seal(leave, LINK_LASTS)
        text = "This link sets a new password; it works once, for an hour. If it was not you, do nothing."
        mail = Mail(to=email, subject="Set a new password", text=text, link=f"{visit.origin}/reset?link={link}")
    await send(visit, mail)
    return visit.page("sent.html", title="Check your mail", email=email, what="a link to set a new password")


async def ask_new_password(visit: Visit) -> Reply:
    link = visit.query.text("link")
    leave = opened(visit, link, NewPassword)
    return visit.page("reset.html", error=None, link=link, email=leave.email)


async def reset(visit: Visit) -> Reply:
    """A new password ends every session; the second factor is still asked for. The browser is known from now on."""
    link = visit.form.text("link")
    leave = opened(visit, link, NewPassword)
    parts = visit.parts
    try:
        await credentials.reset_password(
            parts.pool, parts.passwords, leave, visit.form.raw("password"), clock=parts.clock
        )
    except ImpossibleValueError as error:
        return visit.page("reset.html", 422, error=str(error), link=link, email=leave.email)
    except LinkExpiredError:
        raise EXPIRED from None
    sign_out_cookies(visit)
    know_browser(visit, device_token(parts.cookie_key, leave.email))
    return visit.go("/sign-in")


async def ask_for_removal(visit: Visit) -> Reply:
    """Somebody with the right password has neither the app nor a recovery code."""
    half = opened(visit, visit.form.text("halfway"), Halfway)
    async with as_organization(visit.parts.pool, half.org_id) as connection:
        found = await recovery.ask_for_removal(connection, half.org_id, half.member_id, clock=visit.parts.clock)
        await record_act(connection, half.org_id, "second_factor.ask_removal", (), actor=member_actor(half.member_id))
    link = visit.parts.links.seal(Recovering(found.org_id, found.id), recovery.LASTS)
    mail = Mail(
        to=found.email,
        subject="Your second factor is to be removed",
        text=f"Somebody with your password says that your authenticator and recovery codes are lost. From "
        f"{found.ready_at:%-d %B %Y, %H:%M} UTC on, this link removes the second factor. If it was not you, open it "
        "now, stop this, and set a new password.",
        link=f"{visit.origin}/recover?link={link}",
    )
    await send(visit, mail)
    return visit.page("recovery_asked.html", recovery=found)


async def show_removal(visit: Visit) -> Reply:
    link = visit.query.text("link")
    try:
        found = await recovery.read_recovery(visit.parts.pool, opened(visit, link, Recovering), clock=visit.parts.clock)
    except LinkExpiredError:
        raise _OVER from None
    ready = visit.parts.clock() >= found.ready_at
    return visit.page("recovery.html", recovery=found, link=link, ready=ready)


async def carry_out(visit: Visit) -> Reply:
    link = opened(visit, visit.form.text("link"), Recovering)
    try:
        done = await recovery.carry_out(visit.parts.pool, visit.parts.factors, link, clock=visit.parts.clock)
    except NotReadyError:
        raise Refusal(409, "It is too early", "The link in your mail says from when on it works.") from None
    except LinkExpiredError:
        raise _OVER from None
    text = "Your second factor was removed and you were signed out everywhere. Sign in and add a new one."
    await tell(
        visit,
        Mail(to=done.email, subject="Your second factor was removed", text=text, link=f"{visit.origin}/sign-in"),
    )
    know_browser(visit, device_token(visit.parts.cookie_key, done.email))
    return visit.go("/sign-in")


async def stop_by_link(visit: Visit) -> Reply:
    link = opened(visit, visit.form.text("link"), Recovering)
    try:
        await recovery.stop_by_link(visit.parts.pool, link, clock=visit.parts.clock)
    except LinkExpiredError:
        raise _OVER from None
    return visit.page("recovery_stopped.html")


async def stop(visit: Visit) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        await recovery.stop(connection, visit.org_id, visit.me.session.member_id, clock=visit.parts.clock)
    return visit.go("/settings/security")


_OVER: Final = Refusal(410, "This is over", "It was stopped, carried out, or is too old. Sign in as usual.")
