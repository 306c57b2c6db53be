"""How many calls a vendor admits in a sliding window, for each token, realm or whatever is limited."""

from collections import deque

import msgspec

from service.sandbox.clock import NowS


class Verdict(msgspec.Struct, frozen=True):
    """Whether a call is admitted, how many are left, and in how many seconds there is room again."""

    admitted: bool
    limit: int | None
    remaining: int
    reset_in_s: float


class SlidingLimit:
    """At most `limit` calls in any `window_s` seconds, per name. `limit` None admits everything."""

    def __init__(self, limit: int | None, window_s: float, now_s: NowS) -> None:
        self.limit = limit
        self._window_s = window_s
        self._now_s = now_s
        self._calls: dict[str, deque[float]] = {}

    def reset(self) -> None:
        """Forgets every call."""
        self._calls.clear()

    def check(self, name: str) -> Verdict:
        """What would happen to a call now; counts nothing."""
        if self.limit is None:
            return Verdict(True, None, 0, 0)
        now = self._now_s()
        calls = self._calls.setdefault(name, deque())
        while calls and calls[0] <= now - self._window_s:
            calls.popleft()
        reset_in_s = calls[0] + self._window_s - now if calls else self._window_s
        return Verdict(len(calls) < self.limit, self.limit, max(0, self.limit - len(calls)), reset_in_s)

    def count(self, name: str) -> None:
        """Counts an admitted call."""
        if self.limit is not None:
            self._calls.setdefault(name, deque()).append(self._now_s())
