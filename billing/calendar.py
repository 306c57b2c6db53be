"""Billing months: calendar months in an organization's time zone, as exact stretches of time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec


class Month(msgspec.Struct, frozen=True):
    """From `starts_at` up to, not including, `ends_at`, both UTC; named by its first day."""

    starts_on: date
    starts_at: datetime
    ends_at: datetime

    @property
    def next_on(self) -> date:
        """The first day of the month after it."""
        return next_month(self.starts_on)


def month_starting(starts_on: date, time_zone: str) -> Month:
    """The month whose first day is given; ValueError for any other day."""
    if starts_on.day != 1:
        raise ValueError(f"a billing month is named by its first day, not {starts_on}")
    return Month(starts_on, _midnight(starts_on, time_zone), _midnight(next_month(starts_on), time_zone))


def month_of(instant: datetime, time_zone: str) -> Month:
    """The month an instant falls into."""
    local = instant.astimezone(ZoneInfo(time_zone))
    return month_starting(local.date().replace(day=1), time_zone)


def next_month(starts_on: date) -> date:
    """The first day of the following month."""
    return date(starts_on.year + starts_on.month // 12, starts_on.month % 12 + 1, 1)


class Days(msgspec.Struct, frozen=True):
    """Whole days of a time zone: from `first` up to, not including, `end`, and the instants at which these begin."""

    first: date
    end: date
    starts_at: datetime
    ends_at: datetime


def whole_days(since: datetime, until: datetime, time_zone: str) -> Days:
    """The days that lie between two instants entirely; without one, none at `since`."""
    zone = ZoneInfo(time_zone)
    first, end = since.astimezone(zone).date(), until.astimezone(zone).date()
    if _midnight(first, time_zone) < since:
        first += timedelta(days=1)
    if first >= end:
        return Days(first, first, since, since)
    return Days(first, end, _midnight(first, time_zone), _midnight(end, time_zone))


def day_starting(day: date, time_zone: str) -> datetime:
    """The first instant of a day."""
    return _midnight(day, time_zone)


def _midnight(day: date, time_zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)
