"""The front page; signing up with an address that was proved; joining a team; the outbox of one's own machine."""

from datetime import timedelta
from typing import Final

from service.accounts import credentials, identities, members
from service.accounts.credentials import Known
from service.accounts.errors import AddressTakenError, ImpossibleValueError, LinkExpiredError
from service.accounts.members import Joining, NewAccount
from service.accounts.members_store import Invitation, Member
from service.db.pool import as_organization
from service.portal.cookies import OUTSIDER
from service.portal.entering import EXPIRED, enter, opened
from service.portal.mail import Mail, Outbox
from service.portal.pages.identities import read_outsider
from service.portal.route import Route, form, page, set_cookie
from service.portal.sending import send
from service.portal.visit import Reply, Visit, missing

LINK_LASTS: Final = timedelta(hours=1)


def routes() -> tuple[Route, ...]:
    """What somebody without an account is given."""
    return (
        page("/", welcome, anyone=True),
        page("/sign-up", ask_address, anyone=True),
        form("/sign-up", send_link, anyone=True),
        page("/sign-up/finish", ask_account, anyone=True),
        form("/sign-up/finish", make_account, anyone=True),
        page("/join", ask_to_join, anyone=True),
        form("/join", join, anyone=True),
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
    if await credentials.password_reset(visit.parts.pool, email) is None:
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
    await send(visit, mail)
    return visit.page("sent.html", title="Check your mail", email=email, what="a link to finish signing up")


async def ask_account(visit: Visit) -> Reply:
    link = visit.query.text("link")
    return _account(visit, opened(visit, link, NewAccount), link)


async def make_account(visit: Visit) -> Reply:
    text = visit.form.text
    proved = opened(visit, text("link"), NewAccount)
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
                email=proved.email,
                name=text("name"),
                password=visit.form.raw("password"),
                organization=text("organization"),
                clock=visit.parts.clock,
            )
            await _link_outsider(visit, member)
            return await enter(visit, Known(member.org_id, member.id), proved.email, "/home")
    except ImpossibleValueError as error:
        wrong["password"] = str(error)
    except AddressTakenError:
        return visit.go("/sign-in")
    return _account(visit, proved, text("link"), wrong)


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
                opened(visit, link, Joining),
                name=name,
                password=visit.form.raw("password"),
                clock=visit.parts.clock,
            )
            return await enter(visit, Known(member.org_id, member.id), member.email, "/home")
    except ImpossibleValueError as error:
        wrong["password"] = str(error)
    except AddressTakenError:
        wrong["name"] = "This address is a member of another organization. Ask to be invited under another address."
    except LinkExpiredError:
        raise EXPIRED from None
    return visit.page("join.html", 422, error=wrong, link=link, invitation=invitation, name=name)


async def outbox(visit: Visit) -> Reply:
    """The mails of this machine, where no mail server is set."""
    if not isinstance(visit.parts.mailer, Outbox):
        raise missing()
    return visit.page("outbox.html", mails=await visit.parts.mailer.list_mails())


def _account(visit: Visit, proved: NewAccount, link: str, wrong: dict[str, str] | None = None) -> Reply:
    typed = visit.form.text
    facts: dict[str, object] = {
        "email": proved.email,
        "name": typed("name"),
        "organization": typed("organization"),
        "link": link,
    }
    outsider = read_outsider(visit)
    came_from = visit.parts.openid.name_of(outsider.issuer) if outsider else None
    facts |= {
        "outsider": outsider,
        "came_from": came_from,
        "link_it": "token" not in visit.form or "link_it" in visit.form,
    }
    return visit.page("account.html", 422 if wrong else 200, error=wrong or {}, **facts)


async def _link_outsider(visit: Visit, member: Member) -> None:
    """Who came from an issuer, in this browser, goes on signing in there if that was ticked."""
    outsider = read_outsider(visit)
    if outsider is None or "link_it" not in visit.form:
        return
    try:
        async with as_organization(visit.parts.pool, member.org_id) as connection:
            await identities.link(connection, member.org_id, member.id, outsider, clock=visit.parts.clock)
    except AddressTakenError:
        return  # linked meanwhile to another account: the new one has its password
    set_cookie(visit, OUTSIDER, "")


async def _invitation(visit: Visit, link: str) -> Invitation:
    try:
        return await members.read_invitation(visit.parts.pool, opened(visit, link, Joining), clock=visit.parts.clock)
    except LinkExpiredError:
        raise EXPIRED from None
