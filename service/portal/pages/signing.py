"""Signing up, in and out; codes; forgotten passwords; proving again who one is."""

from datetime import timedelta
from typing import Final, TypeVar
from urllib.parse import quote
from uuid import UUID

import msgspec

from service.accounts import members, sessions
from service.accounts.errors import AddressTakenError, ImpossibleValueError, LinkExpiredError, WrongCodeError
from service.accounts.members import Joining, Known, NewAccount, NewPassword
from service.accounts.members_store import Invitation, get_member
from service.api.limits import subscriber
from service.db.pool import as_organization
from service.portal.cookies import DEVICE, device_token, same
from service.portal.mail import Mail, MailError, Outbox
from service.portal.route import Route, form, page, sign_in_cookies, sign_out_cookies
from service.portal.throttle import MAILS, SIGN_INS, STRANGERS
from service.portal.visit import Refusal, Reply, Visit, local_path, missing

T = TypeVar("T")

LINK_LASTS: Final = timedelta(hours=1)
_HALFWAY_LASTS: Final = timedelta(minutes=10)


class Halfway(msgspec.Struct, frozen=True):
    """Somebody whose password was right and whose code is still to come."""

    org_id: UUID
    member_id: UUID
    email: str


def routes() -> tuple[Route, ...]:
    """Everything before one is signed in, and the way out."""
    return (
        page("/", welcome, anyone=True),
        page("/sign-up", ask_address, anyone=True),
        form("/sign-up", send_link, anyone=True),
        page("/sign-up/finish", ask_account, anyone=True),
        form("/sign-up/finish", make_account, anyone=True),
        page("/sign-in", ask_password, anyone=True),
        form("/sign-in", sign_in, anyone=True),
        form("/sign-in/code", take_code, anyone=True),
        form("/sign-out", sign_out, member=True),
        page("/forgot", ask_forgotten, anyone=True),
        form("/forgot", send_reset, anyone=True),
        page("/reset", ask_new_password, anyone=True),
        form("/reset", reset, anyone=True),
        page("/join", ask_to_join, anyone=True),
        form("/join", join, anyone=True),
        page("/confirm", ask_confirmation, member=True),
        form("/confirm", confirm, member=True),
        page("/outbox", outbox, anyone=True),
    )


async def welcome(visit: Visit) -> Reply:
    if visit.signed_in is not None:
        return visit.go("/home")
    return visit.page("welcome.html", vendors=visit.parts.connectors)


async def ask_address(visit: Visit) -> Reply:
    return visit.page("sign_up.html", error=None, email="")


async def send_link(visit: Visit) -> Reply:
    """The same answer for a new address and a known one: only its holder learns which it is, by mail."""
    try:
        email = members.checked_email(visit.form.text("email"))
    except ImpossibleValueError as error:
        return visit.page("sign_up.html", 422, error=str(error), email=visit.form.text("email"))
    if await members.password_reset(visit.parts.pool, email) is None:
        link = visit.parts.links.seal(NewAccount(email), LINK_LASTS)
        mail = Mail(
            to=email,
            subject="Finish signing up for Tickmark",
            text="Somebody, hopefully you, wants to sign up with this address. This link finishes it; "
            "it works for an hour.",
            link=f"{visit.origin}/sign-up/finish?link={link}",
        )
    else:
        mail = Mail(
            to=email,
            subject="You have a Tickmark account already",
            text="Somebody, hopefully you, wants to sign up with this address, which has an account. Sign in here, "
            "or set a new password there if you have forgotten yours.",
            link=f"{visit.origin}/sign-in",
        )
    await _send(visit, mail)
    return visit.page("sent.html", title="Check your mail", email=email, what="a link to finish signing up")


async def ask_account(visit: Visit) -> Reply:
    email = _opened(visit, visit.query.text("link"), NewAccount).email
    return visit.page("account.html", error={}, email=email, name="", organization="", link=visit.query.text("link"))


async def make_account(visit: Visit) -> Reply:
    text = visit.form.text
    email = _opened(visit, text("link"), NewAccount).email
    wrong: dict[str, str] = {}
    if not text("name"):
        wrong["name"] = "Enter your name, as your team knows it."
    if not text("organization"):
        wrong["organization"] = "Enter the name of your company or app."
    try:
        if not wrong:
            member = await members.sign_up(
                visit.parts.pool,
                visit.parts.passwords,
                email=email,
                name=text("name"),
                password=visit.form.raw("password"),
                organization=text("organization"),
                clock=visit.parts.clock,
            )
            return await _open(visit, Known(member.org_id, member.id), email, "/home")
    except ImpossibleValueError as error:
        wrong["password"] = str(error)
    except AddressTakenError:
        return visit.go("/sign-in")
    return visit.page(
        "account.html",
        422,
        error=wrong,
        email=email,
        name=text("name"),
        organization=text("organization"),
        link=text("link"),
    )


