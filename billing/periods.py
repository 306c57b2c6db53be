"""Closing a month: fix what had arrived, rate it, draft the invoice. Closing it again gives the same, bit for bit."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Final
from uuid import UUID, uuid5

import asyncpg
import msgspec

from billing.accounts import Account, checked_plan, get_account, get_plan
from billing.calendar import Month, month_of, month_starting
from billing.details import get_details
from billing.errors import PeriodNotClosable, SealedPeriodChanged
from billing.invocation import Meter
from billing.invoices import Invoice, InvoiceLine, InvoiceState, LineKind, get_invoice, insert_draft
from billing.prices import Plan, PriceBook
from billing.rating import RatedLine, adjust, rate, rate_span, round_half_even
from billing.store import QUERIES, Connection

GRACE: Final = timedelta(hours=24)
"""How long after its end a month stays open for rows that are on their way."""


class Period(msgspec.Struct, frozen=True):
    """A sealed month. Ledger rows recorded at or before `cutoff` were billed in it; later ones are corrections."""

    starts_on: date
    starts_at: datetime
    ends_at: datetime
    cutoff: datetime
    plan: str
    version: int
    plan_digest: str


async def close_period(
    connection: Connection,
    book: PriceBook,
    org_id: UUID,
    period: date,
    *,
    as_of: datetime,
    grace: timedelta = GRACE,
) -> Invoice:
    """Seals the month that starts on `period` and drafts its invoice; a month already sealed gives the same invoice.

    `as_of` is the caller's clock and decides only whether the month is over; the cutoff is the database's own.
    Months close in order, from the one the account opened in. Needs a read committed transaction or none.
    Raises PeriodNotClosable when it is too early, SealedPeriodChanged when a sealed month would be billed differently.
    """
    async with connection.transaction():
        await connection.execute(QUERIES["lock_account"], org_id)
        account = await get_account(connection, org_id)
        sealed = await get_period(connection, org_id, period)
        if sealed is not None:
            return await _verify(connection, book, account, sealed)
        month = month_starting(period, account.time_zone)
        previous = await previous_period(connection, org_id, period)
        _refuse_early(account, month, previous, as_of, grace)
        sealed = await _seal(connection, book, org_id, month)
        invoice = await _draft(connection, book, account, sealed)
        await insert_draft(connection, invoice)
        return invoice


async def get_period(connection: Connection, org_id: UUID, period: date) -> Period | None:
    """The sealed month that starts on that day, None while it is open."""
    row = await connection.fetchrow(QUERIES["get_period"], org_id, period)
    return None if row is None else Period(**row)


def invoice_id_of(org_id: UUID, period: date) -> UUID:
    """The same for ever: whoever drafts, retries or talks to a payment rail needs no lookup."""
    return uuid5(org_id, f"invoice {period:%Y-%m}")


async def month_quantities(
    connection: Connection, org_id: UUID, starts_at: datetime, ends_at: datetime, cutoff: datetime | None
) -> dict[Meter, int]:
    """Units by meter that occurred in a stretch of time and stood in the ledger at the cutoff (None: stand now)."""
    rows = await connection.fetch(QUERIES["summarize_quantities"], org_id, starts_at, ends_at, cutoff)
    return {Meter(row["meter"]): row["quantity"] for row in rows}


async def previous_period(connection: Connection, org_id: UUID, period: date) -> Period | None:
    """The last month sealed before one; None for the first."""
    row = await connection.fetchrow(QUERIES["get_latest_period"], org_id, period)
    return None if row is None else Period(**row)


def _refuse_early(account: Account, month: Month, previous: Period | None, as_of: datetime, grace: timedelta) -> None:
    first = month_of(account.opened_at, account.time_zone)
    due = month_starting(previous.starts_on, account.time_zone).next_on if previous else first.starts_on
    if month.starts_on < first.starts_on:
        raise PeriodNotClosable(f"the account opened in {first.starts_on:%Y-%m}, after {month.starts_on:%Y-%m}")
    if month.starts_on != due:
        raise PeriodNotClosable(f"{due:%Y-%m} must be closed before {month.starts_on:%Y-%m}")
    if as_of < month.ends_at + grace:
        raise PeriodNotClosable(f"{month.starts_on:%Y-%m} can be closed from {(month.ends_at + grace).isoformat()}")


async def _seal(connection: Connection, book: PriceBook, org_id: UUID, month: Month) -> Period:
    plan = await get_plan(connection, book, org_id, month.starts_on)
    try:
        cutoff = await connection.fetchval(QUERIES["fix_cutoff"])
    except asyncpg.LockNotAvailableError as error:
        raise PeriodNotClosable("a writer of the ledger does not end; try again") from error
    sealed = Period(month.starts_on, month.starts_at, month.ends_at, cutoff, plan.plan, plan.version, plan.digest)
    await connection.execute(QUERIES["insert_period"], org_id, *msgspec.structs.astuple(sealed))
    return sealed


async def _draft(connection: Connection, book: PriceBook, account: Account, sealed: Period) -> Invoice:
    lines = [
        *await _corrections(connection, book, account.org_id, sealed),
        *await _own_usage(connection, book, account.org_id, sealed),
    ]
    lines += await _tax(connection, account.org_id, sealed, sum(line.amount_minor for line in lines))
    numbered = tuple(msgspec.structs.replace(line, position=place) for place, line in enumerate(lines, 1))
    return Invoice(
        org_id=account.org_id,
        invoice_id=invoice_id_of(account.org_id, sealed.starts_on),
        period=sealed.starts_on,
        state=InvoiceState.DRAFT,
        number=None,
        currency=account.currency,
        total_minor=sum(line.amount_minor for line in numbered),
        drafted_at=sealed.cutoff,
        issued_at=None,
        lines=numbered,
    )


async def _own_usage(connection: Connection, book: PriceBook, org_id: UUID, sealed: Period) -> list[InvoiceLine]:
    plan = checked_plan(book, sealed.plan, sealed.version, sealed.plan_digest)
    quantities = await month_quantities(connection, org_id, sealed.starts_at, sealed.ends_at, sealed.cutoff)
    lines = [_to_line(LineKind.USAGE, sealed.starts_on, line) for line in rate(plan, quantities)]
    return lines + _adjustments(plan, sealed.starts_on, sum(line.amount_minor for line in lines), {})


async def _corrections(connection: Connection, book: PriceBook, org_id: UUID, sealed: Period) -> list[InvoiceLine]:
    """What the ledger says of earlier months at this cutoff, beyond what they were billed for at the one before."""
    previous = await previous_period(connection, org_id, sealed.starts_on)
    if previous is None:
        return []
    late = await connection.fetch(
        QUERIES["list_late_quantities"], org_id, sealed.starts_at, previous.cutoff, sealed.cutoff
    )
    lines: list[InvoiceLine] = []
    for starts_on, rows in groupby(late, key=lambda row: row["starts_on"]):
        lines += await _correction(connection, book, org_id, sealed.starts_on, starts_on, list(rows))
    return lines


async def _correction(
    connection: Connection, book: PriceBook, org_id: UUID, billed_in: date, month: date, rows: list[asyncpg.Record]
) -> list[InvoiceLine]:
    """One earlier month: its late units, and what they change of its discount, credit and minimum."""
    plan: Plan = checked_plan(book, rows[0]["plan"], rows[0]["version"], rows[0]["plan_digest"])
    lines: list[InvoiceLine] = []
    for row in rows:
        key = (org_id, billed_in, month, row["meter"])
        billed: int = await connection.fetchval(QUERIES["get_billed_quantity"], *key)
        span = rate_span(plan, Meter(row["meter"]), billed, billed + row["quantity"])
        lines += [_to_line(LineKind.CORRECTION, month, line) for line in span]
    found = await connection.fetch(QUERIES["list_billed_amounts"], org_id, billed_in, month)
    amounts: dict[str, int] = {row["kind"]: row["amount_minor"] for row in found}
    usage = amounts.pop("usage", 0) + sum(line.amount_minor for line in lines)
    return lines + _adjustments(plan, month, usage, amounts)


def _adjustments(plan: Plan, month: date, usage_minor: int, billed: dict[str, int]) -> list[InvoiceLine]:
    """What the plan makes of the month's usage, less what was billed of that before."""
    wanted = {one.kind: one for one in adjust(plan, usage_minor)}
    lines: list[InvoiceLine] = []
    for kind in (LineKind.DISCOUNT, LineKind.CREDIT, LineKind.MINIMUM):
        found = wanted.get(kind)
        amount = (found.amount_minor if found else 0) - billed.get(kind, 0)
        if amount:
            note = found.note if found else kind.value
            lines.append(_whole(kind, month, amount, f"{note}, for {month:%Y-%m}" if billed else note))
    return lines


