"""Every planted difference of one unit is found and named."""

import asyncio
from uuid import UUID

import pytest

from billing import Meter, PriceBook, UsageLedger, close_period, reconcile
from billing.store import Connection
from billing.usage import insert_voids
from tests.billing.calls import KEY, billable, free, request_id
from tests.billing.days import EARLY_DECEMBER, EARLY_NOVEMBER, IN_OCTOBER, NOVEMBER, OCTOBER

pytestmark = pytest.mark.anyio

_CALL = """INSERT INTO billing.calls (org_id, request_id, key_id, vendor_us, platform_us, units, row_count, status,
    billable, meter, operation, reason) VALUES ($1, $2, $3, 0, 0, 1, 0, 200, true, 'read', 'get_client', 'success')"""
_USAGE = """INSERT INTO billing.usage (org_id, request_id, key_id, units, meter, operation)
    VALUES ($1, $2, $3, $4, $5, 'get_client')"""


@pytest.fixture
async def closed(ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID) -> UUID:
    """The organization with 1,020 reads, 2 writes and 5 free calls in a closed October."""
    calls = [billable(org, IN_OCTOBER) for _ in range(1_020)]
    calls += [billable(org, IN_OCTOBER, meter=Meter.WRITE) for _ in range(2)]
    calls += [free(org, IN_OCTOBER) for _ in range(5)]
    await asyncio.gather(*(ledger.record(call) for call in calls))
    await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)
    return org


async def _plant(owner: Connection, sql: str) -> None:
    """Changes what no role of ours may change."""
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        assert (await owner.execute(sql)).endswith(" 1")


async def test_an_honest_month_balances(operator: Connection, book: PriceBook, closed: UUID) -> None:
    found = await reconcile(operator, book, closed, OCTOBER)

    assert found.balanced
    assert found.sealed
    assert (found.calls, found.billable_calls, found.usage_rows) == (1_027, 1_022, 1_022)
    assert (found.served_units, found.usage_units, found.rated_units, found.invoiced_units) == (1_022,) * 4


async def test_an_open_month_compares_calls_with_usage(
    ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID
) -> None:
    await ledger.record(billable(org, IN_OCTOBER))

    found = await reconcile(operator, book, org, OCTOBER)

    assert found.balanced
    assert not found.sealed
    assert (found.served_units, found.usage_units, found.invoiced_units) == (1, 1, None)


async def test_a_call_without_usage_is_named(
    operator: Connection, owner: Connection, book: PriceBook, closed: UUID
) -> None:
    lost = request_id(IN_OCTOBER)
    await owner.execute(_CALL, closed, lost, KEY)

    found = await reconcile(operator, book, closed, OCTOBER)

    assert (found.difference, found.uncounted, found.unserved) == (1, (lost,), ())


async def test_usage_without_a_call_is_named(
    operator: Connection, owner: Connection, book: PriceBook, closed: UUID
) -> None:
    invented = request_id(IN_OCTOBER)
    await owner.execute(_USAGE, closed, invented, KEY, 1, "read")

    found = await reconcile(operator, book, closed, OCTOBER)

    assert (found.difference, found.uncounted, found.unserved) == (1, (), (invented,))


@pytest.mark.parametrize(("units", "meter"), [(2, "read"), (1, "write")])
async def test_usage_unlike_its_call_is_named(
    operator: Connection, owner: Connection, book: PriceBook, closed: UUID, units: int, meter: str
) -> None:
    odd = request_id(IN_OCTOBER)
    await owner.execute(_CALL, closed, odd, KEY)
    await owner.execute(_USAGE, closed, odd, KEY, units, meter)

    found = await reconcile(operator, book, closed, OCTOBER)

    assert (found.difference, found.unequal) == (1, (odd,))


async def test_a_lost_usage_row_is_named(
    operator: Connection, owner: Connection, book: PriceBook, closed: UUID
) -> None:
    lost: UUID = await owner.fetchval("SELECT request_id FROM billing.usage WHERE meter = 'write' LIMIT 1")
    await _plant(owner, f"DELETE FROM billing.usage WHERE request_id = '{lost}'")

    found = await reconcile(operator, book, closed, OCTOBER)

    assert found.uncounted == (lost,)
    assert [(line.meter, line.tier, line.rated, line.invoiced) for line in found.lines] == [(Meter.WRITE, 0, 1, 2)]


@pytest.mark.parametrize("by", [1, -1])
async def test_a_line_with_another_quantity_is_named(
    operator: Connection, owner: Connection, book: PriceBook, closed: UUID, by: int
) -> None:
    await _plant(
        owner, f"UPDATE billing.invoice_lines SET quantity = quantity + {by} WHERE meter = 'read' AND tier = 1"
    )

    found = await reconcile(operator, book, closed, OCTOBER)

    assert found.difference == 1
    assert [(line.meter, line.tier, line.rated, line.invoiced) for line in found.lines] == [
        (Meter.READ, 1, 20, 20 + by)
    ]


async def test_a_cent_too_much_on_a_line_is_named(
    operator: Connection, owner: Connection, book: PriceBook, closed: UUID
) -> None:
    await _plant(
        owner, "UPDATE billing.invoice_lines SET amount_minor = amount_minor + 1 WHERE meter = 'read' AND tier = 1"
    )

    found = await reconcile(operator, book, closed, OCTOBER)

    assert found.difference == 0
    assert found.money_difference_minor == 2
    assert [(one.position, one.expected_minor, one.found_minor) for one in found.money] == [(2, 8, 9), (None, 9, 8)]


async def test_late_usage_is_pending_until_the_next_invoice(
    ledger: UsageLedger, operator: Connection, owner: Connection, book: PriceBook, closed: UUID
) -> None:
    late = [billable(closed, IN_OCTOBER) for _ in range(7)]
    await asyncio.gather(*(ledger.record(call) for call in late))
    await insert_voids(owner, late[:1])

    before = await reconcile(operator, book, closed, OCTOBER)
    await close_period(operator, book, closed, NOVEMBER, as_of=EARLY_DECEMBER)
    after = await reconcile(operator, book, closed, OCTOBER)

    assert (before.balanced, before.pending_units, before.invoiced_units) == (True, 6, 1_022)
    assert (after.balanced, after.pending_units, after.invoiced_units) == (True, 0, 1_028)
