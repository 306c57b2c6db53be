"""What a sandbox vendor has seen since its last reset."""

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from service.sandbox.http import Json


class Stats:
    """Counters; bounded, because paths are counted by pattern."""

    def __init__(self) -> None:
        self._calls: Counter[str] = Counter()
        self._statuses: Counter[int] = Counter()
        self._now = 0
        self._most = 0

    def reset(self) -> None:
        """Counts from nothing again; calls under way stay counted as such."""
        self._calls.clear()
        self._statuses.clear()
        self._most = self._now

    @contextmanager
    def under_way(self) -> Generator[None]:
        """Around a call, until its answer has left."""
        self._now += 1
        self._most = max(self._most, self._now)
        try:
            yield
        finally:
            self._now -= 1

    def count(self, method: str, pattern: str, status: int) -> None:
        """One call; status 0 is a call that got no answer."""
        self._calls[f"{method} {pattern}"] += 1
        self._statuses[status] += 1

    def table(self) -> Json:
        """The counters as JSON."""
        return {
            "total": self._calls.total(),
            "calls": dict(sorted(self._calls.items())),
            "statuses": {str(status): count for status, count in sorted(self._statuses.items())},
            "throttled": self._statuses[429],
            "concurrent": self._now,
            "concurrent_max": self._most,
        }
