"""Recording: durable, once each, refused rather than lost."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from billing import (
    PUBLIC_PLAN,
    Invocation,
    InvocationRefused,
    Meter,
    MeteringDown,
    PriceBook,
    Reason,
    UsageLedger,
    VoidReason,
    get_call,
    open_account,
)
from billing.store import Connection
from billing.usage import BATCH_ROWS, QUEUE_ROWS
from service.db.pool import Pool
from tests.billing.calls import billable, free

pytestmark = pytest.mark.anyio

_NOW = datetime.now(UTC)


async def _count(owner: Connection, table: str, org_id: UUID) -> int:
    count: int = await owner.fetchval(f"SELECT count(*) FROM billing.{table} WHERE org_id = $1", org_id)
    return count


async def test_a_billable_call_is_logged_and_counted(ledger: UsageLedger, owner: Connection) -> None:
    call = billable(uuid4(), _NOW, meter=Meter.DOCUMENT, units=3)

    await ledger.record(call)

    row = await owner.fetchrow("SELECT *, billing.occurred_at(request_id) AS at FROM billing.usage")
    assert row is not None
    assert (row["org_id"], row["request_id"], row["meter"], row["units"]) == (
        call.org_id,
        call.request_id,
        "document",
        3,
    )
    assert row["at"] == call.occurred_at
    assert await _count(owner, "calls", call.org_id) == 1


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.SUCCESS])
async def test_a_call_that_is_not_billable_is_logged_only(
    ledger: UsageLedger, owner: Connection, reason: Reason
) -> None:
    call = free(uuid4(), _NOW, reason)

    await ledger.record(call)

    assert await _count(owner, "calls", call.org_id) == 1
    assert await _count(owner, "usage", call.org_id) == 0


async def test_the_same_request_counts_once(ledger: UsageLedger, owner: Connection) -> None:
    call = billable(uuid4(), _NOW)

    await asyncio.gather(*(ledger.record(call) for _ in range(20)))
    await ledger.record(call)

    assert await _count(owner, "usage", call.org_id) == 1


async def test_more_calls_than_a_batch_holds_are_all_kept(ledger: UsageLedger, owner: Connection) -> None:
    org_id = uuid4()

    await asyncio.gather(*(ledger.record(billable(org_id, _NOW)) for _ in range(3 * BATCH_ROWS)))

    assert await _count(owner, "usage", org_id) == 3 * BATCH_ROWS


def _impossible(org_id: UUID) -> list[Invocation]:
    units = billable(org_id, _NOW, units=0)
    status = Invocation(
        org_id=org_id, request_id=units.request_id, key_id=org_id, operation="x", status=70_000, reason=Reason.REPLAY
    )
    text = Invocation(
        org_id=org_id, request_id=units.request_id, key_id=org_id, operation="\0", status=200, reason=Reason.REPLAY
    )
    return [units, status, text]


@pytest.mark.parametrize("which", range(3))
async def test_an_impossible_row_is_refused_alone(ledger: UsageLedger, owner: Connection, which: int) -> None:
    org_id = uuid4()
    bad = _impossible(org_id)[which]
    good = [billable(org_id, _NOW) for _ in range(30)]

    outcomes = await asyncio.gather(
        *(ledger.record(call) for call in [*good[:15], bad, *good[15:]]), return_exceptions=True
    )

    assert [type(one) for one in outcomes if one is not None] == [InvocationRefused]
    assert await _count(owner, "usage", org_id) == 30
    assert ledger.refusal is None


async def test_a_full_queue_refuses_at_once(ledger: UsageLedger) -> None:
    org_id = uuid4()
    tasks = [asyncio.ensure_future(ledger.record(billable(org_id, _NOW))) for _ in range(QUEUE_ROWS + 1)]

    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(one) for one in outcomes if one is not None] == [MeteringDown]


async def test_a_caller_who_leaves_does_not_disturb_the_others(ledger: UsageLedger, owner: Connection) -> None:
    org_id = uuid4()
    tasks = [asyncio.ensure_future(ledger.record(billable(org_id, _NOW))) for _ in range(10)]
    await asyncio.sleep(0)
    tasks[3].cancel()

    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(one) for one in outcomes if one is not None] == [asyncio.CancelledError]
    assert await _count(owner, "usage", org_id) in {9, 10}


async def test_a_ledger_that_was_not_started_or_is_closed_refuses(meter_pool: Pool, owner: Connection) -> None:
    ledger = UsageLedger(meter_pool)
    org_id = uuid4()
    with pytest.raises(MeteringDown, match="not started"):
        await ledger.record(billable(org_id, _NOW))
    await ledger.start()
    await ledger.close()

    with pytest.raises(MeteringDown, match="closed"):
        await ledger.record(billable(org_id, _NOW))

    assert await _count(owner, "calls", org_id) == 0


async def test_closing_writes_what_waits(meter_pool: Pool, owner: Connection) -> None:
    ledger = UsageLedger(meter_pool)
    org_id = uuid4()
    await ledger.start()
    tasks = [asyncio.ensure_future(ledger.record(billable(org_id, _NOW))) for _ in range(100)]
    await asyncio.sleep(0)

    await ledger.close()

    assert await asyncio.gather(*tasks) == [None] * 100
    assert await _count(owner, "usage", org_id) == 100


async def test_a_call_taken_back_is_void_when_the_ledger_has_closed(
    meter_pool: Pool, operator: Connection, book: PriceBook
) -> None:
    ledger = UsageLedger(meter_pool)
    await ledger.start()
    org_id = uuid4()
    await open_account(operator, org_id, book.find(*PUBLIC_PLAN), "UTC", "USD", opened_at=_NOW)
    call, other = billable(org_id, _NOW), billable(org_id, _NOW)
    await asyncio.gather(ledger.record(call), ledger.record(other))

    ledger.take_back(call)
    await ledger.close()

    receipts = [await get_call(operator, book, org_id, one.request_id) for one in (call, other)]
    assert [one.call.void_reason for one in receipts if one] == [VoidReason.BROKEN_OFF, None]


async def test_a_call_taken_back_while_the_backend_dies_is_void(
    meter_pool: Pool, operator: Connection, owner: Connection, book: PriceBook
) -> None:
    ledger = UsageLedger(meter_pool)
    await ledger.start()
    org_id = uuid4()
    await open_account(operator, org_id, book.find(*PUBLIC_PLAN), "UTC", "USD", opened_at=_NOW)
    call = billable(org_id, _NOW)
    await ledger.record(call)
    await owner.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE application_name = 'tickmark_meter' AND datname = current_database()"
    )

    ledger.take_back(call)
    await ledger.close()

    receipt = await get_call(operator, book, org_id, call.request_id)
    assert receipt is not None
    assert receipt.call.void_reason is VoidReason.BROKEN_OFF


async def test_months_without_a_partition_lose_nothing(ledger: UsageLedger, owner: Connection) -> None:
    org_id = uuid4()
    far = [datetime(1999, 1, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)]

    await asyncio.gather(*(ledger.record(billable(org_id, at)) for at in far))

    assert await _count(owner, "usage_default", org_id) == 2
