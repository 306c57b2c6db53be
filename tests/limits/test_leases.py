import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self, cast
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis
from redis.crc import key_slot

from service import embedded
from service.connectors.sdk.budget import Limit
from service.leases import LEASE_S, Bucket, Leases, NoTokensError
from service.leases.shared import SharedCount

pytestmark = pytest.mark.anyio
TEN_A_SECOND = (Limit(10, 1.0),)
NOBODY_LISTENS = "redis://127.0.0.1:1/0"


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)  # pyright: ignore[reportUnknownMemberType]
    yield client
    await client.aclose()


async def spend(bucket: Bucket, tokens: int) -> None:
    for _ in range(tokens):
        await bucket.acquire()


async def all_keys(redis: Redis) -> list[bytes]:
    return cast(list[bytes], await redis.keys("tm:*"))  # pyright: ignore[reportUnknownMemberType]


async def tokens_in_window(redis: Redis) -> int:
    return -int(await redis.zscore("tm:{t:k}:1", "#") or 0)


async def test_everything_up_to_the_limit_is_granted_and_nothing_more(redis: Redis) -> None:
    bucket = Leases(redis, "t").bucket("k", TEN_A_SECOND)
    await spend(bucket, 10)

    with pytest.raises(NoTokensError) as refused:
        await bucket.acquire()

    assert 0.8 < refused.value.retry_after_s <= 1.0 + LEASE_S
    assert bucket.remaining == 0


async def test_waiting_as_long_as_told_is_enough(redis: Redis) -> None:
    bucket = Leases(redis, "t").bucket("k", (Limit(2, 0.3),))
    await spend(bucket, 2)
    with pytest.raises(NoTokensError) as refused:
        await bucket.acquire()
    await asyncio.sleep(refused.value.retry_after_s)

    await bucket.acquire()


async def test_refusals_are_told_without_a_round_trip(redis: Redis) -> None:
    leases = Leases(redis, "t")
    bucket = leases.bucket("k", TEN_A_SECOND)
    await spend(bucket, 10)
    with pytest.raises(NoTokensError):
        await bucket.acquire()
    before = leases.round_trips

    for _ in range(100):
        with pytest.raises(NoTokensError):
            await bucket.acquire()

    assert leases.round_trips == before


async def test_a_hundred_callers_share_one_flight(redis: Redis) -> None:
    leases = Leases(redis, "t")
    bucket = leases.bucket("k", (Limit(1000, 1.0),))

    await asyncio.gather(*(bucket.acquire() for _ in range(100)))

    assert leases.round_trips == 1


async def test_who_came_first_is_served_first(redis: Redis) -> None:
    bucket = Leases(redis, "t").bucket("k", (Limit(1, 0.05),))
    served: list[int] = []

    async def call(number: int) -> None:
        await bucket.acquire(5.0)
        served.append(number)

    await asyncio.gather(*(call(number) for number in range(8)))

    assert served == list(range(8))


async def test_a_wait_in_vain_is_refused_at_once(redis: Redis) -> None:
    bucket = Leases(redis, "t").bucket("k", (Limit(1, 5.0),))
    await bucket.acquire()
    started = time.monotonic()

    with pytest.raises(NoTokensError):
        await bucket.acquire(2.0)

    assert time.monotonic() - started < 1.0


async def test_a_cancelled_caller_holds_nobody_up(redis: Redis) -> None:
    bucket = Leases(redis, "t").bucket("k", (Limit(1, 0.2),))
    await bucket.acquire()
    first = asyncio.create_task(bucket.acquire(5.0))
    second = asyncio.create_task(bucket.acquire(5.0))
    await asyncio.sleep(0.01)
    first.cancel()

    await asyncio.wait_for(second, 1.0)

    assert first.cancelled()


async def test_unspent_tokens_go_back_with_the_next_lease(redis: Redis) -> None:
    bucket = Leases(redis, "t").bucket("k", (Limit(10_000, 1.0),))
    await bucket.acquire()
    leased = await tokens_in_window(redis)
    await asyncio.sleep(LEASE_S * 1.1)
    await bucket.acquire()

    assert leased == 500 // 16
    assert await tokens_in_window(redis) == 2


async def test_a_bucket_in_demand_leases_more_at_a_time(redis: Redis) -> None:
    leases = Leases(redis, "t")
    bucket = leases.bucket("k", (Limit(100_000, 1.0),))

    await spend(bucket, 20_000)

    assert leases.round_trips < 20


async def test_an_expired_lease_is_not_spent(redis: Redis) -> None:
    leases = Leases(redis, "t")
    bucket = leases.bucket("k", (Limit(10_000, 1.0),))
    await bucket.acquire()
    assert bucket.take()
    await asyncio.sleep(LEASE_S * 1.1)

    assert not bucket.take()


async def test_a_penalty_closes_the_key_for_every_process(redis: Redis) -> None:
    here, there = Leases(redis, "t").bucket("k", TEN_A_SECOND), Leases(redis, "t").bucket("k", TEN_A_SECOND)

    await here.penalize(5.0)

    for bucket in (here, there):
        with pytest.raises(NoTokensError) as refused:
            await bucket.acquire(1.0)
        assert 4.0 < refused.value.retry_after_s <= 5.0


async def test_a_shorter_penalty_does_not_end_a_longer_one(redis: Redis) -> None:
    await Leases(redis, "t").bucket("k", TEN_A_SECOND).penalize(5.0)
    await Leases(redis, "t").bucket("k", TEN_A_SECOND).penalize(0.001)

    with pytest.raises(NoTokensError) as refused:
        await Leases(redis, "t").bucket("k", TEN_A_SECOND).acquire()

    assert refused.value.retry_after_s > 4.0


