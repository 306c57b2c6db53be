"""Proves that what was served is what is billed, and names each request and line where it is not.

served (request log) = counted (usage); counted - pending = rated again = invoiced. Pending is what moved after the last
cutoff and goes to the next invoice. Money: every line and total is recomputed from its quantity and price.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from billing.accounts import checked_plan, get_account
from billing.calendar import Month, month_starting
from billing.invocation import Meter
from billing.invoices import Invoice, LineKind, get_invoice
from billing.periods import Period, get_period, month_quantities
from billing.prices import Plan, PriceBook
from billing.rating import adjust, exact_amount, rate, round_half_even, to_minor
from billing.store import QUERIES, Connection

LOCATED: Final = 100
"""Requests named for each kind of difference; the figures count all."""


class LineDifference(msgspec.Struct, frozen=True):
    """A meter and tier whose units on invoices are not those of usage rated again."""

    meter: Meter
    tier: int
    rated: int
    invoiced: int


class MoneyDifference(msgspec.Struct, frozen=True):
    """An invoice line (or, without a position, a total) whose money does not follow from what it says."""

    invoice_id: UUID
    position: int | None
    expected_minor: int
    found_minor: int


class Reconciliation(msgspec.Struct, frozen=True):
    """One month of an organization from answer to invoice. `rated_units` and `invoiced_units` are None until it closes.

    `uncounted`: billable in the request log without usage (we lose). `unserved`: usage without a billable call (the
    customer would pay for nothing). `unequal`: both, with other units or another meter.
    """

    org_id: UUID
    period: date
    sealed: bool
    calls: int
    billable_calls: int
    served_units: int
    usage_rows: int
    usage_units: int
    pending_units: int
    rated_units: int | None
    invoiced_units: int | None
    difference: int
    money_difference_minor: int
    uncounted: tuple[UUID, ...]
    unserved: tuple[UUID, ...]
    unequal: tuple[UUID, ...]
    lines: tuple[LineDifference, ...]
    money: tuple[MoneyDifference, ...]

    @property
    def balanced(self) -> bool:
        """Whether nothing differs, in units or in money."""
        return self.difference == 0 and self.money_difference_minor == 0


class _Ledger(msgspec.Struct, frozen=True):
    calls: int
    billable_calls: int
    served_units: int
    usage_rows: int
    usage_units: int
    pending_units: int
    difference: int
    uncounted: tuple[UUID, ...]
    unserved: tuple[UUID, ...]
    unequal: tuple[UUID, ...]


class _Bill(msgspec.Struct, frozen=True):
    rated_units: int | None = None
    invoiced_units: int | None = None
    lines: tuple[LineDifference, ...] = ()
    money: tuple[MoneyDifference, ...] = ()


async def reconcile(connection: Connection, book: PriceBook, org_id: UUID, period: date) -> Reconciliation:
    """Compares all four accounts of the month that starts on `period`; changes nothing."""
    account = await get_account(connection, org_id)
    month = month_starting(period, account.time_zone)
    sealed = await get_period(connection, org_id, period)
    cutoff: datetime | None = None
    if sealed is not None:
        month = Month(sealed.starts_on, sealed.starts_at, sealed.ends_at)
        cutoff = await connection.fetchval(QUERIES["get_last_cutoff"], org_id)
    ledger = await _compare_ledger(connection, org_id, month, cutoff)
    bill = (
        _Bill() if sealed is None or cutoff is None else await _compare_bill(connection, book, org_id, sealed, cutoff)
    )
    return _to_reconciliation(org_id, period, ledger, bill)


def _to_reconciliation(org_id: UUID, period: date, ledger: _Ledger, bill: _Bill) -> Reconciliation:
    difference = ledger.difference + sum(abs(line.rated - line.invoiced) for line in bill.lines)
    if bill.rated_units is not None:
        difference += abs(ledger.usage_units - ledger.pending_units - bill.rated_units)
    figures: dict[str, object] = {
        **msgspec.structs.asdict(ledger),
        **msgspec.structs.asdict(bill),
        "org_id": org_id,
        "period": period,
        "sealed": bill.rated_units is not None,
        "difference": difference,
        "money_difference_minor": sum(abs(one.expected_minor - one.found_minor) for one in bill.money),
    }
    return msgspec.convert(figures, Reconciliation)


async def _compare_ledger(connection: Connection, org_id: UUID, month: Month, cutoff: datetime | None) -> _Ledger:
    span = (month.starts_at, month.ends_at, cutoff, LOCATED)
    row = await connection.fetchrow(QUERIES["compare_calls_with_usage"], org_id, *span)
    return msgspec.convert(row, _Ledger)


async def _compare_bill(
    connection: Connection, book: PriceBook, org_id: UUID, sealed: Period, cutoff: datetime
) -> _Bill:
    plan = checked_plan(book, sealed.plan, sealed.version, sealed.plan_digest)
    quantities = await month_quantities(connection, org_id, sealed.starts_at, sealed.ends_at, cutoff)
    rated = {(line.meter, line.tier): line.quantity for line in rate(plan, quantities)}
    rows = await connection.fetch(QUERIES["list_billed_quantities"], org_id, sealed.starts_on)
    invoiced = {(Meter(row["meter"]), int(row["tier"])): int(row["quantity"]) for row in rows}
    ids = await connection.fetch(QUERIES["list_invoices_for_period"], org_id, sealed.starts_on)
    invoices = [await get_invoice(connection, org_id, row["invoice_id"]) for row in ids]
    money = [one for invoice in invoices for one in _money_differences(invoice)]
    money += _adjustment_differences(plan, sealed.starts_on, invoices)
    return _Bill(
        sum(rated.values()),
        sum(invoiced.values()),
        tuple(
            LineDifference(meter, tier, rated.get((meter, tier), 0), invoiced.get((meter, tier), 0))
            for meter, tier in sorted(rated.keys() | invoiced.keys())
            if rated.get((meter, tier), 0) != invoiced.get((meter, tier), 0)
        ),
        tuple(money),
    )


def _money_differences(invoice: Invoice) -> Iterator[MoneyDifference]:
    net = sum(line.amount_minor for line in invoice.lines if line.kind is not LineKind.TAX)
    for line in invoice.lines:
        if line.meter is not None:
            expected = to_minor(exact_amount(line.priced_quantity, line.unit_price), invoice.currency)
        elif line.kind is LineKind.TAX:
            expected = round_half_even(net * line.unit_price / 100)
        else:
            continue  # of the month as a whole: see _adjustment_differences
        if expected != line.amount_minor:
            yield MoneyDifference(invoice.invoice_id, line.position, expected, line.amount_minor)
    total = sum(line.amount_minor for line in invoice.lines)
    if total != invoice.total_minor:
        yield MoneyDifference(invoice.invoice_id, None, total, invoice.total_minor)


def _adjustment_differences(plan: Plan, month: date, invoices: list[Invoice]) -> Iterator[MoneyDifference]:
    """Discount, credit and minimum of the month, over all invoices that bill it."""
    lines = [line for invoice in invoices for line in invoice.lines if line.usage_period == month]
    usage = sum(line.amount_minor for line in lines if line.meter is not None)
    expected = {one.kind: one.amount_minor for one in adjust(plan, usage)}
    for kind in (LineKind.DISCOUNT, LineKind.CREDIT, LineKind.MINIMUM):
        found = sum(line.amount_minor for line in lines if line.kind is kind)
        if found != expected.get(kind, 0):
            yield MoneyDifference(invoices[0].invoice_id, None, expected.get(kind, 0), found)
