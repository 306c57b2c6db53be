"""One unit or one cent that differs between our invoice and Stripe's is found and named; reports are kept."""

from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from billing import Invoice, PriceBook
from billing.store import Connection
from billing.stripe_invoicing import issue
from billing.stripe_rail import StripeRail
from billing.stripe_reconcile import Report, list_reports, run_reconciliation
from service import ids
from tests.billing.days import OCTOBER
from tests.billing.stripe.fake import FakeStripe

pytestmark = pytest.mark.anyio


async def _run(operator: Connection, book: PriceBook, rail: StripeRail | None, org: UUID) -> Report:
    report_id, at = ids.new_uuid(), datetime.now(UTC)
    return await run_reconciliation(operator, book, org, OCTOBER, rail=rail, report_id=report_id, at=at)


async def test_five_accounts_agree(
    operator: Connection, book: PriceBook, rail: StripeRail, stripe: FakeStripe, invoice: Invoice
) -> None:
    await issue(operator, rail, invoice.org_id, invoice.invoice_id)
    found = await _run(operator, book, rail, invoice.org_id)

    assert found.balanced
    said = found.reconciliation
    accounts = (said.served_units, said.usage_units, said.rated_units, said.invoiced_units, found.stripe_units)
    assert accounts == (6_000,) * 5


async def test_one_unit_at_stripe_is_found_and_located(
    operator: Connection, book: PriceBook, rail: StripeRail, stripe: FakeStripe, invoice: Invoice
) -> None:
    await issue(operator, rail, invoice.org_id, invoice.invoice_id)
    line = list(stripe.items.values())[1]
    line["metadata"]["units"] = str(int(line["metadata"]["units"]) + 1)

    found = await _run(operator, book, rail, invoice.org_id)

    assert (found.balanced, found.difference, found.money_difference_minor) == (False, 1, 0)
    assert [(one.invoice_id, one.position) for one in found.stripe] == [(invoice.invoice_id, 2)]


async def test_one_cent_at_stripe_is_found_and_located(
    operator: Connection, book: PriceBook, rail: StripeRail, stripe: FakeStripe, invoice: Invoice
) -> None:
    await issue(operator, rail, invoice.org_id, invoice.invoice_id)
    next(iter(stripe.items.values()))["amount"] += 1

    found = await _run(operator, book, rail, invoice.org_id)

    assert (found.difference, found.money_difference_minor) == (0, 1)
    assert [one.position for one in found.stripe] == [1]


@pytest.mark.parametrize("by_hand", [True, False])
async def test_a_line_more_or_less_at_stripe_is_found(
    operator: Connection, book: PriceBook, rail: StripeRail, stripe: FakeStripe, invoice: Invoice, by_hand: bool
) -> None:
    await issue(operator, rail, invoice.org_id, invoice.invoice_id)
    last, line = list(stripe.items.items())[-1]
    if by_hand:
        stripe.items["ii_hand"] = {**line, "id": "ii_hand", "amount": 5, "metadata": {}}
    else:
        del stripe.items[last]

    found = await _run(operator, book, rail, invoice.org_id)

    (one,) = found.stripe
    assert not found.balanced
    assert (one.invoiced_minor, one.stripe_minor) == ((None, 5) if by_hand else (line["amount"], None))


async def test_one_unit_in_the_ledger_is_found_without_a_rail(
    operator: Connection, owner: Connection, book: PriceBook, invoice: Invoice
) -> None:
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute("UPDATE billing.usage SET units = units + 1 WHERE meter = 'read'")

    found = await _run(operator, book, None, invoice.org_id)

    assert (found.balanced, found.stripe_units, len(found.reconciliation.unequal)) == (False, None, 1)


async def test_reports_are_kept_as_they_were(
    operator: Connection, owner: Connection, book: PriceBook, invoice: Invoice
) -> None:
    made = [await _run(operator, book, None, invoice.org_id) for _ in range(3)]

    page = await list_reports(operator, invoice.org_id, limit=2)
    rest = await list_reports(operator, invoice.org_id, after=page[-1].reconciliation_id)

    assert [*page, *rest] == made[::-1]
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute("UPDATE billing.reconciliations SET balanced = false")
