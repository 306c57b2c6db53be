import asyncio
import re
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from service.api.limits import (
    DEFAULT,
    UNKNOWN_KEYS,
    Admitted,
    Limits,
    Policy,
    TooManyRequestsError,
    rate_limit_headers,
    refused_headers,
)
from service.connectors.sdk.budget import Limit

pytestmark = pytest.mark.anyio
FIVE = Policy((Limit(5, 10.0), Limit(100, 60.0)), concurrent=8)
KEY = uuid4()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)  # pyright: ignore[reportUnknownMemberType]
    yield client
    await client.aclose()


async def call(limits: Limits, key_id: UUID, policy: Policy) -> Admitted:
    """One call that has come and gone."""
    admitted = limits.try_admit(key_id, policy) or await limits.admit(key_id, policy)
    limits.release(key_id)
    return admitted


async def test_calls_over_the_limit_are_refused_with_a_time_to_come_back(redis: Redis) -> None:
    limits = Limits(redis)
    stands = [(await call(limits, KEY, FIVE)).remaining for _ in range(5)]

    with pytest.raises(TooManyRequestsError) as refused:
        await call(limits, KEY, FIVE)

    assert stands == [4, 3, 2, 1, 0]
    assert 9 < refused.value.retry_after_s <= 10.05
    assert not refused.value.concurrent
    with pytest.raises(TooManyRequestsError):
        limits.try_admit(KEY, FIVE)


async def test_one_key_does_not_use_up_anothers_limit(redis: Redis) -> None:
    limits = Limits(redis)
    for _ in range(5):
        await call(limits, KEY, FIVE)

    assert (await call(limits, uuid4(), FIVE)).remaining == 4


async def test_two_workers_share_a_keys_limit(redis: Redis) -> None:
    one, other = Limits(redis), Limits(redis)
    for worker in (one, other, one, other, one):
        await call(worker, KEY, FIVE)

    with pytest.raises(TooManyRequestsError):
        await call(other, KEY, FIVE)


async def test_calls_at_once_are_limited_until_one_ends(redis: Redis) -> None:
    policy = Policy((Limit(1000, 1.0),), concurrent=4)
    limits = Limits(redis, workers=2)
    await limits.admit(KEY, policy)
    await limits.admit(KEY, policy)
    with pytest.raises(TooManyRequestsError) as refused:
        await limits.admit(KEY, policy)

    limits.release(KEY)

    assert refused.value.concurrent
    assert await limits.admit(KEY, policy)


async def test_calls_at_once_are_limited_while_the_first_lease_is_under_way(redis: Redis) -> None:
    policy = Policy((Limit(1000, 1.0),), concurrent=3)
    limits = Limits(redis)

    outcomes = await asyncio.gather(*(limits.admit(KEY, policy) for _ in range(5)), return_exceptions=True)

    assert [isinstance(outcome, Admitted) for outcome in outcomes] == [True] * 3 + [False] * 2


async def test_a_refused_call_takes_no_place(redis: Redis) -> None:
    policy = Policy((Limit(1, 30.0),), concurrent=1)
    limits = Limits(redis)
    await call(limits, KEY, policy)
    for _ in range(3):
        with pytest.raises(TooManyRequestsError) as refused:
            await limits.admit(KEY, policy)
        assert not refused.value.concurrent


async def test_a_raised_limit_counts_what_was_spent_under_the_old_one(redis: Redis) -> None:
    limits = Limits(redis)
    for _ in range(5):
        await call(limits, KEY, FIVE)

    raised = await call(limits, KEY, Policy((Limit(8, 10.0), Limit(100, 60.0))))

    assert raised.remaining == 2


async def test_unknown_keys_are_limited_by_address(redis: Redis) -> None:
    limits = Limits(redis, unknown=Policy((Limit(3, 60.0),)))
    for _ in range(3):
        await limits.admit_unknown("192.0.2.7")

    with pytest.raises(TooManyRequestsError):
        await limits.admit_unknown("192.0.2.7")

    await limits.admit_unknown("192.0.2.8")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
        ("192.0.2.7", "::ffff:192.0.2.7"),
        ("not an address", "nor this"),
    ],
)
async def test_addresses_of_one_subscriber_count_as_one(redis: Redis, first: str, second: str) -> None:
    limits = Limits(redis, unknown=Policy((Limit(1, 60.0),)))
    await limits.admit_unknown(first)

    with pytest.raises(TooManyRequestsError):
        await limits.admit_unknown(second)


async def test_without_redis_calls_go_on_within_each_workers_whole_limit() -> None:
    client = Redis.from_url("redis://127.0.0.1:1/0")  # pyright: ignore[reportUnknownMemberType]
    limits = Limits(client, workers=4)
    for _ in range(5):
        await call(limits, KEY, FIVE)

    with pytest.raises(TooManyRequestsError):
        await call(limits, KEY, FIVE)


async def test_headers_are_structured_fields_of_the_draft(redis: Redis) -> None:
    admitted = await call(Limits(redis), KEY, FIVE)

    policy, state = rate_limit_headers(admitted)

    assert policy == b'"10s";q=5;w=10, "60s";q=100;w=60'
    assert re.fullmatch(rb'"10s";r=4;t=(10|11)', state)


def test_a_refusal_rounds_its_pause_up() -> None:
    refused = TooManyRequestsError(0.02, UNKNOWN_KEYS)

    assert refused_headers(refused) == (b'"60s";q=600;w=60', b'"60s";r=0;t=1', b"1")


@pytest.mark.parametrize(("pause_s", "state"), [(0.4, b'"1s";r=0;t=1'), (36.2, b'"60s";r=0;t=37')])
def test_a_refusal_names_the_limit_that_was_reached(pause_s: float, state: bytes) -> None:
    assert refused_headers(TooManyRequestsError(pause_s, DEFAULT))[1] == state


def test_a_limit_is_reset_within_its_window() -> None:
    assert rate_limit_headers(Admitted(DEFAULT, 100, 99, 1.02))[1] == b'"1s";r=99;t=1'


@pytest.mark.parametrize(
    ("own", "windows"),
    [
        (30, ((30, 60.0),)),
        (100, ((100, 60.0),)),
        (600, ((100, 1.0), (600, 60.0))),
        (3000, ((100, 1.0), (3000, 60.0))),
        (90_000, ((100, 1.0), (3000, 60.0))),
    ],
)
async def test_own_limit_of_a_key_is_never_wider_than_everybodys(
    redis: Redis, own: int, windows: tuple[tuple[int, float], ...]
) -> None:
    limits = Limits(redis)

    policy = limits.policy_of(own)

    assert policy is not None
    assert tuple((one.count, one.window_s) for one in policy.limits) == windows
    assert policy.concurrent == DEFAULT.concurrent
    assert limits.policy_of(own) is policy  # a new one would empty its bucket
    assert limits.policy_of(None) is None
