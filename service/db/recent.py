"""Values read from the database a moment ago: hot paths ask here, and a change is still felt within a second."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeAlias, TypeVar

K = TypeVar("K")
V = TypeVar("V")
Read: TypeAlias = Callable[[], Coroutine[Any, Any, V]]

CHANGES_ARE_FELT_WITHIN_S = 0.9


class Recent(Generic[K, V]):
    """A bounded cache with one read at a time for each key.

    An age counts from the instant its read *began*, so no answer is older than `ttl_s` and a caller never joins a
    read begun longer ago than that. From half that age on, a hit starts the next read without waiting for it: a key in
    steady use never waits. Failures are not kept; the oldest values make room for new ones.
    """

    __slots__ = ("_capacity", "_flights", "_monotonic", "_ttl_s", "_values")

    def __init__(
        self,
        ttl_s: float = CHANGES_ARE_FELT_WITHIN_S,
        capacity: int = 10_000,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ttl_s = ttl_s
        self._capacity = capacity
        self._monotonic = monotonic
        self._values: dict[K, tuple[float, V]] = {}
        self._flights: dict[K, tuple[float, asyncio.Task[V]]] = {}

    async def get(self, key: K, read: Read[V]) -> V:
        """The value of `key`, by `read` where none is recent enough; what `read` raises reaches every waiter."""
        now = self._monotonic()
        kept = self._values.get(key)
        if kept is not None:
            age_s = now - kept[0]
            if age_s < self._ttl_s:
                if age_s > self._ttl_s / 2 and key not in self._flights:
                    self._start(key, read, now)
                return kept[1]
        flight = self._flights.get(key)
        if flight is None or now - flight[0] >= self._ttl_s:
            flight = self._start(key, read, now)
        return await asyncio.shield(flight[1])

    def peek(self, key: K) -> V | None:
        """The value of `key`, if it is at hand and so recent that nobody need think of reading it again."""
        kept = self._values.get(key)
        return kept[1] if kept is not None and self._monotonic() - kept[0] < self._ttl_s / 2 else None

    def keep(self, key: K, value: V) -> None:
        """What the caller has just written; a read begun before is not kept."""
        self.forget(key)
        self._store(key, self._monotonic(), value)

    def forget(self, key: K) -> None:
        """The next `get` reads; a read under way is not kept."""
        self._values.pop(key, None)
        self._flights.pop(key, None)

    def _start(self, key: K, read: Read[V], began: float) -> tuple[float, "asyncio.Task[V]"]:
        task = asyncio.create_task(read())
        flight = self._flights[key] = (began, task)
        task.add_done_callback(lambda done: self._land(key, began, done))
        return flight

    def _land(self, key: K, began: float, done: "asyncio.Task[V]") -> None:
        failed = done.cancelled() or done.exception() is not None
        flight = self._flights.get(key)
        if flight is None or flight[1] is not done:
            return
        del self._flights[key]
        self._values.pop(key, None)
        if not failed:
            self._store(key, began, done.result())

    def _store(self, key: K, began: float, value: V) -> None:
        self._values[key] = (began, value)
        if len(self._values) > self._capacity:
            del self._values[next(iter(self._values))]
