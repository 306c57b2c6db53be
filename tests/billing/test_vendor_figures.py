"""What is told of vendors is what their calls were, from everybody's, and only where there are enough."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest

from billing import (
    Invocation,
    Reason,
    UsageLedger,
    VendorFigures,
    list_vendor_days,
    list_vendor_figures,
    list_vendor_incidents,
    sum_up_vendors,
    vendors_summed_until,
)
from billing.store import Connection
from service.db.pool import Pool
from tests.billing.calls import billable

pytestmark = pytest.mark.anyio

_LATELY = timedelta(hours=1)


def answered(org: UUID, vendor: str, took_ms: float) -> Invocation:
    call = billable(org, datetime.now(UTC))
    return msgspec.structs.replace(call, vendor=vendor, vendor_us=int(took_ms * 1000))


def faulted(org: UUID, vendor: str, took_ms: float, status: int = 504) -> Invocation:
    return msgspec.structs.replace(
        answered(org, vendor, took_ms), status=status, meter=None, units=0, billable=False, reason=Reason.VENDOR_ERROR
    )


async def keep(ledger: UsageLedger, calls: list[Invocation]) -> None:
    await asyncio.gather(*(ledger.record(call) for call in calls))


async def told(connection: Connection, since: datetime | None = None) -> dict[str, VendorFigures]:
    return {one.vendor: one for one in await list_vendor_figures(connection, since or datetime.now(UTC) - _LATELY)}


@pytest.fixture
async def request_connection(app_pool: Pool) -> AsyncIterator[Connection]:
    """What a request has, with no organization named."""
    async with app_pool.acquire() as connection:
        yield connection


async def test_figures_are_those_of_all_organizations_calls(
    ledger: UsageLedger, operator: Connection, request_connection: Connection
) -> None:
    orgs = [uuid4(), uuid4(), uuid4()]
    times_ms = [10.0 * step for step in range(1, 97)]
    await keep(ledger, [answered(orgs[place % 3], "canopy", took) for place, took in enumerate(times_ms)])
    await keep(ledger, [faulted(orgs[0], "canopy", 5_000.0, status) for status in (502, 503, 504, 504)])

    await sum_up_vendors(operator, [])

    found = (await told(request_connection))["canopy"]
    assert (found.calls_at_least, found.faulted_share) == (100, 0.04)
    assert found.p50_ms == pytest.approx(500, rel=0.06)
    assert found.p95_ms == pytest.approx(950, rel=0.06)


async def test_calls_count_once_however_often_they_are_summed(ledger: UsageLedger, operator: Connection) -> None:
    org = uuid4()
    for took in (20.0, 400.0):
        await keep(ledger, [answered(org, "canopy", took) for _ in range(12)])
        await sum_up_vendors(operator, [])
        await sum_up_vendors(operator, [])

    found = (await told(operator))["canopy"]

    assert found.calls_at_least == 20
    assert found.p50_ms == pytest.approx(20, rel=0.06)
    assert await operator.fetchval("SELECT sum(calls) FROM billing.vendor_sums") == 24


async def test_refusals_of_what_was_asked_are_answers(ledger: UsageLedger, operator: Connection) -> None:
    org = uuid4()
    await keep(ledger, [faulted(org, "canopy", 20.0, status) for status in (409, 424, 424, 501)])
    await keep(ledger, [answered(org, "canopy", 20.0) for _ in range(16)])

    await sum_up_vendors(operator, [])

    assert (await told(operator))["canopy"].faulted_share == 0.0


async def test_nothing_is_told_of_nineteen_calls(
    ledger: UsageLedger, operator: Connection, request_connection: Connection
) -> None:
    org = uuid4()
    await keep(ledger, [answered(org, "canopy", 20.0) for _ in range(19)])
    await sum_up_vendors(operator, [])
    assert await told(request_connection) == {}

    await keep(ledger, [answered(org, "canopy", 20.0)])
    await sum_up_vendors(operator, [])

    assert (await told(request_connection))["canopy"].calls_at_least == 20


async def test_calls_that_reached_no_vendor_or_a_sandbox_are_left_out(
    ledger: UsageLedger, operator: Connection
) -> None:
    org, test_key = uuid4(), uuid4()
    unasked = [msgspec.structs.replace(faulted(org, "canopy", 0.0), vendor_us=0) for _ in range(30)]
    practice = [msgspec.structs.replace(answered(org, "canopy", 5.0), key_id=test_key) for _ in range(30)]
    await keep(ledger, unasked + practice)

    await sum_up_vendors(operator, [test_key])
    assert await told(operator) == {}

    await keep(ledger, [answered(org, "canopy", 5.0) for _ in practice])
    await sum_up_vendors(operator, [test_key])
    assert (await told(operator))["canopy"].calls_at_least == 20


async def test_older_calls_leave_the_figures_and_then_the_table(
    ledger: UsageLedger, operator: Connection, owner: Connection
) -> None:
    org = uuid4()
    await keep(ledger, [answered(org, "canopy", 20.0) for _ in range(20)])
    await sum_up_vendors(operator, [])
    await owner.execute("UPDATE billing.vendor_sums SET slot = slot - interval '2 hours'")
    assert await told(operator) == {}
    assert "canopy" in await told(operator, datetime.now(UTC) - timedelta(days=1))

    await owner.execute("UPDATE billing.vendor_sums SET slot = slot - interval '1 day'")
    await sum_up_vendors(operator, [])

    assert await owner.fetchval("SELECT count(*) FROM billing.vendor_sums") == 0


async def test_requests_see_figures_and_no_row_behind_them(request_connection: Connection) -> None:
    assert await vendors_summed_until(request_connection) is None
    for verb in (
        "SELECT * FROM billing.vendor_sums",
        "SELECT * FROM billing.vendor_hours",
        "SELECT billing.sum_up_vendors('{}')",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await request_connection.fetch(verb)


_NOBODY = UUID(int=0)


async def plant(operator: Connection, hours: dict[int, tuple[int, int]]) -> datetime:
    """Hours ago → calls and faults of Canopy; the beginning of the running hour."""
    this_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    for ago, (calls, faults) in hours.items():
        at = this_hour - timedelta(hours=ago)
        row = (_NOBODY, "canopy", at, calls, faults)
        await operator.execute("INSERT INTO billing.vendor_hours VALUES ($1, $2, $3, $4, $5)", *row)
    return this_hour


async def test_bad_hours_on_end_are_one_incident_and_a_quiet_day_parts_two(operator: Connection) -> None:
    hours = {60: (100, 10), 10: (100, 50), 9: (40, 2), 8: (1000, 300), 7: (19, 19), 2: (20, 2), 1: (100, 9)}
    now = await plant(operator, hours)

    found = await list_vendor_incidents(operator, now - timedelta(days=90))

    def ago(hours: int) -> datetime:
        return now - timedelta(hours=hours)

    assert [(one.began_at, one.ended_at) for one in found] == [(ago(2), ago(1)), (ago(10), ago(7)), (ago(60), ago(59))]
    assert [(one.calls_at_least, one.faulted_share) for one in found] == [(20, 0.1), (1000, 0.3182), (100, 0.1)]


async def test_hours_are_summed_with_the_figures_and_told_by_day(
    ledger: UsageLedger, operator: Connection, request_connection: Connection
) -> None:
    org = uuid4()
    for _ in range(2):
        await keep(ledger, [answered(org, "canopy", 20.0) for _ in range(12)])
        await sum_up_vendors(operator, [])
    await keep(ledger, [answered(org, "karbon", 20.0) for _ in range(19)])
    await sum_up_vendors(operator, [])

    since = datetime.now(UTC) - timedelta(days=2)
    days = await list_vendor_days(request_connection, since)

    assert await operator.fetchval("SELECT sum(calls) FROM billing.vendor_hours WHERE vendor = 'canopy'") == 24
    assert {one.vendor for one in days} <= {"canopy"}  # at midnight 24 calls may lie in two days
    assert all(one.faulted_share == 0 for one in days)
    assert await list_vendor_incidents(request_connection, since) == ()


async def test_incidents_are_forgotten_after_three_months(operator: Connection) -> None:
    now = await plant(operator, {24 * 92: (100, 50), 24 * 89: (100, 50)})
    await sum_up_vendors(operator, [])

    found = await list_vendor_incidents(operator, now - timedelta(days=365))

    assert [one.began_at for one in found] == [now - timedelta(days=89)]
