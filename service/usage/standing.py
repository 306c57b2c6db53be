"""How each vendor answered lately: measured, over all organizations, or not said."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final

from msgspec import Struct

import billing
from billing import VendorFigures, VendorIncident
from service.clock import Clock, now
from service.connections.issues.known import count_open_of_vendors
from service.connectors.sdk.connector import Connector
from service.db.pool import Pool

HELD_S: Final = 15.0
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_DAYS_BACK: Final = timedelta(days=29)
_INCIDENTS_BACK: Final = timedelta(days=90)
_SETTLES: Final = timedelta(minutes=5)
"""So long after its last bad hour an incident counts as going on: that hour's calls are still being counted."""


class Answers(Struct, frozen=True, kw_only=True):
    """The live calls of a stretch of time that the vendor was asked for."""

    calls_at_least: int
    """How many they were: 20, or the power of ten below their count."""
    answered_share: float
    """From 0 to 1: the vendor answered, be it with a refusal of what was asked."""
    faulted_share: float
    """The rest: it refused to work, was away, too slow, or answered in a way that could not be read."""
    p50_ms: float
    """Half of the calls took the vendor no longer; to about 5 %."""
    p95_ms: float
    """Nineteen of twenty took it no longer; to about 5 %."""


class VendorDay(Struct, frozen=True, kw_only=True):
    """One day that had enough calls."""

    day: date
    """In UTC."""
    answered_share: float
    """From 0 to 1, as in `hour` and `day`."""


class Incident(Struct, frozen=True, kw_only=True):
    """Hours on end in each of which the vendor left at least a tenth of the calls unanswered."""

    began_at: datetime
    """The beginning of the first such hour."""
    ended_at: datetime | None
    """The end of the last one; null while it goes on."""
    calls_at_least: int
    """How many calls they were: 20, or the power of ten below their count."""
    faulted_share: float
    """From 0 to 1: the calls that were not answered."""


class VendorStatus(Struct, frozen=True, kw_only=True, tag_field="object", tag="vendor_status"):
    """How a vendor does, as the calls of everybody's live keys show it. Nothing is said from fewer than 20 calls."""

    vendor: str
    """Its short name."""
    name: str
    """Its name."""
    hour: Answers | None
    """The last hour, to five minutes; null where there are not enough calls to say."""
    day: Answers | None
    """The last 24 hours; null where there are not enough calls to say."""
    days: tuple[VendorDay, ...]
    """Of the last 30 days those with enough calls to say, oldest first."""
    incidents: tuple[Incident, ...]
    """Of the last 90 days, newest first. Found by measuring, not announced by the vendor."""
    open_issues: int
    """Different changes of its answers that were noticed and stand open. They are looked at; calls may still work."""
    measured_until: datetime | None
    """Until when calls were counted, a minute or two ago as a rule; null where nothing has been counted yet."""


class Standings:
    """What is known of every vendor, asked of the database once in a while whoever asks and how often."""

    def __init__(
        self,
        pool: Pool,
        connectors: tuple[Connector, ...],
        clock: Clock = now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._names = {one.slug: one.name for one in connectors}
        self._clock = clock
        self._monotonic = monotonic
        self._known: tuple[VendorStatus, ...] = ()
        self._good_until = float("-inf")
        self._one_asks = asyncio.Lock()

    async def every(self) -> tuple[VendorStatus, ...]:
        """All vendors, in the order of their connectors."""
        async with self._one_asks:
            if self._monotonic() >= self._good_until:
                self._known = await self._ask()
                self._good_until = self._monotonic() + HELD_S
            return self._known

    async def of(self, vendor: str) -> VendorStatus | None:
        """One vendor; None for one that is not known."""
        return next((one for one in await self.every() if one.vendor == vendor), None)

    async def _ask(self) -> tuple[VendorStatus, ...]:
        at = self._clock()
        async with self._pool.acquire() as connection:
            until = await billing.vendors_summed_until(connection)
            hour = await billing.list_vendor_figures(connection, at - _HOUR)
            day = await billing.list_vendor_figures(connection, at - _DAY)
            days = await billing.list_vendor_days(connection, _midnight(at) - _DAYS_BACK)
            incidents = await billing.list_vendor_incidents(connection, at - _INCIDENTS_BACK)
            issues = await count_open_of_vendors(connection)
        of_hour, of_day = ({one.vendor: _answers(one) for one in found} for found in (hour, day))
        return tuple(
            VendorStatus(
                vendor=slug,
                name=name,
                hour=of_hour.get(slug),
                day=of_day.get(slug),
                days=tuple(
                    VendorDay(day=one.day, answered_share=round(1 - one.faulted_share, 4))
                    for one in days
                    if one.vendor == slug
                ),
                incidents=tuple(_incident(one, at) for one in incidents if one.vendor == slug),
                open_issues=issues.get(slug, 0),
                measured_until=until,
            )
            for slug, name in self._names.items()
        )


def _answers(figures: VendorFigures) -> Answers:
    return Answers(
        calls_at_least=figures.calls_at_least,
        answered_share=round(1 - figures.faulted_share, 4),
        faulted_share=figures.faulted_share,
        p50_ms=_rounded(figures.p50_ms),
        p95_ms=_rounded(figures.p95_ms),
    )


def _incident(found: VendorIncident, at: datetime) -> Incident:
    return Incident(
        began_at=found.began_at,
        ended_at=None if found.ended_at > at - _SETTLES else found.ended_at,
        calls_at_least=found.calls_at_least,
        faulted_share=found.faulted_share,
    )


def _midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _rounded(time_ms: float) -> float:
    """Two figures: more would pretend to know more."""
    return float(f"{time_ms:.2g}")