async def ask_password(visit: Visit) -> Reply:
    following = local_path(visit.query.text("next"), "/home")
    if visit.signed_in is not None:
        return visit.go(following)
    return visit.page("sign_in.html", error=None, email="", following=following)


async def sign_in(visit: Visit) -> Reply:
    email, following = visit.form.text("email").lower(), local_path(visit.form.text("next"), "/home")
    await _count_attempt(visit, email)
    known = await members.check_credentials(
        visit.parts.pool, visit.parts.passwords, email, visit.form.raw("password")[:1024]
    )
    if known is None:
        error = "This address and password do not go together. Check both, or set a new password."
        return visit.page("sign_in.html", 422, error=error, email=visit.form.text("email"), following=following)
    async with as_organization(visit.parts.pool, known.org_id) as connection:
        member = await get_member(connection, known.org_id, known.member_id)
    if member is not None and member.has_totp:
        halfway = visit.parts.links.seal(Halfway(known.org_id, known.member_id, email), _HALFWAY_LASTS)
        return visit.page("code.html", error=None, halfway=halfway, following=following)
    return await _open(visit, known, email, following)


async def take_code(visit: Visit) -> Reply:
    following = local_path(visit.form.text("next"), "/home")
    try:
        half = visit.parts.links.open(visit.form.text("halfway"), Halfway)
    except LinkExpiredError:
        return visit.go(f"/sign-in?next={quote(following)}")
    await visit.parts.throttle.spend("code", SIGN_INS, half.email)
    try:
        async with as_organization(visit.parts.pool, half.org_id) as connection:
            await visit.parts.factors.check(connection, half.org_id, half.member_id, visit.form.text("code"))
    except WrongCodeError:
        error = "This is not the code of this moment. Wait for the next one and enter its six digits."
        facts = {"halfway": visit.form.text("halfway"), "following": following}
        return visit.page("code.html", 422, error=error, **facts)
    return await _open(visit, Known(half.org_id, half.member_id), half.email, following)


async def sign_out(visit: Visit) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        await sessions.end_session(connection, visit.me, visit.me.session.id)
    sign_out_cookies(visit)
    return visit.go("/")


async def ask_forgotten(visit: Visit) -> Reply:
    return visit.page("forgot.html", error=None, email="")


async def send_reset(visit: Visit) -> Reply:
    try:
        email = members.checked_email(visit.form.text("email"))
    except ImpossibleValueError as error:
        return visit.page("forgot.html", 422, error=str(error), email=visit.form.text("email"))
    leave = await members.password_reset(visit.parts.pool, email)
    if leave is not None:
        link = visit.parts.links.seal(leave, LINK_LASTS)
        text = "This link sets a new password; it works once, for an hour. If it was not you, do nothing."
        mail = Mail(to=email, subject="Set a new password", text=text, link=f"{visit.origin}/reset?link={link}")
        await _send(visit, mail)
    what = "a link to set a new password, if there is an account with this address"
    return visit.page("sent.html", title="Check your mail", email=email, what=what)


async def ask_new_password(visit: Visit) -> Reply:
    link = visit.query.text("link")
    leave = _opened(visit, link, NewPassword)
    return visit.page("reset.html", error=None, link=link, email=leave.email)


async def reset(visit: Visit) -> Reply:
    """A new password ends every session; the second factor is still asked for."""
    link = visit.form.text("link")
    leave = _opened(visit, link, NewPassword)
    try:
        await members.reset_password(visit.parts.pool, visit.parts.passwords, leave, visit.form.raw("password"))
    except ImpossibleValueError as error:
        return visit.page("reset.html", 422, error=str(error), link=link, email=leave.email)
    except LinkExpiredError:
        raise _EXPIRED from None
    sign_out_cookies(visit)
    return visit.go("/sign-in")


async def ask_to_join(visit: Visit) -> Reply:
    link = visit.query.text("link")
    invitation = await _invitation(visit, link)
    return visit.page("join.html", error={}, link=link, invitation=invitation, name="")


