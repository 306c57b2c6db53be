"""How vendors answered lately, over all organizations together and recognizing none of them."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from billing.store import QUERIES, Connection


class VendorFigures(msgspec.Struct, frozen=True):
    """One vendor's live calls. Only of vendors with at least 20 of them: fewer would say little, and perhaps whose."""

    vendor: str
    calls_at_least: int
    """20, or the power of ten below their count: how much the figures rest on."""
    faulted_share: float
    """Of calls that the vendor refused, answered unreadably, could not serve, or not in time."""
    p50_ms: float
    p95_ms: float
    """The vendor's own time, to about 5 %."""


class VendorDay(msgspec.Struct, frozen=True):
    """A day (UTC) of a vendor with at least 20 live calls."""

    vendor: str
    day: date
    faulted_share: float


class VendorIncident(msgspec.Struct, frozen=True):
    """Hours on end in which a vendor left a tenth of the live calls, or more, unanswered; of each at least 20."""

    vendor: str
    began_at: datetime
    ended_at: datetime
    """The end of the last such hour; the running hour's for one that goes on."""
    calls_at_least: int
    faulted_share: float


async def sum_up_vendors(connection: Connection, but_of: Sequence[UUID]) -> None:
    """Takes up what was recorded until now, calls with these keys left out: those that never reach a vendor."""
    await connection.execute(QUERIES["note_new_ranges"])
    while await connection.fetchval(QUERIES["sum_up_vendors"], but_of):
        pass


async def list_vendor_figures(connection: Connection, since: datetime) -> tuple[VendorFigures, ...]:
    """By vendor; the five minutes that `since` falls into are left out. At most a day is known."""
    rows = await connection.fetch(QUERIES["list_vendor_figures"], since)
    return tuple(msgspec.convert(row, VendorFigures) for row in rows)


async def list_vendor_days(connection: Connection, since: datetime) -> tuple[VendorDay, ...]:
    """By vendor and day; three months are known."""
    rows = await connection.fetch(QUERIES["list_vendor_days"], since)
    return tuple(msgspec.convert(row, VendorDay) for row in rows)


async def list_vendor_incidents(connection: Connection, since: datetime) -> tuple[VendorIncident, ...]:
    """Newest first; three months are known."""
    rows = await connection.fetch(QUERIES["list_vendor_incidents"], since)
    return tuple(msgspec.convert(row, VendorIncident) for row in rows)


async def vendors_summed_until(connection: Connection) -> datetime | None:
    """Until when that is known; None before the first time."""
    until: datetime | None = await connection.fetchval(QUERIES["get_vendors_summed_until"])
    return until
