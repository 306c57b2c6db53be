"""The invented calendar of the tests of billing: an account of October 2026, in New York."""

from datetime import UTC, date, datetime

OPENED = datetime(2026, 10, 2, 15, 0, tzinfo=UTC)
OCTOBER = date(2026, 10, 1)
NOVEMBER = date(2026, 11, 1)
DECEMBER = date(2026, 12, 1)
IN_OCTOBER = datetime(2026, 10, 12, 9, 30, tzinfo=UTC)
IN_NOVEMBER = datetime(2026, 11, 12, 9, 30, tzinfo=UTC)
EARLY_NOVEMBER = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
EARLY_DECEMBER = datetime(2026, 12, 3, 6, 0, tzinfo=UTC)
EARLY_JANUARY = datetime(2027, 1, 3, 6, 0, tzinfo=UTC)