async def join(visit: Visit) -> Reply:
    link, name = visit.form.text("link"), visit.form.text("name")
    invitation = await _invitation(visit, link)
    wrong: dict[str, str] = {} if name else {"name": "Enter your name, as your team knows it."}
    try:
        if not wrong:
            member = await members.join(
                visit.parts.pool,
                visit.parts.passwords,
                _opened(visit, link, Joining),
                name=name,
                password=visit.form.raw("password"),
                clock=visit.parts.clock,
            )
            return await _open(visit, Known(member.org_id, member.id), member.email, "/home")
    except ImpossibleValueError as error:
        wrong["password"] = str(error)
    except AddressTakenError:
        wrong["name"] = "This address is a member of another organization. Ask to be invited under another address."
    except LinkExpiredError:
        raise _EXPIRED from None
    return visit.page("join.html", 422, error=wrong, link=link, invitation=invitation, name=name)


async def ask_confirmation(visit: Visit) -> Reply:
    following = local_path(visit.query.text("next"), "/home")
    return visit.page("confirm.html", error=None, following=following)


async def confirm(visit: Visit) -> Reply:
    """The code where there is one, else the password; the session goes on under a new token."""
    me, following = visit.me, local_path(visit.form.text("next"), "/home")
    await visit.parts.throttle.spend("code", SIGN_INS, me.session.email)
    if not await _proves(visit):
        error = (
            "This is not the code of this moment. Wait for the next one."
            if me.session.has_totp
            else "This is not your password."
        )
        return visit.page("confirm.html", 422, error=error, following=following)
    async with as_organization(visit.parts.pool, me.org_id) as connection:
        token = await sessions.confirm_session(connection, me, clock=visit.parts.clock)
    sign_in_cookies(visit, token, None)
    return visit.go(following)


async def outbox(visit: Visit) -> Reply:
    """The mails of this machine, where no mail server is set."""
    if not isinstance(visit.parts.mailer, Outbox):
        raise missing()
    return visit.page("outbox.html", mails=await visit.parts.mailer.list_mails())


async def _proves(visit: Visit) -> bool:
    session = visit.me.session
    if not session.has_totp:
        secret = visit.form.raw("password")[:1024]
        return (
            await members.check_credentials(visit.parts.pool, visit.parts.passwords, session.email, secret) is not None
        )
    try:
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            await visit.parts.factors.check(connection, visit.org_id, session.member_id, visit.form.text("code"))
    except WrongCodeError:
        return False
    return True


async def _count_attempt(visit: Visit, email: str) -> None:
    """Counts a sign-in so that guessing is slow and locks nobody out."""
    throttle = visit.parts.throttle
    if same(visit.cookies.get(DEVICE, ""), device_token(visit.parts.cookie_key, email)):
        await throttle.spend("known", SIGN_INS, email)
        return
    await throttle.spend("sign-in", SIGN_INS, subscriber(visit.address), email)
    try:
        await throttle.spend("stranger", STRANGERS, email)
    except Refusal as refusal:
        advice = "Sign in from a browser you have used before, or have a link mailed to set a new password. "
        raise Refusal(429, "Too many attempts from unknown browsers", advice + refusal.advice) from None


async def _open(visit: Visit, known: Known, email: str, following: str) -> Reply:
    async with as_organization(visit.parts.pool, known.org_id) as connection:
        token = await sessions.open_session(
            connection,
            known.org_id,
            known.member_id,
            user_agent=visit.user_agent,
            address=visit.address,
            clock=visit.parts.clock,
        )
    sign_in_cookies(visit, token, device_token(visit.parts.cookie_key, email))
    return visit.go(following)


async def _send(visit: Visit, mail: Mail) -> None:
    await visit.parts.throttle.spend("mail", MAILS, mail.to)
    try:
        await visit.parts.mailer.send(mail)
    except MailError:
        raise Refusal(503, "The mail could not be sent", "Try again in a few minutes.") from None


async def _invitation(visit: Visit, link: str) -> Invitation:
    try:
        return await members.read_invitation(visit.parts.pool, _opened(visit, link, Joining), clock=visit.parts.clock)
    except LinkExpiredError:
        raise _EXPIRED from None


def _opened(visit: Visit, link: str, kind: type[T]) -> T:
    try:
        return visit.parts.links.open(link, kind)
    except LinkExpiredError:
        raise _EXPIRED from None


_EXPIRED: Final = Refusal(410, "This link does not work any more", "It is too old or was used. Ask for a new one.")
