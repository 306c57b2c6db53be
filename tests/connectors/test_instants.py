"""Instants leave in UTC, whatever clock showed them."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.connectors.sdk.codec import taken_as_utc, utc
from service.connectors.sdk.faults import SchemaDrift

DAY_MIN = 24 * 60 - 1
OFFSETS = st.integers(-DAY_MIN, DAY_MIN).map(lambda minutes: timezone(timedelta(minutes=minutes)))
CLOCKS = st.datetimes(datetime.fromisoformat("0001-01-03"), datetime.fromisoformat("9999-12-29"))


@given(CLOCKS, OFFSETS)
def test_an_instant_is_the_same_in_utc(clock: datetime, offset: timezone) -> None:
    there = msgspec.json.decode(msgspec.json.encode(clock.replace(tzinfo=offset)), type=datetime)
    here = utc(there)

    assert here == there.astimezone(UTC)
    assert here.tzinfo is UTC
    assert here.isoformat() == there.astimezone(UTC).isoformat()


@given(CLOCKS)
def test_a_clock_that_is_known_to_be_at_utc_shows_the_same(clock: datetime) -> None:
    assert taken_as_utc(clock) == clock.replace(tzinfo=UTC)
    assert taken_as_utc(clock).tzinfo is UTC


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:00:00-05:00"])
def test_an_instant_beyond_the_calendar_is_drift(text: str) -> None:
    with pytest.raises(SchemaDrift):
        utc(datetime.fromisoformat(text))


@pytest.mark.parametrize("zone", [None, ZoneInfo("Europe/London")])
def test_no_offset_is_no_instant(zone: ZoneInfo | None) -> None:
    with pytest.raises(TypeError):
        utc(datetime(2026, 6, 1, tzinfo=zone))
