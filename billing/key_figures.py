"""How one key is used over time, and what its calls come to this month."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from billing.accounts import get_account, get_plan
from billing.calendar import Days, day_starting, month_of
from billing.errors import AccountUnknown
from billing.invocation import Meter
from billing.prices import PriceBook
from billing.rating import rate
from billing.store import QUERIES, Connection
from billing.sums import sum_units, sum_units_of


class Span(StrEnum):
    """What figures are of."""

    HOUR = "hour"
    DAY = "day"


SPANS_BACK: Final = {Span.HOUR: 24, Span.DAY: 30}
"""How many of them are told, the running one among them."""


class KeyFigures(msgspec.Struct, frozen=True):
    """A key's calls in one hour or day, `at` its beginning; of all of them together where `at` is None."""

    at: datetime | None
    calls: int
    refused: int
    """Answered 4xx."""
    failed: int
    """Answered 5xx."""
    p50_ms: float
    p99_ms: float
    """The vendor's time and ours together, to about 5 %."""


class KeyMonth(msgspec.Struct, frozen=True):
    """What a key has used of the running month."""

    units: dict[Meter, int]
    share_minor: int
    """Its part of each meter's amount, by units: the keys' shares add up to the month, but for the rounding of each."""
    currency: str


async def list_key_figures(
    connection: Connection, org_id: UUID, key_id: UUID, span: Span, at: datetime
) -> tuple[KeyFigures, ...]:
    """All together first, if there were any calls; then each hour or day with calls, oldest first."""
    rows = await connection.fetch(
        QUERIES["list_key_figures"], org_id, key_id, span, await _begin(connection, org_id, span, at)
    )
    return tuple(msgspec.convert(row, KeyFigures) for row in rows)


async def list_spans(connection: Connection, org_id: UUID, span: Span, at: datetime) -> tuple[datetime, ...]:
    """Where each of them begins, oldest first, those without calls among them."""
    zone, first = await _zone(connection, org_id), await _begin(connection, org_id, span, at)
    if span is Span.HOUR:
        return tuple(first + timedelta(hours=index) for index in range(SPANS_BACK[span]))
    day = first.astimezone(ZoneInfo(zone)).date()
    return tuple(day_starting(day + timedelta(days=index), zone) for index in range(SPANS_BACK[span]))


async def get_key_month(connection: Connection, book: PriceBook, org_id: UUID, key_id: UUID, at: datetime) -> KeyMonth:
    """The running month of one key. Raises AccountUnknown."""
    account = await get_account(connection, org_id)
    month = month_of(at, account.time_zone)
    days = Days(month.starts_on, month.next_on, month.starts_at, month.ends_at)
    own = await sum_units_of(connection, org_id, days, key_id=key_id)
    if not own:
        return KeyMonth(own, 0, account.currency)
    plan = await get_plan(connection, book, org_id, month.starts_on)
    every = await sum_units(connection, org_id, month.starts_at, month.ends_at)
    amounts: dict[Meter, int] = {}
    for line in rate(plan, every):
        amounts[line.meter] = amounts.get(line.meter, 0) + line.amount_minor
    return KeyMonth(own, _share(own, every, amounts), account.currency)


def _share(own: Mapping[Meter, int], every: Mapping[Meter, int], amounts: Mapping[Meter, int]) -> int:
    exact = sum((Decimal(amounts.get(meter, 0)) * units / every[meter] for meter, units in own.items()), Decimal(0))
    return int(exact.quantize(Decimal(1), ROUND_HALF_EVEN))


async def _begin(connection: Connection, org_id: UUID, span: Span, at: datetime) -> datetime:
    """Where the first of them begins."""
    zone = await _zone(connection, org_id)
    local = at.astimezone(ZoneInfo(zone))
    if span is Span.DAY:
        return day_starting(local.date() - timedelta(days=SPANS_BACK[span] - 1), zone)
    whole = at - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return whole - timedelta(hours=SPANS_BACK[span] - 1)


async def _zone(connection: Connection, org_id: UUID) -> str:
    try:
        return (await get_account(connection, org_id)).time_zone
    except AccountUnknown:
        return "UTC"
