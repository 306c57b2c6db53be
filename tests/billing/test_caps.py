"""Budgets hold: nothing is spent over them, whoever calls, however many at once, whatever dies."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from billing import (
    PUBLIC_PLAN,
    Budget,
    BudgetScope,
    BudgetSpan,
    BudgetUnknown,
    Caps,
    CapsDown,
    Guard,
    Hold,
    Meter,
    PriceBook,
    SpendCapReached,
    UsageLedger,
    delete_budget,
    get_budget_statuses,
    open_account,
    set_budget,
)
from billing import leases as leases_module
from billing.caps_block import REFUSED_FOR_S
from billing.store import Connection
from service.clock import now
from service.db.pool import Pool
from tests.billing.calls import CONNECTION, KEY, billable
from tests.conftest import Database

pytestmark = pytest.mark.anyio

_FREE_WRITES, _WRITE_MINOR = 100, 2


@pytest.fixture
async def org(operator: Connection, book: PriceBook) -> UUID:
    """An organization on the public plan, opened long ago: 100 writes are free each month, then 2 cents each."""
    org_id = uuid4()
    opened_at = now() - timedelta(days=400)
    await open_account(operator, org_id, book.find(*PUBLIC_PLAN), "UTC", "USD", opened_at=opened_at)
    return org_id


@pytest.fixture
async def caps(app_pool: Pool, book: PriceBook) -> AsyncIterator[Caps]:
    caps = Caps(app_pool, book)
    await caps.start()
    yield caps
    await caps.close()


def _of_org(org: UUID, limit_minor: int, span: BudgetSpan = BudgetSpan.MONTH) -> Budget:
    return Budget(BudgetScope.ORGANIZATION, org, span, limit_minor)


async def _reserve(guard: Guard, meter: Meter = Meter.WRITE, units: int = 1, key: UUID = KEY) -> Hold:
    at_ms = time.time_ns() // 1_000_000
    found = guard.try_reserve(key, CONNECTION, meter, units, at_ms)
    return found or await guard.reserve(key, CONNECTION, meter, units, at_ms)


async def _spend(caps: Caps, ledger: UsageLedger, org: UUID, calls: int, meter: Meter = Meter.WRITE) -> int:
    """Calls one after the other until refused; how many were billed."""
    for done in range(calls):
        try:
            hold = await _reserve(await caps.guard(org), meter)
        except SpendCapReached:
            return done
        await ledger.record(billable(org, now(), meter=meter))
        hold.settle()
    return calls


async def _spent(operator: Connection, book: PriceBook, org: UUID) -> list[Decimal]:
    return [one.spent_minor for one in await get_budget_statuses(operator, book, org, now())]


async def test_a_budget_is_spent_to_the_last_call_and_not_beyond(
    caps: Caps, ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID
) -> None:
    await set_budget(operator, org, _of_org(org, 21))

    assert await _spend(caps, ledger, org, 200) == _FREE_WRITES + 10
    assert await _spent(operator, book, org) == [20]


async def test_without_a_budget_nothing_is_reserved(caps: Caps, org: UUID) -> None:
    guard = await caps.guard(org)

    assert guard.budgets == ()
    assert caps.try_guard(org) is guard


async def test_what_fails_costs_nothing(
    caps: Caps, ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID
) -> None:
    await set_budget(operator, org, _of_org(org, 0))
    for _ in range(300):
        (await _reserve(await caps.guard(org))).release()

    assert await _spend(caps, ledger, org, 200) == _FREE_WRITES


async def test_what_was_spent_before_the_budget_counts(
    caps: Caps, ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID
) -> None:
    await ledger.record(billable(org, now(), meter=Meter.WRITE, units=_FREE_WRITES + 4))
    await set_budget(operator, org, _of_org(org, 10))

    assert await _spend(caps, ledger, org, 50) == 1


async def test_the_tightest_budget_decides(
    caps: Caps, ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID
) -> None:
    await set_budget(operator, org, _of_org(org, 1_000))
    await set_budget(operator, org, _of_org(org, 500, BudgetSpan.DAY))
    await set_budget(operator, org, Budget(BudgetScope.CONNECTION, CONNECTION, BudgetSpan.MONTH, 300))
    await set_budget(operator, org, Budget(BudgetScope.KEY, KEY, BudgetSpan.DAY, 8))

    assert await _spend(caps, ledger, org, 50) == 4  # a key pays the full price from its first unit
    with pytest.raises(SpendCapReached) as refused:
        await _reserve(await caps.guard(org))
    assert (refused.value.budget.scope, refused.value.currency) == (BudgetScope.KEY, "USD")
    (await _reserve(await caps.guard(org), key=uuid4())).release()


async def test_a_raised_limit_is_felt_within_a_second(
    caps: Caps, ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID
) -> None:
    await set_budget(operator, org, _of_org(org, 0))
    assert await _spend(caps, ledger, org, 200) == _FREE_WRITES
    await set_budget(operator, org, _of_org(org, 4))
    began = time.monotonic()
    while await _spend(caps, ledger, org, 1) == 0:  # noqa: ASYNC110
        await asyncio.sleep(0.01)

    assert time.monotonic() - began < 1


async def test_a_new_budget_is_felt_within_a_second_and_a_deleted_one_too(
    caps: Caps, operator: Connection, org: UUID
) -> None:
    assert (await caps.guard(org)).budgets == ()
    await set_budget(operator, org, _of_org(org, 0))
    began = time.monotonic()
    while not (await caps.guard(org)).budgets:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert time.monotonic() - began < 1

    (await _reserve(await caps.guard(org))).release()
    await delete_budget(operator, org, BudgetScope.ORGANIZATION, org, BudgetSpan.MONTH)
    await (await caps.guard(org)).beat()

    assert (await caps.guard(org)).budgets == ()
    (await _reserve(await caps.guard(org), units=10_000)).release()
    with pytest.raises(BudgetUnknown):
        await delete_budget(operator, org, BudgetScope.ORGANIZATION, org, BudgetSpan.MONTH)


async def test_alerts_are_raised_once_each(
    caps: Caps, ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID
) -> None:
    await set_budget(operator, org, _of_org(org, 20))
    guard = await caps.guard(org)
    percents: list[list[int]] = []
    for calls in (_FREE_WRITES + 4, 1, 3, 3):
        await _spend(caps, ledger, org, calls)
        await guard.beat()
        (status,) = await get_budget_statuses(operator, book, org, now())
        percents.append([alert.percent for alert in status.alerts])

    assert percents == [[], [50], [50, 80], [50, 80, 100]]


async def test_two_processes_share_one_budget(
    app_pool: Pool, caps: Caps, ledger: UsageLedger, operator: Connection, book: PriceBook, org: UUID
) -> None:
    await set_budget(operator, org, _of_org(org, 100))
    other = Caps(app_pool, book)
    done = [await _spend(one, ledger, org, 3) for one in (caps, other) * 40]

    assert sum(done) <= _FREE_WRITES + 50
    await (await other.guard(org)).beat()
    await other.close()
    await asyncio.sleep(REFUSED_FOR_S)
    rest = await _spend(caps, ledger, org, 100)
    assert sum(done) + rest == _FREE_WRITES + 50


async def test_a_lease_of_a_dead_process_is_settled_from_the_ledger(
    monkeypatch: pytest.MonkeyPatch,
    app_pool: Pool,
    caps: Caps,
    ledger: UsageLedger,
    operator: Connection,
    book: PriceBook,
    org: UUID,
) -> None:
    await set_budget(operator, org, _of_org(org, 20))
    dead = Caps(app_pool, book)
    monkeypatch.setattr(leases_module, "LEASE_S", 0.0)
    monkeypatch.setattr(leases_module, "MARGIN_S", 0.0)
    hold = await (await dead.guard(org)).reserve(KEY, None, Meter.WRITE, _FREE_WRITES + 9, time.time_ns() // 1_000_000)
    await ledger.record(billable(org, now(), meter=Meter.WRITE, units=_FREE_WRITES + 2))
    monkeypatch.undo()

    assert await _spend(caps, ledger, org, 100) == 8
    await (await dead.guard(org)).renew()
    assert not await hold.confirm()  # it was not dead after all: its call is free


async def test_what_cannot_be_checked_is_refused(book: PriceBook, app_pool: Pool, org: UUID) -> None:
    caps = Caps(app_pool, book)
    await app_pool.close()

    with pytest.raises(CapsDown):
        await caps.guard(org)


@pytest.mark.parametrize("killed", [False, True])
async def test_sixteen_callers_in_four_processes_never_overshoot(
    database: Database, operator: Connection, book: PriceBook, org: UUID, killed: bool
) -> None:
    limit = 1_500
    await set_budget(operator, org, _of_org(org, limit))
    await set_budget(operator, org, _of_org(org, limit, BudgetSpan.DAY))
    options: dict[str, object] = {
        "url": database.owner_url,
        "org": str(org),
        "callers": 4,
        "patience": 25,
        "failing": 0.2,
    }
    processes = [await _start(options) for _ in range(4)]
    if killed:
        assert processes[0].stdout is not None
        for _ in range(20):
            await processes[0].stdout.readline()
        processes[0].kill()
    outputs = await asyncio.gather(*(process.communicate() for process in processes))
    billed = sum(output.count(b"billed\n") for output, _ in outputs)

    spent = await _spent(operator, book, org)
    assert max(spent) <= limit
    if not killed:
        assert [process.returncode for process in processes] == [0] * 4
        assert billed == _FREE_WRITES + limit // _WRITE_MINOR
        assert spent == [limit, limit]


async def _start(options: dict[str, object]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.billing.spender",
        json.dumps(options),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": "."},
    )
