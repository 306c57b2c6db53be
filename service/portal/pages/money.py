"""Usage and invoices."""

import asyncio
from typing import Final

import billing
from billing import GroupBy, InvoiceUnknown, Place
from service import ids
from service.accounts.roles import Permission
from service.api.operation import Exports
from service.db.pool import as_organization
from service.portal.naming import read_names
from service.portal.pages.home import day_bars
from service.portal.pages.taking import ask_ticket, may_take, taking_waits, ticket_of
from service.portal.route import Route, form, page
from service.portal.visit import Reply, Visit, missing
from service.usage.balance import read_standing, to_balance
from service.usage.details import read_buyer
from service.usage.papers import FORMATS, file_named, read_papers, write_calls
from service.usage.paying import NoPaymentPageError, open_payment_page
from service.usage.shapes import to_invoice, to_month, to_sum

_LINE_ROWS: Final = 100
PERIODS: Final = {"7": "7 days", "30": "30 days", "90": "90 days"}
GROUPS: Final = {
    GroupBy.DAY: "Day",
    GroupBy.OPERATION: "Operation",
    GroupBy.KEY: "Key",
    GroupBy.CONNECTION: "Connection",
    GroupBy.METER: "Meter",
}


def routes() -> tuple[Route, ...]:
    """What was used and what is owed."""
    return (
        page("/usage", usage, Permission.READ_CALLS),
        form("/invoices/payment", set_up_payment, Permission.BUDGETS, recent=True),
        page("/invoices/{id}", invoice, Permission.READ_MONEY),
        page("/invoices/{id}/pdf", pdf, Permission.READ_MONEY, exports=Exports.NOBODY),
        page("/invoices/{id}/lines/{n}", line_calls, Permission.READ_MONEY),
        page("/invoices/{id}/lines/{n}/calls", take_calls, Permission.READ_MONEY, recent=True),
        form(
            "/invoices/{id}/lines/{n}/calls",
            take_calls,
            Permission.READ_MONEY,
            recent=True,
            exports=Exports.ORGANIZATION,
        ),
    )


async def usage(visit: Visit) -> Reply:
    period = visit.query.text("days") if visit.query.text("days") in PERIODS else "30"
    chosen = visit.query.text("by")
    by = GroupBy(chosen) if chosen in tuple(GROUPS) else GroupBy.OPERATION
    at, org_id = visit.parts.clock(), visit.org_id
    month = None
    async with as_organization(visit.parts.pool, org_id) as connection:
        since, until = await billing.last_days(connection, org_id, int(period), at)
        days = await billing.summarize_usage(connection, org_id, since, until, GroupBy.DAY)
        groups = days if by is GroupBy.DAY else await billing.summarize_usage(connection, org_id, since, until, by)
        if visit.may(Permission.READ_MONEY):
            month = to_month(await billing.month_to_date(connection, visit.parts.prices, org_id, at))
        names = await read_names(visit, connection)
    rows = [to_sum(by, one) for one in groups]
    rows = rows[::-1] if by is GroupBy.DAY else sorted(rows, key=lambda row: -row.units)
    return visit.page(
        "usage.html",
        period=period,
        periods=PERIODS,
        by=by,
        groups=GROUPS,
        rows=rows,
        names=names,
        month=month,
        days=day_bars(days, at, int(period), visit.me.session.time_zone),
        units=sum(one.units for one in days),
    )


async def set_up_payment(visit: Visit) -> Reply:
    """A link to the hosted page: a form of ours leads nowhere else by itself."""
    if visit.parts.rail is None:
        raise missing()
    attempt_id, back = ids.new_uuid(), f"{visit.origin}/invoices"
    try:
        found = await open_payment_page(visit.parts.pool, visit.parts.rail, visit.org_id, attempt_id, back)
    except NoPaymentPageError:
        return visit.page("payment.html", 503, url=None)
    return visit.page("payment.html", url=found.url, expires_at=found.expires_at)


async def invoice(visit: Visit) -> Reply:
    org_id = visit.org_id
    try:
        async with as_organization(visit.parts.pool, org_id) as connection:
            found = await read_standing(connection, org_id, visit.id_in_path("bill"))
            buyer = await read_buyer(connection, org_id, found.invoice.issued_at or found.invoice.drafted_at)
    except InvoiceUnknown:
        raise missing() from None
    named = billing.invoice_name(found.invoice)
    return visit.page(
        "invoice.html", invoice=to_invoice(found.invoice), named=named, buyer=buyer, balance=to_balance(found)
    )


async def pdf(visit: Visit) -> Reply:
    """The invoice to keep: the file that the API gives."""
    try:
        papers = await read_papers(visit.parts.pool, visit.org_id, visit.id_in_path("bill"), visit.parts.seller)
    except InvoiceUnknown:
        raise missing() from None
    body = await asyncio.to_thread(billing.render_pdf, papers)
    return Reply(200, body, b"application/pdf", file_named(papers.invoice, "pdf"))


async def take_calls(visit: Visit) -> Reply:
    """Every call behind a line, as CSV, for a ticket."""
    try:
        async with as_organization(visit.parts.pool, visit.org_id) as connection:
            found = await billing.get_invoice(connection, visit.org_id, visit.id_in_path("bill"))
    except InvoiceUnknown:
        raise missing() from None
    number = str(visit.params["n"])
    line = next((one for one in found.lines if str(one.position) == number and one.meter is not None), None)
    if line is None:
        raise missing()
    own = f"/invoices/{visit.params['id']}/lines/{number}"
    name, ticket = f"the calls behind line {number} of an invoice", ticket_of(visit)
    if ticket is None:
        return ask_ticket(visit, f"{own}/calls", name, own)
    if not await may_take(visit, "calls.export", name, own, ticket=ticket):
        return taking_waits(visit, own)
    parts = write_calls(visit.parts.pool, found, line, "csv")
    return Reply(200, b"", FORMATS["csv"], file_named(found, "csv", line=line.position), parts)


async def line_calls(visit: Visit) -> Reply:
    """The calls that a line of an invoice is made of, a page at a time."""
    org_id, number = visit.org_id, str(visit.params["n"])
    place = _place(visit)
    try:
        async with as_organization(visit.parts.pool, org_id) as connection:
            found = await billing.get_invoice(connection, org_id, visit.id_in_path("bill"))
            line = next((one for one in found.lines if str(one.position) == number), None)
            if line is None or line.meter is None:
                raise missing()
            calls, onward = await billing.list_line_calls(connection, found, line, place, limit=_LINE_ROWS)
            names = await read_names(visit, connection)
    except InvoiceUnknown:
        raise missing() from None
    more = None
    if onward is not None:
        more = f"{visit.path}?after={ids.encode('req', onward.after)}&units={onward.units}"
    return visit.page("line.html", invoice=found, line=line, calls=calls, names=names, onward=more)


def _place(visit: Visit) -> Place:
    after, units = visit.query.text("after"), visit.query.text("units")
    if not after or not (units.isascii() and units.isdigit() and len(units) < 19):
        return Place()
    return Place(visit.read_id("req", after), int(units))
