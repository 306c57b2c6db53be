"""How fast a limit's tokens go away, and when nothing will be left."""

from typing import Final

PACE_S: Final = 5.0
"""Over how long the pace of spending is told from."""
FORECAST_S: Final = 3600.0
"""How far a forecast looks."""


class Pace:
    """Tokens that go away in a second, those that come back set off: a mean over the last seconds."""

    __slots__ = ("_falling", "_level", "noted_at")

    def __init__(self) -> None:
        self._level = 0
        self._falling = 0.0
        self.noted_at = 0.0

    def note(self, level: int, at: float) -> None:
        """What remains at an instant after the one noted before."""
        passed_s = at - self.noted_at
        if passed_s < PACE_S:
            self._falling += (passed_s / PACE_S) * ((self._level - level) / passed_s - self._falling)
        else:
            self._falling = 0.0  # whatever was before tells nothing of now
        self._level, self.noted_at = level, at

    def spent_in_s(self, remaining: int) -> float | None:
        """Seconds until nothing remains; None where it will not end, or not within what a forecast looks at."""
        if self._falling <= 0.0:
            return None
        spent_s = remaining / self._falling
        return spent_s if spent_s < FORECAST_S else None
