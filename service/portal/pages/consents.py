"""What a firm and its clients have consented to, and what was handed out on it."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from billing import list_void_reasons
from service import ids
from service.accounts.roles import Permission
from service.audit.acts import member_actor, record_act
from service.audit.entry import from_content
from service.audit.store import list_disclosures
from service.connections.approvals.require import ApprovalNeededError
from service.connections.errors import ApprovalError
from service.connections.hosted.statement import words_for
from service.connections.store import list_connections
from service.consent.enter import Terms, enter_consent
from service.consent.items import ITEMS, TAX_RETURN_ITEMS
from service.consent.shapes import to_consent, to_disclosure
from service.consent.sign import ImpossibleConsentError, Signature, revoke_consent
from service.consent.store import get_consent, list_consents
from service.db.pool import as_organization
from service.portal.pages.firms import firm_of
from service.portal.route import Route, form, page
from service.portal.visit import Form, Reply, Visit, missing

SHOWN: Final = 200
DISCLOSURES: Final = 50
METHODS: Final = {
    "e_signature": "Electronic signature",
    "wet_ink": "Ink on paper",
    "click_through": "A box ticked on a page",
}
_SHA256: Final = re.compile("[0-9a-f]{64}")
_SAYS: Final = {
    "/items": (
        "items",
        "Choose records. Those marked hold tax-return information: tick the box below, or name the client who signed.",
    ),
    "/signature/signed_at": ("signed_on", "A consent is signed before it is entered: this day lies ahead."),
    "/to": ("ends_on", "This day is over: it has to lie ahead."),
}
"""What the ledger refuses, in the words of the form."""


def routes() -> tuple[Route, ...]:
    """Everybody sees consents; entering and revoking them is for those who connect firms."""
    return (
        page("/firms/{id}/consents", consents, Permission.READ),
        page("/firms/{id}/consents/new", ask, Permission.CONNECT),
        form("/firms/{id}/consents/new", enter, Permission.CONNECT),
        form("/consents/{id}/revoke", revoke, Permission.CONNECT, recent=True),
        page("/firms/{id}/disclosures", disclosures, Permission.READ_CALLS),
    )


async def consents(visit: Visit) -> Reply:
    client = visit.query.text("client") or None
    at = visit.parts.clock()
    async with as_organization(visit.parts.pool, visit.org_id) as database:
        firm = await firm_of(visit, database)
        found = await list_consents(database, visit.org_id, limit=SHOWN, firm_ids=[firm.id], client=client)
        links = {
            ids.encode("con", one.id): visit.vendor(one.vendor)
            for one in await list_connections(database, visit.org_id)
        }
    shown = [to_consent(one) for one in found]
    ended = [one for one in shown if one.revoked_at is not None or (one.to is not None and one.to <= at)]
    in_force = [one for one in shown if one not in ended]
    return visit.page(
        "consents.html", firm=firm, in_force=in_force, ended=ended, links=links, client=client, at=at, words=words_for
    )


async def ask(visit: Visit) -> Reply:
    return await _ask(visit, visit.form, {}, 200)


async def enter(visit: Visit) -> Reply:
    """In force at once; what was typed again, with what is wrong; or word that a second person has to agree."""
    async with as_organization(visit.parts.pool, visit.org_id) as database:
        firm = await firm_of(visit, database)
    typed, wrong = visit.form, await _wrong(visit, firm.id)
    if wrong:
        return await _ask(visit, typed, wrong, 422)
    session = visit.me.session
    try:
        await enter_consent(
            visit.parts.pool,
            visit.org_id,
            _terms(visit, firm.id),
            by=session.email,
            key_id=None,
            approval_id=None,
            at=visit.parts.clock(),
            actor=member_actor(session.member_id),
        )
    except ImpossibleConsentError as error:
        field, says = _SAYS.get(error.pointer, _SAYS["/items"])
        return await _ask(visit, typed, {field: says}, 422)
    except ApprovalNeededError:
        return await _ask(visit, typed, {}, 202, waits=True)
    except ApprovalError as error:
        return await _ask(visit, typed, {"items": f"{error}.".capitalize()}, 422)
    return visit.go(visit.path.removesuffix("/new"))


async def revoke(visit: Visit) -> Reply:
    """Felt by every process within a second. One that is revoked stays so."""
    consent_id, session = visit.id_in_path("cns"), visit.me.session
    async with as_organization(visit.parts.pool, visit.org_id) as database:
        found = await get_consent(database, visit.org_id, consent_id)
        if found is None:
            raise missing()
        by = ids.encode("mem", session.member_id)
        if await revoke_consent(database, visit.org_id, consent_id, by, visit.parts.clock()):
            await record_act(
                database,
                visit.org_id,
                "consents.revoke",
                (ids.encode("cns", consent_id),),
                firm_id=found.firm_id,
                connection_id=found.connection_id,
                actor=member_actor(session.member_id),
            )
    return visit.go(f"/firms/{ids.encode('firm', found.firm_id)}/consents")


async def disclosures(visit: Visit) -> Reply:
    before = visit.read_id("req", visit.query.text("before")) if visit.query.text("before") else None
    consent = visit.read_id("cns", visit.query.text("consent")) if visit.query.text("consent") else None
    async with as_organization(visit.parts.pool, visit.org_id) as database:
        firm = await firm_of(visit, database)
        contents = await list_disclosures(
            database, visit.org_id, before, DISCLOSURES + 1, [firm.id], None, consent, None, None
        )
        rows = [from_content(content) for content in contents[:DISCLOSURES]]
        voids = await list_void_reasons(database, visit.org_id, [row.id for row in rows])
    found = [to_disclosure(row, voids.get(row.id)) for row in rows]
    older = found[-1].request_id if len(contents) > DISCLOSURES else None
    return visit.page(
        "disclosures.html", firm=firm, disclosures=found, older=older, consent=visit.query.text("consent")
    )


async def _wrong(visit: Visit, firm_id: UUID) -> dict[str, str]:
    """What can be told from the form alone, by field."""
    typed, wrong = visit.form, dict[str, str]()
    for field, most in (("recipient", 200), ("purpose", 500), ("signed_by", 200)):
        if not 1 <= len(typed.text(field)) <= most:
            wrong[field] = f"Fill this in, with up to {most} characters."
    if not _SHA256.fullmatch(typed.text("sha256").lower()):
        wrong["sha256"] = "64 hex digits: what `sha256sum document.pdf` prints."
    for field, needed in (("signed_on", True), ("ends_on", False)):
        if (needed or typed.text(field)) and _day(typed.text(field)) is None:
            wrong[field] = "Write the day as 2027-11-20."
    client = typed.text("client")
    if client and await _home_of(visit, client) != firm_id:
        wrong["client"] = "No client of this firm: an id such as cli_…, as the API gives it."
    return wrong


def _terms(visit: Visit, firm_id: UUID) -> Terms:
    typed, zone = visit.form, ZoneInfo(visit.me.session.time_zone)
    signed_on, ends_on = _day(typed.text("signed_on")), _day(typed.text("ends_on"))
    assert signed_on is not None
    return Terms(
        firm_id=firm_id,
        connection_id=None,
        client=typed.text("client") or None,
        recipient=typed.text("recipient"),
        purpose=typed.text("purpose"),
        items=tuple(sorted(set(typed.all("item")))),
        clients_consented=typed.text("clients_consented") == "yes",
        starts_at=None,
        expires_at=None if ends_on is None else datetime.combine(ends_on, time(23, 59, 59), zone).astimezone(UTC),
        signature=Signature(
            signed_by=typed.text("signed_by"),
            signed_at=datetime.combine(signed_on, time(0), zone).astimezone(UTC),
            method=typed.text("method") if typed.text("method") in METHODS else "e_signature",
            document_sha256=typed.text("sha256").lower(),
        ),
    )


async def _home_of(visit: Visit, client: str) -> UUID | None:
    """The firm that a client's id leads to; None for no client of the organization."""
    try:
        leads_to = ids.parse_record_id("cli_", client).connection
    except ids.MalformedIdError:
        return None
    async with as_organization(visit.parts.pool, visit.org_id) as database:
        links = await list_connections(database, visit.org_id)
    return next((one.firm_id for one in links if one.id == leads_to), None)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


async def _ask(visit: Visit, typed: Form, wrong: Mapping[str, str], status: int, *, waits: bool = False) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as database:
        firm = await firm_of(visit, database)
    items = {item: (words_for(item), item in TAX_RETURN_ITEMS) for item in ITEMS}
    return visit.page(
        "consent_new.html", status, firm=firm, items=items, methods=METHODS, typed=typed, error=wrong, waits=waits
    )
