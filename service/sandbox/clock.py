"""The time a sandbox vendor lives by, and the time it says it is: a `clock_skew` fault sets the two apart."""

from collections.abc import Callable
from email.utils import formatdate
from typing import TypeAlias

from service import clock

NowS: TypeAlias = Callable[[], float]


class VendorClock:
    """`true_s` rules tokens and limits; `said_s` is what the vendor writes into headers, bodies and timestamps."""

    def __init__(self, now: clock.Clock = clock.now) -> None:
        self._now = now
        self.skew_s = 0.0

    def true_s(self) -> float:
        """Seconds since 1970."""
        return self._now().timestamp()

    def said_s(self) -> float:
        """Seconds since 1970, as the vendor believes."""
        return self.true_s() + self.skew_s

    def http_date(self, ahead_s: float = 0) -> str:
        """The vendor's time as HTTP writes it (RFC 9110)."""
        return formatdate(self.said_s() + ahead_s, usegmt=True)
