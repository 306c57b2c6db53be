"""The count within one process, for as long as Redis is away."""

from collections import deque
from math import inf
from time import monotonic

from service.connectors.sdk.budget import Limit


class LocalWindow:
    """One process's share of the limits. Every token counts as spent, `lease_s` after it was given."""

    def __init__(self, limits: tuple[Limit, ...], processes: int, lease_s: float) -> None:
        self._limits = limits = tuple(_share(limit, processes) for limit in limits)
        self._lease_s = lease_s
        self._spent: tuple[deque[tuple[float, int]], ...] = tuple(deque[tuple[float, int]]() for _ in limits)

    def grant(self, wanted: int) -> tuple[int, float, int]:
        """Tokens, seconds to wait if there are none, and what remains."""
        now, room, pause_s = monotonic(), inf, 0.0
        for limit, spent in zip(self._limits, self._spent, strict=True):
            while spent and spent[0][0] <= now:
                spent.popleft()
            free = limit.count - sum(tokens for _, tokens in spent)
            room = min(room, free)
            if free < 1:
                pause_s = max(pause_s, spent[0][0] - now)
        granted = max(0, min(wanted, int(room)))
        if granted:
            for limit, spent in zip(self._limits, self._spent, strict=True):
                spent.append((now + self._lease_s + limit.window_s, granted))
        return granted, pause_s, int(room) - granted


def _share(limit: Limit, processes: int) -> Limit:
    if limit.count >= processes:
        return Limit(limit.count // processes, limit.window_s)
    return Limit(1, limit.window_s * processes / limit.count)
