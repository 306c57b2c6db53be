"""The calls behind a line of an invoice, as they stood when it was drafted. Their units sum to the line's quantity."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from billing.errors import InvoiceUnknown
from billing.invocation import Meter, occurred_at
from billing.invoices import Invoice, InvoiceLine, LineKind
from billing.periods import get_period, previous_period
from billing.store import QUERIES, Connection

_FIRST: Final = UUID(int=0)


class LineCall(msgspec.Struct, frozen=True):
    """One billed call. `units` are those on this line: fewer than the call's where it straddles two tiers, negative
    where a call that was billed became void."""

    request_id: UUID
    key_id: UUID
    connection_id: UUID | None
    operation: str
    units: int

    @property
    def occurred_at(self) -> datetime:
        """When the call arrived."""
        return occurred_at(self.request_id)


class Place(msgspec.Struct, frozen=True):
    """Where to go on: after this request, which was so many units into the meter's month."""

    after: UUID = _FIRST
    units: int = 0


async def list_line_calls(
    connection: Connection, invoice: Invoice, line: InvoiceLine, place: Place = Place(), *, limit: int = 5_000
) -> tuple[tuple[LineCall, ...], Place | None]:
    """The next calls in the order they arrived, and where to go on; None at the end. A page may be empty.

    A correction has all calls of its meter and month that moved, whichever tier they fell into. Raises InvoiceUnknown
    for a line that is not made of calls (a discount, a tax).
    """
    period = await get_period(connection, invoice.org_id, invoice.period)
    month = await get_period(connection, invoice.org_id, line.usage_period)
    if line.meter is None or period is None or month is None:
        raise InvoiceUnknown(f"line {line.position} is not made of calls")
    bounds = (invoice.org_id, month.starts_at, month.ends_at, line.meter, place.after, limit)
    if line.kind is LineKind.CORRECTION:
        previous = await previous_period(connection, invoice.org_id, invoice.period)
        assert previous is not None, "the first month has nothing to correct"
        query = QUERIES["list_moved_calls"]
        rows = await connection.fetch(query, *bounds, previous.cutoff, period.cutoff)
        found = tuple(msgspec.convert(row, LineCall) for row in rows)
        return found, Place(found[-1].request_id) if len(rows) == limit else None
    start = _start_of(invoice, line)
    if place.after == _FIRST and start:
        place = await _seek(connection, bounds[:4], start, period.cutoff)
        bounds = (*bounds[:4], place.after, limit)
    rows = await connection.fetch(QUERIES["list_counted_calls"], *bounds, period.cutoff)
    return within(line, start, [msgspec.convert(row, LineCall) for row in rows], place, limit)


def within(
    line: InvoiceLine, start: int, rows: list[LineCall], place: Place, limit: int
) -> tuple[tuple[LineCall, ...], Place | None]:
    """Those of the calls, or the parts of them, that lie on the line's stretch of the month's units."""
    end, at = start + line.quantity, place.units
    found: list[LineCall] = []
    for call in rows:
        units = min(at + call.units, end) - max(at, start)
        at += call.units
        if units > 0:
            found.append(msgspec.structs.replace(call, units=units))
    over = at >= end or len(rows) < limit
    return tuple(found), None if over else Place(rows[-1].request_id, at)


async def _seek(
    connection: Connection, month: tuple[UUID, datetime, datetime, Meter], start: int, cutoff: datetime
) -> Place:
    """Near before the line's first unit, so that the calls of the lines before it need not be walked through."""
    row = await connection.fetchrow(QUERIES["find_stretch"], *month, start, cutoff)
    return Place() if row is None else Place(row["request_id"], row["before"])


def _start_of(invoice: Invoice, line: InvoiceLine) -> int:
    """Units of the same meter on the lines before it."""
    return sum(
        one.quantity
        for one in invoice.lines
        if one.kind is LineKind.USAGE and one.meter is line.meter and one.position < line.position
    )