async def _tax(connection: Connection, org_id: UUID, sealed: Period, net_minor: int) -> list[InvoiceLine]:
    """The tax on all of the above, at the rate that held at the cutoff."""
    details = await get_details(connection, org_id, sealed.cutoff)
    if details is None or details.tax_percent is None or net_minor == 0:
        return []
    amount = round_half_even(net_minor * details.tax_percent / 100)
    note = f"{details.tax_name} {details.tax_percent.normalize():f} %"
    return [_whole(LineKind.TAX, sealed.starts_on, amount, note, details.tax_percent)]


def _whole(kind: LineKind, month: date, amount_minor: int, note: str, price: Decimal = Decimal(0)) -> InvoiceLine:
    return InvoiceLine(0, kind, month, None, 0, 0, price, amount_minor, note=note)


async def _verify(connection: Connection, book: PriceBook, account: Account, sealed: Period) -> Invoice:
    stored = await get_invoice(connection, account.org_id, invoice_id_of(account.org_id, sealed.starts_on))
    again = await _draft(connection, book, account, sealed)
    if (again.lines, again.total_minor, again.currency) != (stored.lines, stored.total_minor, stored.currency):
        raise SealedPeriodChanged(f"{sealed.starts_on:%Y-%m} of organization {account.org_id} no longer rates the same")
    return stored


def _to_line(kind: LineKind, usage_period: date, line: RatedLine) -> InvoiceLine:
    return InvoiceLine(
        0,
        kind,
        usage_period,
        line.meter,
        line.tier,
        line.quantity,
        line.unit_price,
        line.amount_minor,
        line.priced_quantity,
        line.per,
    )
