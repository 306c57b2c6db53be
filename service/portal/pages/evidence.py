"""The evidence pack of a firm and period, as a download."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from service import ids
from service.accounts.roles import Permission
from service.api.operation import Exports
from service.consent.evidence import pack
from service.consent.evidence_routes import LONGEST
from service.consent.findings import MAX_ROWS, Asked, TooMuchError, collect
from service.db.pool import as_organization
from service.portal.pages.firms import firm_of
from service.portal.pages.taking import NO_TICKET, may_take, ticket_of
from service.portal.route import Route, form, page
from service.portal.visit import Reply, Visit


def routes() -> tuple[Route, ...]:
    """For those who see calls, auditors among them, with a recent proof."""
    return (
        page("/firms/{id}/evidence", ask, Permission.READ_CALLS, recent=True),
        form("/firms/{id}/evidence", make, Permission.READ_CALLS, recent=True, exports=Exports.FIRM),
    )


async def ask(visit: Visit) -> Reply:
    return await _ask(visit)


async def make(visit: Visit) -> Reply:
    """The zip; the form again, with what is wrong."""
    typed, at, session = visit.form, visit.parts.clock(), visit.me.session
    zone = ZoneInfo(session.time_zone)
    try:
        since = datetime.combine(date.fromisoformat(typed.text("from")), time(0), zone).astimezone(UTC)
        last = date.fromisoformat(typed.text("to"))
        until = min(datetime.combine(last + timedelta(days=1), time(0), zone).astimezone(UTC), at)
    except (ValueError, OverflowError):
        return await _ask(visit, 422, days="Write both days as 2026-11-20.")
    if not since < until <= since + LONGEST:
        return await _ask(visit, 422, days=f"The first day before the last, and at most {LONGEST.days} days.")
    ticket = ticket_of(visit)
    if ticket is None:
        return await _ask(visit, 422, ticket=NO_TICKET)
    async with as_organization(visit.parts.pool, visit.org_id) as database:
        firm = await firm_of(visit, database)
        asked = Asked(
            org_id=visit.org_id,
            firm_id=firm.id,
            firm=firm.name,
            since=since,
            until=until,
            ticket=ticket,
            by=ids.encode("mem", session.member_id),
            at=at,
        )
        try:
            found = await collect(database, visit.parts.linking.vault, asked, visit.parts.signer.public_key)
        except TooMuchError:
            return await _ask(visit, 422, days=f"These days hold more than {MAX_ROWS:,} rows. Choose fewer.")
    days = f"{typed.text('from')} to {typed.text('to')}"
    if not await may_take(visit, "evidence.export", f"evidence of {firm.name}", days, firm_id=firm.id, ticket=ticket):
        return await _ask(visit, 202, waits="Once somebody else has agreed, send this again, the same days and ticket.")
    body = await asyncio.to_thread(pack, asked, found, visit.parts.signer)
    name = f"evidence-{ids.encode('firm', firm.id)}-{since:%Y%m%d}-{until:%Y%m%d}.zip"
    disposition = (b"content-disposition", f'attachment; filename="{name}"'.encode())
    return Reply(200, body, b"application/zip", (disposition,))


async def _ask(visit: Visit, status: int = 200, **wrong: str) -> Reply:
    async with as_organization(visit.parts.pool, visit.org_id) as database:
        firm = await firm_of(visit, database)
    today = visit.parts.clock().astimezone(ZoneInfo(visit.me.session.time_zone)).date()
    first = (today - timedelta(days=30)).isoformat()
    return visit.page(
        "evidence.html", status, firm=firm, typed=visit.form, first=first, last=today.isoformat(), error=wrong
    )
