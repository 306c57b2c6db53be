"""Links on which a firm connects: made, told once, mailed, taken back."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from service import ids
from service.accounts.errors import ImpossibleValueError
from service.accounts.members import checked_email
from service.accounts.roles import Permission
from service.accounts.store import Firm
from service.audit.acts import member_actor
from service.connections.hosted.sessions import Wish, WishError, cancel_session, create_session, read_session
from service.connections.hosted.statement import words_for
from service.connections.hosted.store import LinkSession
from service.connections.store import ConnectionRecord, State, get_connection
from service.connectors.sdk.connector import Connector
from service.consent.items import ITEMS, TAX_RETURN_ITEMS
from service.db.pool import as_organization
from service.portal.mail import Mail, MailError
from service.portal.pages.firms import firm_of
from service.portal.route import Route, form, page
from service.portal.throttle import MAILS
from service.portal.visit import Form, Reply, Visit, missing

LASTS: Final = {"30": "30 days", "365": "A year", "730": "Two years", "1825": "Five years"}


def routes() -> tuple[Route, ...]:
    """For those who connect firms."""
    return (
        page("/firms/{id}/connect", ask, Permission.CONNECT),
        form("/firms/{id}/connect", make, Permission.CONNECT),
        form("/links/{id}/cancel", cancel, Permission.CONNECT),
    )


async def ask(visit: Visit) -> Reply:
    return await _ask(visit, visit.query, {}, 200)


async def make(visit: Visit) -> Reply:
    """The link, shown this once; what was typed again, with what is wrong."""
    typed, (firm, again) = visit.form, await _about(visit, visit.form)
    wrong: dict[str, str] = {}
    email = typed.text("email")
    if email:
        try:
            email = checked_email(email)
        except ImpossibleValueError:
            wrong["email"] = "This is not an e-mail address. Leave it empty to send the link yourself."
    if not 1 <= len(typed.text("purpose")) <= 500:
        wrong["purpose"] = "Say what the records are for, in up to 500 characters: the firm's person signs these words."
    items = typed.all("item")
    if set(items) - set(ITEMS) or (typed.text("reach") == "some" and not items):
        wrong["items"] = "Choose at least one kind of record."
    if wrong:
        return await _ask(visit, typed, wrong, 422)
    wish = Wish(
        firm_id=firm.id,
        vendors=typed.all("vendor"),
        return_url=None,
        purpose=typed.text("purpose"),
        items=items if typed.text("reach") == "some" else (),
        consent_days=int(typed.text("lasts")) if typed.text("lasts") in LASTS else 365,
        relinks=None if again is None else again.id,
    )
    if email:
        await visit.parts.throttle.spend("mail", MAILS, email)  # before the link: one that is refused is not lost
    session = visit.me.session
    try:
        made, url = await create_session(
            visit.parts.linking,
            visit.org_id,
            session.member_id,
            wish,
            sandbox=_is_test(visit, typed),
            actor=member_actor(session.member_id),
        )
    except WishError as error:
        return await _ask(visit, typed, {"vendors": str(error)}, 422)
    sent = await _mailed(visit, firm, made, url, email) if email else None
    return visit.page("link_made.html", firm=firm, session=made, url=url, email=email, sent=sent)


async def cancel(visit: Visit) -> Reply:
    """Its address works no more. One that is over stays as it is."""
    found = await read_session(visit.parts.linking, visit.org_id, visit.id_in_path("lks"))
    if found is None:
        raise missing()
    await cancel_session(visit.parts.linking, found, actor=member_actor(visit.me.session.member_id))
    return visit.go(f"/firms/{ids.encode('firm', found.firm_id)}")


async def _mailed(visit: Visit, firm: Firm, made: LinkSession, url: str, email: str) -> bool:
    """Whether the mail went out. The link stands on the page either way."""
    names = [one.name for one in visit.parts.connectors if one.slug in made.vendors]
    session = visit.me.session
    mail = Mail(
        to=email,
        subject=f"Connect {firm.name} to {session.organization}",
        text=f"{session.name} of {session.organization} asks {firm.name} for access to its records in "
        f"{' or '.join(names)}. You see what is asked for before you agree. The link works once, for half an hour.",
        link=url,
    )
    try:
        await visit.parts.mailer.send(mail)
    except MailError:
        return False
    return True


async def _about(visit: Visit, typed: Form) -> tuple[Firm, ConnectionRecord | None]:
    """The firm in the path, and the connection that is to be connected again."""
    async with as_organization(visit.parts.pool, visit.org_id) as database:
        firm = await firm_of(visit, database)
        if not typed.text("connection"):
            return firm, None
        again: UUID = visit.read_id("con", typed.text("connection"))
        found = await get_connection(database, visit.org_id, again)
    if found is None or found.firm_id != firm.id or found.state is State.DISCONNECTED:
        raise missing()
    return firm, found


def _is_test(visit: Visit, typed: Form) -> bool:
    """On a demonstration there are simulators alone; elsewhere live unless said otherwise."""
    return bool(visit.parts.sandboxes.vendors) or typed.text("mode") == "test"


async def _ask(visit: Visit, typed: Form, wrong: Mapping[str, str], status: int) -> Reply:
    firm, again = await _about(visit, typed)
    vendors = visit.parts.linking.vendors
    test: list[Connector] = vendors.reachable(sandbox=True)
    live: list[Connector] = [] if visit.parts.sandboxes.vendors else vendors.reachable(sandbox=False)
    items: dict[str, Any] = {item: (words_for(item), item in TAX_RETURN_ITEMS) for item in ITEMS}
    return visit.page(
        "link_new.html",
        status,
        firm=firm,
        again=again,
        test=test,
        live=live,
        items=items,
        lasts=LASTS,
        typed=typed,
        error=wrong,
        names={one.slug: one.name for one in visit.parts.connectors},
    )
