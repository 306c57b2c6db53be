"""What an organization may ask of its calls: the log, one call's receipt, sums."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from billing.accounts import get_account, get_plan
from billing.calendar import Days, Month, day_starting, month_of, whole_days
from billing.errors import AccountUnknown
from billing.forecast import expected_quantities
from billing.invocation import Meter, Reason, VoidReason, occurred_at
from billing.prices import Plan, PriceBook
from billing.rating import Adjustment, RatedLine, adjust, rate, rate_span
from billing.store import QUERIES, Connection
from billing.sums import sum_units


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call as it was recorded. One that is `void` was taken back and is not billed, whatever `billable` says."""

    org_id: UUID
    request_id: UUID
    key_id: UUID
    connection_id: UUID | None
    vendor: str | None
    operation: str
    status: int
    meter: Meter | None
    units: int
    billable: bool
    reason: Reason
    rows: int
    vendor_us: int
    platform_us: int
    recorded_at: datetime
    void_reason: VoidReason | None
    """Why it was taken back; None for one that stands."""

    @property
    def void(self) -> bool:
        """Whether it was taken back."""
        return self.void_reason is not None

    @property
    def occurred_at(self) -> datetime:
        """When the call arrived."""
        return occurred_at(self.request_id)


class Receipt(msgspec.Struct, frozen=True):
    """A call and what it costs before rounding, in major units: the price at its place among the month's units.

    The sum of a month's receipts is the month's bill. An earlier call that is recorded late moves those after it.
    """

    call: Call
    price: Decimal
    currency: str


class CallFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Every condition given must hold; `since` is included, `until` is not."""

    since: datetime | None = None
    until: datetime | None = None
    key_id: UUID | None = None
    connection_id: UUID | None = None
    operation: str | None = None
    meter: Meter | None = None
    status: int | None = None
    billable: bool | None = None
    status_from: int | None = None
    status_below: int | None = None
    """`status_from` is included, this one is not."""


class GroupBy(StrEnum):
    """What `summarize_usage` sums by. Days are those of the organization's time zone."""

    KEY = "key"
    CONNECTION = "connection"
    OPERATION = "operation"
    DAY = "day"
    METER = "meter"


class UsageSummary(msgspec.Struct, frozen=True):
    """Billable calls of one group and meter. `group` is an id, a name or a day; None for calls of no connection."""

    group: str | None
    meter: Meter
    calls: int
    units: int


class MonthToDate(msgspec.Struct, frozen=True):
    """A month as it would be billed if it ended now, earlier months' corrections and taxes apart."""

    month: Month
    plan: Plan
    quantities: dict[Meter, int]
    lines: tuple[RatedLine, ...]
    adjustments: tuple[Adjustment, ...]
    total_minor: int
    forecast_minor: int | None
    """What it will come to if the days left are like the last ones; None where there is nothing to judge by."""


async def list_calls(
    connection: Connection, org_id: UUID, *, after: UUID | None = None, limit: int = 50, only: CallFilter | None = None
) -> tuple[Call, ...]:
    """Newest first; `after` is the last request id of the page before."""
    conditions = msgspec.structs.astuple(only or CallFilter())
    rows = await connection.fetch(QUERIES["list_calls"], org_id, after, limit, *conditions)
    return tuple(msgspec.convert(row, Call) for row in rows)


async def list_void_reasons(
    connection: Connection, org_id: UUID, request_ids: Sequence[UUID]
) -> dict[UUID, VoidReason]:
    """Those of some calls that were taken back, and why: their answers did not reach their callers whole."""
    rows = await connection.fetch(QUERIES["list_void_reasons"], org_id, request_ids)
    return {row["request_id"]: VoidReason(row["reason"]) for row in rows}


async def get_call(connection: Connection, book: PriceBook, org_id: UUID, request_id: UUID) -> Receipt | None:
    """The receipt, None for an unknown request and for another organization's."""
    row = await connection.fetchrow(QUERIES["get_call"], org_id, request_id)
    if row is None:
        return None
    (receipt,) = await price_calls(connection, book, org_id, [msgspec.convert(row, Call)])
    return receipt


