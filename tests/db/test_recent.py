"""A remembered value is never older than promised, and a read in steady use is never waited for."""

import asyncio

import pytest

from service.db.recent import Recent

pytestmark = pytest.mark.anyio


class Source:
    """Counts its reads; each waits at the gate."""

    def __init__(self) -> None:
        self.reads = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.fails = False

    async def read(self) -> int:
        self.reads += 1
        number = self.reads
        await self.gate.wait()
        if self.fails:
            raise LookupError
        return number


class Seconds:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_parallel_first_reads_become_one() -> None:
    source, recent = Source(), Recent[str, int]()

    assert set(await asyncio.gather(*(recent.get("a", source.read) for _ in range(100)))) == {1}


async def test_value_past_its_time_is_read_again() -> None:
    seconds, source = Seconds(), Source()
    recent = Recent[str, int](1.0, monotonic=seconds)
    await recent.get("a", source.read)

    seconds.now += 0.4
    assert await recent.get("a", source.read) == 1
    seconds.now += 0.6
    assert await recent.get("a", source.read) == 2
    assert source.reads == 2


async def test_value_in_use_is_read_ahead_without_waiting() -> None:
    seconds, source = Seconds(), Source()
    recent = Recent[str, int](1.0, monotonic=seconds)
    await recent.get("a", source.read)
    source.gate.clear()

    seconds.now += 0.6
    assert [await recent.get("a", source.read) for _ in range(3)] == [1, 1, 1]
    source.gate.set()
    await settle()

    assert await recent.get("a", source.read) == 2
    assert source.reads == 2


async def test_age_counts_from_the_begin_of_a_read() -> None:
    seconds, source = Seconds(), Source()
    recent = Recent[str, int](1.0, monotonic=seconds)
    source.gate.clear()
    slow = asyncio.create_task(recent.get("a", source.read))
    await settle()

    seconds.now += 1.0
    later = asyncio.create_task(recent.get("a", source.read))
    await settle()
    source.gate.set()

    assert await slow == 1
    assert await later == 2
    assert await recent.get("a", source.read) == 2


async def test_failure_reaches_every_waiter_and_is_not_kept() -> None:
    source, recent = Source(), Recent[str, int]()
    source.fails = True
    results = await asyncio.gather(*(recent.get("a", source.read) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [LookupError] * 3

    source.fails = False
    assert await recent.get("a", source.read) == 2


async def test_failed_read_ahead_ends_the_old_value() -> None:
    seconds, source = Seconds(), Source()
    recent = Recent[str, int](1.0, monotonic=seconds)
    await recent.get("a", source.read)
    source.fails = True

    seconds.now += 0.6
    assert await recent.get("a", source.read) == 1
    await settle()

    with pytest.raises(LookupError):
        await recent.get("a", source.read)


async def test_waiter_that_gives_up_does_not_stop_the_others() -> None:
    source, recent = Source(), Recent[str, int]()
    source.gate.clear()
    waiters = [asyncio.create_task(recent.get("a", source.read)) for _ in range(2)]
    await settle()

    waiters[0].cancel()
    await settle()
    source.gate.set()

    assert await waiters[1] == 1


async def test_kept_value_is_not_undone_by_an_older_read() -> None:
    source, recent = Source(), Recent[str, int]()
    source.gate.clear()
    reading = asyncio.create_task(recent.get("a", source.read))
    await settle()

    recent.keep("a", 7)
    source.gate.set()
    await reading

    assert await recent.get("a", source.read) == 7


async def test_oldest_values_make_room() -> None:
    source, recent = Source(), Recent[int, int](capacity=10)

    for number in range(11):
        await recent.get(number, source.read)
    await recent.get(10, source.read)
    assert source.reads == 11
    await recent.get(0, source.read)

    assert source.reads == 12
