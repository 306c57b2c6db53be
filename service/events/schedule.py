"""When a delivery is tried, and when no more: over three days, farther and farther apart."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

DELAYS: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""After each attempt that failed; there is one attempt more than delays."""
ATTEMPTS: Final = len(DELAYS) + 1
_JITTER: Final = 0.2
_LONGEST_WISH: Final = timedelta(hours=24)


def next_attempt(
    tries: int, at: datetime, wish_s: float | None = None, chance: Callable[[], float] = random.random
) -> datetime | None:
    """When to try again after that many tries, None for never. A `Retry-After` is heeded, up to a day."""
    if tries >= ATTEMPTS:
        return None
    delay = DELAYS[tries - 1] * (1 + _JITTER * chance())
    if wish_s is not None:
        delay = max(delay, min(timedelta(seconds=wish_s), _LONGEST_WISH))
    return at + delay