async def test_the_same_lease_sent_twice_counts_once(redis: Redis) -> None:
    """What a client library does that lost the answer and tries again."""
    shared = SharedCount(redis)
    keys, limit = ["tm:{t:k}:p", "tm:{t:k}:1"], [10, 1_000_000]
    lease: list[str | int] = ["lease", 4, 4, 50_000]
    await shared.grant(keys, [*lease, "", 0, 0, 0, *limit])
    await shared.grant(keys, [*lease, "", 0, 0, 0, *limit])
    settling: list[str | int] = ["next", 1, 1, 50_000, "lease:4", 4, 2, 0, *limit]
    first = await shared.grant(keys, settling)
    second = await shared.grant(keys, settling)

    assert first is not None
    assert second is not None
    assert first[2] == 10 - 2 - 1
    assert second[2] >= first[2] - 1
    assert await tokens_in_window(redis) == 3


async def test_all_keys_of_a_bucket_are_in_one_cluster_slot(redis: Redis) -> None:
    bucket = Leases(redis, "t").bucket("strange}{key", (Limit(10, 1.0), Limit(500, 60.0)))
    await bucket.acquire()
    await bucket.penalize(1.0)

    keys = await all_keys(redis)

    assert len(keys) == 3
    assert len({key_slot(key) for key in keys}) == 1


async def test_nothing_is_left_in_redis_when_the_windows_have_passed(redis: Redis) -> None:
    bucket = Leases(redis, "t").bucket("k", (Limit(10, 0.1),))
    await spend(bucket, 10)

    ttl_ms = [await redis.pttl(key) for key in await all_keys(redis)]

    assert ttl_ms
    assert all(0 < ttl <= 1200 for ttl in ttl_ms)


async def test_two_limits_over_one_window_are_refused() -> None:
    client = Redis.from_url(NOBODY_LISTENS)  # pyright: ignore[reportUnknownMemberType]

    with pytest.raises(ValueError, match="window"):
        Leases(client, "t").bucket("k", (Limit(10, 1.0), Limit(5, 1.0)))


async def test_without_redis_each_process_keeps_to_its_share() -> None:
    client = Redis.from_url(NOBODY_LISTENS)  # pyright: ignore[reportUnknownMemberType]
    leases = Leases(client, "t", outage_share=4)
    bucket = leases.bucket("k", (Limit(40, 60.0),))
    await spend(bucket, 10)

    with pytest.raises(NoTokensError) as refused:
        await bucket.acquire(1.0)

    assert 50 < refused.value.retry_after_s <= 60 + LEASE_S
    assert leases.outages == 1


async def test_a_share_below_one_becomes_a_longer_window() -> None:
    client = Redis.from_url(NOBODY_LISTENS)  # pyright: ignore[reportUnknownMemberType]
    bucket = Leases(client, "t", outage_share=4).bucket("k", (Limit(2, 10.0),))
    await bucket.acquire()

    with pytest.raises(NoTokensError) as refused:
        await bucket.acquire(1.0)

    assert 19 < refused.value.retry_after_s <= 20 + LEASE_S


async def test_a_redis_that_comes_back_counts_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.leases.shared.RETRY_S", 0.2)
    async with SlowRelay() as relay:
        client = Redis.from_url(relay.url)  # pyright: ignore[reportUnknownMemberType]
        leases = Leases(client, "t")
        bucket = leases.bucket("k", (Limit(1000, 1.0),))
        await bucket.acquire()
        assert leases.outages == 1
        with embedded.running_redis(tmp_path) as url:
            relay.target = urlsplit(url).port
            await asyncio.sleep(0.3)
            await bucket.acquire()
            await client.aclose()
            other = Redis.from_url(url)  # pyright: ignore[reportUnknownMemberType]
            assert await other.exists("tm:{t:k}:1")
            await other.aclose()


async def test_only_one_call_tries_a_redis_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.leases.shared.RETRY_S", 0.05)
    client = Redis.from_url(NOBODY_LISTENS)  # pyright: ignore[reportUnknownMemberType]
    leases = Leases(client, "t")
    await leases.bucket("first", TEN_A_SECOND).acquire()
    await asyncio.sleep(0.06)

    await asyncio.gather(*(leases.bucket(f"k{number}", TEN_A_SECOND).acquire() for number in range(50)))

    assert leases.round_trips == 2
    assert leases.outages == 1


async def test_a_redis_slower_than_a_lease_still_lets_calls_through(redis_url: str) -> None:
    async with SlowRelay(delay_s=0.08) as relay:
        relay.target = urlsplit(redis_url).port
        client = Redis.from_url(relay.url)  # pyright: ignore[reportUnknownMemberType]
        await client.ping()  # pyright: ignore[reportUnknownMemberType]
        leases = Leases(client, "t")

        await asyncio.wait_for(leases.bucket("k", TEN_A_SECOND).acquire(2.0), 2.0)

        assert leases.outages == 0
        await client.aclose()


class SlowRelay:
    """A TCP relay in front of Redis: refuses while it has no target, holds answers back by `delay_s`."""

    def __init__(self, delay_s: float = 0.0) -> None:
        self.delay_s = delay_s
        self.target: int | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"redis://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/0"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.target is None:
            writer.close()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        for task in (
            asyncio.create_task(self._copy(reader, far_writer, 0)),
            asyncio.create_task(self._copy(far_reader, writer, self.delay_s)),
        ):
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay_s: float) -> None:
        while data := await reader.read(65536):
            await asyncio.sleep(delay_s)
            writer.write(data)
        writer.close()
