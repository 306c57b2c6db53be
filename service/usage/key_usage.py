"""`/v1/keys/{id}/usage`: how one key is used over time, what goes wrong with it, how long it waits, what it costs."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

import billing
from billing import KeyFigures, Meter, PriceBook, Span
from service import errors, ids
from service.accounts.keys import get_key
from service.api import parameters
from service.api.bodies import answer_of
from service.api.call import Answer, Call
from service.api.operation import Audit, Operation
from service.api.operation import Meter as MeterClass
from service.api.query import one_of, read_query
from service.clock import Clock, now
from service.db.pool import Connection, Pool, as_organization
from service.errors import missing
from service.resources.common import Money


class KeyCalls(Struct, frozen=True, kw_only=True):
    """The calls of some time. Times are the vendor's and ours together, to about 5 %; null without calls."""

    calls: int
    """All that were answered, billed or not."""
    refused: int
    """Answered 4xx: the request was not right."""
    failed: int
    """Answered 5xx: the vendor or we failed."""
    p50_ms: float | None
    """Half of the calls took no longer."""
    p99_ms: float | None
    """Ninety-nine of a hundred took no longer."""


class KeySpan(KeyCalls, frozen=True, kw_only=True):
    """The calls of one hour or day."""

    at: datetime
    """When it began."""


class KeyUsage(Struct, frozen=True, kw_only=True, tag_field="object", tag="key_usage"):
    """How a key is used: in all, by hour or day, and on this month's bill."""

    key: str
    """`key_…`"""
    by: Span
    """Whether `data` is of hours or days, in the organization's time zone."""
    total: KeyCalls
    """All of `data` together."""
    data: tuple[KeySpan, ...]
    """Every hour or day, oldest first; the last one is still running."""
    month_units: dict[Meter, int]
    """What it has used of this month, by meter."""
    month_share: Money
    """Its part of this month's amounts, by units: free units and tiers are the organization's, so keys share them."""


async def read_key_usage(
    connection: Connection, prices: PriceBook, org_id: UUID, key_id: UUID, by: Span, at: datetime
) -> KeyUsage:
    """Of a key that the organization has."""
    found = {one.at: one for one in await billing.list_key_figures(connection, org_id, key_id, by, at)}
    spans = await billing.list_spans(connection, org_id, by, at)
    month = await billing.get_key_month(connection, prices, org_id, key_id, at)
    return KeyUsage(
        key=ids.encode("key", key_id),
        by=by,
        total=KeyCalls(**_told(found.get(None))),
        data=tuple(KeySpan(at=begins, **_told(found.get(begins))) for begins in spans),
        month_units=month.units,
        month_share=Money(month.share_minor, month.currency),
    )


def _told(figures: KeyFigures | None) -> dict[str, Any]:
    if figures is None:
        return {"calls": 0, "refused": 0, "failed": 0, "p50_ms": None, "p99_ms": None}
    counts = {"calls": figures.calls, "refused": figures.refused, "failed": figures.failed}
    return counts | {"p50_ms": _rounded(figures.p50_ms), "p99_ms": _rounded(figures.p99_ms)}


def _rounded(time_ms: float) -> float:
    """Two figures: more would pretend to know more."""
    return float(f"{time_ms:.2g}")


_CALLS: Final[dict[str, Any]] = {"calls": 1204, "refused": 12, "failed": 3, "p50_ms": 170.0, "p99_ms": 910.0}
_EXAMPLE: Final[dict[str, Any]] = {
    "object": "key_usage",
    "key": "key_01k3sd2pjhfmh9pgwzpxrqsk7k",
    "by": "hour",
    "total": _CALLS,
    "data": [{**_CALLS, "at": "2026-11-20T09:00:00Z"}],
    "month_units": {"read": 18210},
    "month_share": {"amount_minor": 5284, "currency": "USD"},
}


def key_usage_operations(pool: Pool, prices: PriceBook, clock: Clock = now) -> tuple[Operation, ...]:
    """Asking how a key is used. A bound key learns of itself alone, as in the list of calls."""

    async def get_usage(call: Call) -> Answer:
        asked = read_query(call.scope["query_string"], {"by": one_of(Span)})
        caller, key_id = call.known_caller, call.named("key")
        if caller.is_bound and key_id != caller.key_id:
            raise missing()
        async with as_organization(pool, caller.org_id) as connection:
            if await get_key(connection, caller.org_id, key_id) is None:
                raise missing()
            by = Span(asked.get("by", Span.HOUR))
            found = await read_key_usage(connection, prices, caller.org_id, key_id, by, clock())
        call.rows = 1
        return answer_of(found)

    return (
        Operation(
            id="getKeyUsage",
            method="GET",
            path="/v1/keys/{id}/usage",
            tag="keys",
            summary="Get how a key is used",
            description="Calls, errors and times of one key by hour for a day, or by day for 30, with what it has used "
            "of this month. There as soon as a call is answered. A bound key learns of itself alone.",
            scope="usage:read",
            meter=MeterClass.NONE,
            audit=Audit.MANAGEMENT,
            answer=KeyUsage,
            parameters=(
                parameters.path_id("id", "The key's id, `key_…`."),
                parameters.one_of(
                    "by", tuple(Span), "Hours of the last day, or days of the last 30; `hour` if not said."
                ),
            ),
            problems=(errors.INVALID_PARAMETER, errors.NOT_FOUND),
            example=_EXAMPLE,
            run=get_usage,
        ),
    )
