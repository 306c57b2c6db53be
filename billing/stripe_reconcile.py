"""The fourth account of a month: what stands on Stripe's invoices, line by line; and reports that are kept.

served = counted = rated = invoiced is `reconcile`; here invoiced = on Stripe. A report says what each account had, and
names the line that differs.
"""

from datetime import date, datetime
from uuid import UUID

import msgspec

from billing.invoices import Invoice, get_invoice
from billing.prices import PriceBook
from billing.reconcile import Reconciliation, reconcile
from billing.store import QUERIES, Connection
from billing.stripe_invoicing import Item, to_items
from billing.stripe_rail import StripeRail
from billing.stripe_state import get_stripe_invoice


class StripeDifference(msgspec.Struct, frozen=True):
    """A line that says one thing on our invoice and another on Stripe's; a side without the line says None."""

    invoice_id: UUID
    position: int
    invoiced_units: int | None
    stripe_units: int | None
    invoiced_minor: int | None
    stripe_minor: int | None


class Report(msgspec.Struct, frozen=True):
    """A reconciliation as it is kept. `stripe_units` is None while none of the month's invoices is on Stripe."""

    reconciliation_id: UUID
    ran_at: datetime
    balanced: bool
    reconciliation: Reconciliation
    stripe_units: int | None
    stripe: tuple[StripeDifference, ...]

    @property
    def difference(self) -> int:
        """Units that differ anywhere."""
        theirs = sum(abs((one.stripe_units or 0) - (one.invoiced_units or 0)) for one in self.stripe)
        return self.reconciliation.difference + theirs

    @property
    def money_difference_minor(self) -> int:
        theirs = sum(abs((one.stripe_minor or 0) - (one.invoiced_minor or 0)) for one in self.stripe)
        return self.reconciliation.money_difference_minor + theirs


class _Line(msgspec.Struct, frozen=True):
    units: int
    amount_minor: int
    usage_period: str | None


async def run_reconciliation(
    connection: Connection,
    book: PriceBook,
    org_id: UUID,
    period: date,
    *,
    rail: StripeRail | None,
    report_id: UUID,
    at: datetime,
) -> Report:
    """Compares every account of the month and keeps the report. Without a rail the fourth is left out."""
    found = await reconcile(connection, book, org_id, period)
    units, differences = (None, ()) if rail is None else await _compare(connection, rail, org_id, period)
    balanced = found.balanced and not differences
    report = Report(report_id, at, balanced, found, units, differences)
    figures = (period, at, balanced, report.difference, report.money_difference_minor)
    text = msgspec.json.encode(report).decode()
    await connection.execute(QUERIES["insert_reconciliation"], org_id, report_id, *figures, text)
    return report


async def list_reports(
    connection: Connection,
    org_id: UUID,
    *,
    after: UUID | None = None,
    limit: int = 50,
    period: date | None = None,
) -> tuple[Report, ...]:
    """Newest first, as their ids are made from the time; `after` is the last id of the page before."""
    rows = await connection.fetch(QUERIES["list_reconciliations"], org_id, after, limit, period)
    return tuple(msgspec.json.decode(row["report"], type=Report) for row in rows)


async def _compare(
    connection: Connection, rail: StripeRail, org_id: UUID, period: date
) -> tuple[int | None, tuple[StripeDifference, ...]]:
    units: int | None = None
    differences: list[StripeDifference] = []
    for row in await connection.fetch(QUERIES["list_invoices_for_period"], org_id, period):
        invoice = await get_invoice(connection, org_id, row["invoice_id"])
        there = await get_stripe_invoice(connection, org_id, invoice.invoice_id)
        if there is None or there.status == "draft":
            continue  # not there yet, or half way: the steps say so
        lines = await _lines(rail, there.stripe_invoice_id)
        month = [line.units for line in lines.values() if line.usage_period == period.isoformat()]
        units = (units or 0) + sum(month)
        differences += _differences(invoice, to_items(invoice), lines)
    return units, tuple(differences)


async def _lines(rail: StripeRail, stripe_invoice_id: str) -> dict[int, _Line]:
    listed = await rail.call(
        lambda client: list(
            client.v1.invoice_items.list(params={"invoice": stripe_invoice_id, "limit": 100}).auto_paging_iter()
        )
    )
    found: dict[int, _Line] = {}
    for place, item in enumerate(listed):
        said = dict(item.metadata.to_dict()) if item.metadata is not None else {}
        # One that is not ours, added by hand, must not hide: it stands where no line of ours can.
        position = int(said.get("position", -1 - place))
        found[position] = _Line(int(said.get("units", 0)), item.amount, said.get("usage_period"))
    return found


def _differences(invoice: Invoice, ours: tuple[Item, ...], theirs: dict[int, _Line]) -> list[StripeDifference]:
    mine = {item.position: (item.units, item.amount_minor) for item in ours}
    there = {position: (line.units, line.amount_minor) for position, line in theirs.items()}
    nothing = (None, None)
    return [
        StripeDifference(
            invoice.invoice_id,
            position,
            mine.get(position, nothing)[0],
            there.get(position, nothing)[0],
            mine.get(position, nothing)[1],
            there.get(position, nothing)[1],
        )
        for position in sorted(mine.keys() | there.keys())
        if mine.get(position) != there.get(position)
    ]
