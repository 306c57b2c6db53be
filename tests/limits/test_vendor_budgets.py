import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from service.connectors.budgets import ON_THE_WAY_S, RedisBudgetKeeper
from service.connectors.sdk.budget import BudgetExhausted, BudgetKeeper, BudgetSpec, Limit

pytestmark = pytest.mark.anyio
QUICKBOOKS_REALM = BudgetSpec(limits=(Limit(10, 1.0), Limit(500, 60.0)), scope="account")
CANOPY_TOKEN = BudgetSpec(limits=(Limit(120, 60.0),))


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)  # pyright: ignore[reportUnknownMemberType]
    yield client
    await client.aclose()


@pytest.fixture
def keeper(redis: Redis) -> BudgetKeeper:
    return RedisBudgetKeeper(redis)


async def test_a_burst_waits_for_the_next_second(keeper: BudgetKeeper) -> None:
    started = time.monotonic()

    await asyncio.gather(*(keeper.acquire("realm", QUICKBOOKS_REALM, wait_s=5.0) for _ in range(25)))

    assert 2.0 + 2 * ON_THE_WAY_S <= time.monotonic() - started < 3.5


async def test_the_tightest_limit_is_told(keeper: BudgetKeeper) -> None:
    told = [await keeper.acquire("realm", QUICKBOOKS_REALM, wait_s=0) for _ in range(3)]

    assert [(state.limit, state.remaining) for state in told if state] == [(10, 9), (10, 8), (10, 7)]
    assert all(0.9 < state.reset_s - ON_THE_WAY_S <= 1.05 for state in told if state)


async def test_a_spent_minute_is_told_when_it_opens(keeper: BudgetKeeper) -> None:
    for _ in range(120):
        await keeper.acquire("token", CANOPY_TOKEN, wait_s=0)

    with pytest.raises(BudgetExhausted) as spent:
        await keeper.acquire("token", CANOPY_TOKEN, wait_s=2.0)

    assert 55 < spent.value.retry_after_s <= 60.05 + ON_THE_WAY_S


async def test_the_end_is_forecast_at_the_pace_of_the_last_seconds(redis: Redis) -> None:
    here, there = RedisBudgetKeeper(redis), RedisBudgetKeeper(redis)
    told = None
    for _ in range(12):
        for keeper in (here, there):
            told = await keeper.acquire("token", CANOPY_TOKEN, wait_s=0)
        await asyncio.sleep(0.2)

    assert told is not None
    assert told.spent_in_s is not None
    left_at_ten_a_second = told.remaining / 10
    assert left_at_ten_a_second / 2 < told.spent_in_s < left_at_ten_a_second * 6


async def test_one_call_now_and_then_forecasts_no_end(keeper: BudgetKeeper) -> None:
    told = await keeper.acquire("realm", QUICKBOOKS_REALM, wait_s=0)

    assert told is not None
    assert told.spent_in_s is None


async def test_other_accounts_are_not_held_up(keeper: BudgetKeeper) -> None:
    for _ in range(10):
        await keeper.acquire("realm-1", QUICKBOOKS_REALM, wait_s=0)

    state = await keeper.acquire("realm-2", QUICKBOOKS_REALM, wait_s=0)

    assert state is not None
    assert state.remaining == 9


async def test_after_a_vendors_429_every_worker_stays_away(redis: Redis) -> None:
    here, there = RedisBudgetKeeper(redis), RedisBudgetKeeper(redis)
    await here.acquire("realm", QUICKBOOKS_REALM, wait_s=0)

    await here.penalize("realm", QUICKBOOKS_REALM, 0.4)

    for keeper in (here, there):
        with pytest.raises(BudgetExhausted):
            await keeper.acquire("realm", QUICKBOOKS_REALM, wait_s=0.1)
    await there.acquire("realm", QUICKBOOKS_REALM, wait_s=1.0)


async def test_a_vendor_without_limits_is_never_waited_for(keeper: BudgetKeeper) -> None:
    assert await keeper.acquire("free", BudgetSpec(limits=()), wait_s=0) is None


async def test_without_redis_a_worker_keeps_to_its_share() -> None:
    client = Redis.from_url("redis://127.0.0.1:1/0")  # pyright: ignore[reportUnknownMemberType]
    keeper = RedisBudgetKeeper(client, processes=2)
    for _ in range(5):
        await keeper.acquire("realm", QUICKBOOKS_REALM, wait_s=0)

    with pytest.raises(BudgetExhausted):
        await keeper.acquire("realm", QUICKBOOKS_REALM, wait_s=0)


async def test_a_huge_budget_is_spent_without_round_trips(redis: Redis) -> None:
    keeper = RedisBudgetKeeper(redis)
    huge = BudgetSpec(limits=(Limit(1_000_000, 1.0),))
    await redis.config_resetstat()  # pyright: ignore[reportUnknownMemberType]
    for _ in range(50_000):
        await keeper.acquire("bench", huge, wait_s=1.0)

    commands = await redis.info("commandstats")  # pyright: ignore[reportUnknownMemberType]

    assert commands["cmdstat_evalsha"]["calls"] < 50
