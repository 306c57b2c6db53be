"""How vendors answered lately, over all organizations together and recognizing none of them."""

from collections.abc import Sequence
from datetime import datetime
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


async def sum_up_vendors(connection: Connection, but_of: Sequence[UUID]) -> None:
    """Takes up what was recorded until now, calls with these keys left out: those that never reach a vendor."""
    await connection.execute(QUERIES["note_new_ranges"])
    while await connection.fetchval(QUERIES["sum_up_vendors"], but_of):
        pass


async def list_vendor_figures(connection: Connection, since: datetime) -> tuple[VendorFigures, ...]:
    """By vendor; the five minutes that `since` falls into are left out. At most a day is known."""
    rows = await connection.fetch(QUERIES["list_vendor_figures"], since)
    return tuple(msgspec.convert(row, VendorFigures) for row in rows)


async def vendors_summed_until(connection: Connection) -> datetime | None:
    """Until when that is known; None before the first time."""
    until: datetime | None = await connection.fetchval(QUERIES["get_vendors_summed_until"])
    return until
