"""Sums and what came after them are the ledger, whenever they were made."""

import random
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from billing import (
    GroupBy,
    Invocation,
    Meter,
    PriceBook,
    UsageLedger,
    close_period,
    get_call,
    list_line_calls,
    month_to_date,
    price_calls,
    sum_up,
    summarize_usage,
)
from billing.request_log import list_calls
from billing.store import Connection
from billing.usage import insert_voids
from tests.billing.calls import CONNECTION, KEY, billable
from tests.billing.days import EARLY_NOVEMBER, IN_OCTOBER, OCTOBER

pytestmark = pytest.mark.anyio

_SPREAD = timedelta(days=6)


def some_calls(org: UUID, seed: int, count: int = 40) -> list[Invocation]:
    dice = random.Random(seed)
    return [
        billable(org, IN_OCTOBER + dice.random() * _SPREAD, meter=dice.choice(list(Meter)), units=dice.randint(1, 9))
        for _ in range(count)
    ]


def counted(calls: list[Invocation], since: datetime, until: datetime) -> dict[str, int]:
    units: Counter[str] = Counter()
    for call in calls:
        at = datetime.fromtimestamp((call.request_id.int >> 80) / 1000, since.tzinfo)
        if since <= at < until:
            units[str(call.meter)] += call.units
    return dict(units)


@pytest.mark.parametrize("seed", range(3))
async def test_any_stretch_is_summed_as_the_ledger_has_it(
    ledger: UsageLedger, operator: Connection, owner: Connection, org: UUID, seed: int
) -> None:
    dice = random.Random(f"edges {seed}")
    standing: list[Invocation] = []
    for step in range(3):
        made = some_calls(org, seed * 10 + step)
        for call in made:
            await ledger.record(call)
        standing += made
        if step < 2:
            await sum_up(operator)
        voided = [standing.pop(dice.randrange(len(standing))) for _ in range(3)]
        await insert_voids(owner, voided)

        for _ in range(4):
            since = IN_OCTOBER + dice.random() * _SPREAD
            until = since + dice.random() * _SPREAD
            found = await summarize_usage(operator, org, since, until, GroupBy.METER)
            assert {str(one.group): one.units for one in found} == counted(standing, since, until)
            days = await summarize_usage(operator, org, since, until, GroupBy.DAY)
            assert sum(one.units for one in days) == sum(counted(standing, since, until).values())


async def test_receipts_and_bill_are_the_same_before_and_after_summing(
    ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID
) -> None:
    for call in [billable(org, IN_OCTOBER + step * _SPREAD / 30, units=100) for step in range(30)]:
        await ledger.record(call)
    calls = await list_calls(operator, org)
    before = [await get_call(operator, book, org, call.request_id) for call in calls]
    bill = await month_to_date(operator, book, org, IN_OCTOBER + _SPREAD)

    await sum_up(operator)

    assert list(await price_calls(operator, book, org, calls)) == before
    assert await month_to_date(operator, book, org, IN_OCTOBER + _SPREAD) == bill
    assert bill.quantities == {Meter.READ: 3_000}


async def test_month_is_forecast_from_the_last_seven_days(
    ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID
) -> None:
    for day in range(10):
        await ledger.record(billable(org, IN_OCTOBER + timedelta(days=day), units=1_000))
    at = IN_OCTOBER + timedelta(days=10)

    found = await month_to_date(operator, book, org, at)

    left_days = (found.month.ends_at - at) / timedelta(days=1)
    assert found.forecast_minor == round((10_000 + 1_000 * left_days - 1_000) * 0.4)


async def test_line_begins_at_its_first_call_without_walking_there(
    ledger: UsageLedger, operator: Connection, owner: Connection, book: PriceBook, org: UUID
) -> None:
    calls = [billable(org, IN_OCTOBER + step * timedelta(minutes=20), units=50) for step in range(60)]
    for call in calls:
        await ledger.record(call)
    await sum_up(operator)
    invoice = await close_period(operator, book, org, OCTOBER, as_of=EARLY_NOVEMBER)
    late = billable(org, IN_OCTOBER - timedelta(hours=1), units=7)
    await ledger.record(late)
    await insert_voids(owner, [calls[2]])
    await sum_up(operator)
    paid = next(line for line in invoice.lines if line.tier == 1)

    found, _ = await list_line_calls(operator, invoice, paid, limit=5)

    assert found[0].request_id == calls[20].request_id


@pytest.mark.parametrize("by", list(GroupBy))
async def test_one_key_is_summed_as_all_are(ledger: UsageLedger, operator: Connection, org: UUID, by: GroupBy) -> None:
    for call in some_calls(org, 7):
        await ledger.record(call)
    span = (IN_OCTOBER - timedelta(hours=5), IN_OCTOBER + _SPREAD)
    counted_all = await summarize_usage(operator, org, *span, by)

    await sum_up(operator)

    assert await summarize_usage(operator, org, *span, by) == counted_all
    assert await summarize_usage(operator, org, *span, by, key_id=KEY) == counted_all
    assert await summarize_usage(operator, org, *span, by, key_id=CONNECTION) == ()


_BUSY_HOUR = """
    WITH made AS (
        SELECT (lpad(to_hex((extract(epoch FROM $2::timestamptz) * 1000)::bigint + n % 3600000), 12, '0') || '7'
                || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid AS request_id
        FROM generate_series(1, $3::bigint) AS n
    )
    INSERT INTO billing.usage (org_id, request_id, recorded_at, key_id, connection_id, units, meter, operation)
    SELECT $1, request_id, billing.occurred_at(request_id), $4, $4, 1, 'read', 'list_clients' FROM made"""


async def test_a_backlog_is_summed_in_steps_that_each_end_soon(
    operator: Connection, owner: Connection, org: UUID
) -> None:
    busy = 450_000
    await owner.execute(_BUSY_HOUR, org, IN_OCTOBER, busy, KEY)
    await owner.execute("SELECT billing.note_new_ranges()")

    async def summed() -> int:
        units: int | None = await owner.fetchval(
            "SELECT sum(units) FROM billing.day_sums WHERE org_id = $1 AND by = 'all'", org
        )
        return units or 0

    steps: list[int] = []
    while await operator.fetchval("SELECT billing.sum_up()"):
        steps.append(await summed() - sum(steps))
    assert max(steps) <= 200_000
    assert await summed() == busy
