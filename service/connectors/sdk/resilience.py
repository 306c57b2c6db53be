"""When to try again, how long to wait, and when to leave a failing vendor alone."""

import random
from collections.abc import Callable

_BASE_S = 0.1
_CAP_S = 5.0


def full_jitter(attempt: int, uniform: Callable[[float, float], float] = random.uniform) -> float:
    """Seconds to wait before retry number `attempt` (from 0): anything between 0 and a doubling ceiling."""
    return uniform(0, min(_CAP_S, _BASE_S * 2**attempt))


class RetryBudget:
    """Retries may add a tenth to a connection's calls, no more: a vendor in trouble is not hammered."""

    __slots__ = ("_tokens",)
    _LARGEST = 10.0
    _EARNED_PER_CALL = 0.1

    def __init__(self) -> None:
        self._tokens = self._LARGEST

    def called(self) -> None:
        if self._tokens < self._LARGEST:
            self._tokens += self._EARNED_PER_CALL

    def take(self) -> bool:
        """True when one more retry is affordable; it is then paid for."""
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Breaker:
    """Opens after a run of failures, lets one probe through after a pause, closes with its success."""

    __slots__ = ("_failures", "_open_until", "_pause_s", "_threshold")

    def __init__(self, threshold: int, pause_s: float) -> None:
        self._threshold = threshold
        self._pause_s = pause_s
        self._failures = 0
        self._open_until = 0.0

    def blocked_for(self, now: float) -> float:
        """Seconds until calls may go through again; 0 when they may. Who is let through half-open is the probe."""
        if self._failures < self._threshold:
            return 0.0
        if now < self._open_until:
            return self._open_until - now
        self._open_until = now + self._pause_s
        return 0.0

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self, now: float) -> None:
        self._failures += 1
        if self._failures >= self._threshold:
            self._open_until = now + self._pause_s