async def price_calls(
    connection: Connection, book: PriceBook, org_id: UUID, calls: Sequence[Call]
) -> tuple[Receipt, ...]:
    """The receipts of some calls of an organization, in their order."""
    account = await get_account(connection, org_id)
    billed = [call for call in calls if call.meter is not None and call.billable and not call.void]
    months = {call.request_id: month_of(call.occurred_at, account.time_zone) for call in billed}
    plans = {
        starts_on: await get_plan(connection, book, org_id, starts_on)
        for starts_on in {month.starts_on for month in months.values()}
    }
    rows = await connection.fetch(
        QUERIES["list_units_before"],
        org_id,
        [call.request_id for call in billed],
        [call.meter for call in billed],
        [months[call.request_id].starts_at for call in billed],
    )
    prices = dict.fromkeys((call.request_id for call in calls), Decimal(0))
    for call, row in zip(billed, rows, strict=True):
        assert call.meter is not None
        before: int = row["units"]
        span = rate_span(plans[months[call.request_id].starts_on], call.meter, before, before + call.units)
        prices[call.request_id] = sum((line.amount for line in span), Decimal(0))
    return tuple(Receipt(call, prices[call.request_id], account.currency) for call in calls)


async def summarize_usage(
    connection: Connection, org_id: UUID, since: datetime, until: datetime, by: GroupBy, *, key_id: UUID | None = None
) -> tuple[UsageSummary, ...]:
    """Billable calls from `since` up to, not including, `until`, of one key or all; void ones left out.

    Ordered by group and meter. Whole days come from the sums, so only the days cut by the two instants are counted.
    """
    zone = await _zone_of(connection, org_id)
    days = whole_days(since, until, zone)
    summed = by if by in (GroupBy.KEY, GroupBy.CONNECTION, GroupBy.OPERATION) else "all"
    if key_id is not None and summed != GroupBy.KEY:
        # One key's calls are summed by day alone; what else is asked of them is counted.
        days, summed = (days, GroupBy.KEY) if summed == "all" else (Days(days.first, days.first, since, since), summed)
    rows = await connection.fetch(
        QUERIES["summarize_usage"], org_id, since, until, by, key_id, *msgspec.structs.astuple(days), zone, summed
    )
    return tuple(msgspec.convert(row, UsageSummary) for row in rows)


async def last_days(connection: Connection, org_id: UUID, count: int, at: datetime) -> tuple[datetime, datetime]:
    """Where the last `count` days of the organization begin and end, the day of `at` among them."""
    zone = await _zone_of(connection, org_id)
    today = at.astimezone(ZoneInfo(zone)).date()
    return day_starting(today - timedelta(days=count - 1), zone), day_starting(today + timedelta(days=1), zone)


async def month_to_date(connection: Connection, book: PriceBook, org_id: UUID, at: datetime) -> MonthToDate:
    """The bill so far of the month that `at` falls into, in the organization's time zone."""
    account = await get_account(connection, org_id)
    month = month_of(at, account.time_zone)
    plan = await get_plan(connection, book, org_id, month.starts_on)
    quantities = await sum_units(connection, org_id, month.starts_at, month.ends_at)
    lines, adjustments, total_minor = _price(plan, quantities)
    coming = await expected_quantities(connection, account, month, quantities, at)
    forecast_minor = None if coming is None else _price(plan, coming)[2]
    return MonthToDate(month, plan, quantities, lines, adjustments, total_minor, forecast_minor)


def _price(plan: Plan, quantities: dict[Meter, int]) -> tuple[tuple[RatedLine, ...], tuple[Adjustment, ...], int]:
    lines = rate(plan, quantities)
    usage_minor = sum(line.amount_minor for line in lines)
    adjustments = adjust(plan, usage_minor)
    return lines, adjustments, usage_minor + sum(one.amount_minor for one in adjustments)


async def _zone_of(connection: Connection, org_id: UUID) -> str:
    try:
        return (await get_account(connection, org_id)).time_zone
    except AccountUnknown:
        return "UTC"
