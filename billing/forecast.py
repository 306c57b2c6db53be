"""What a running month will come to, if the days left are like the last ones."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from billing.accounts import Account
from billing.calendar import Month, day_starting
from billing.invocation import Meter
from billing.store import Connection
from billing.sums import sum_units

LOOKS_BACK: Final = timedelta(days=7)
_LEAST: Final = timedelta(days=1)


async def expected_quantities(
    connection: Connection, account: Account, month: Month, used: dict[Meter, int], at: datetime
) -> dict[Meter, int] | None:
    """Units by meter at the month's end: those used, and as many a day as in the last seven whole days.

    None for an account that is younger than a day.
    """
    zone = ZoneInfo(account.time_zone)
    today = day_starting(at.astimezone(zone).date(), account.time_zone)
    since = max(today - LOOKS_BACK, account.opened_at)
    span = today - since
    if span < _LEAST:
        return None
    since = today - span + (span % timedelta(minutes=15))
    recent = await sum_units(connection, account.org_id, since, today)
    left = max(timedelta(0), month.ends_at - at)
    return {meter: used.get(meter, 0) + round(recent.get(meter, 0) * (left / (today - since))) for meter in Meter}
