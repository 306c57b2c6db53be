"""How each vendor answers: measured, and nobody's in particular."""

from datetime import UTC, date, timedelta
from typing import Final

from msgspec import Struct

from service.portal.charts import Mark, strip
from service.portal.route import Route, page
from service.portal.visit import Reply, Visit
from service.usage.standing import Incident, VendorStatus

GOOD: Final = 0.99
FAIR: Final = 0.9
_DAYS: Final = 30


class Row(Struct, frozen=True):
    """One vendor that there is something to say of."""

    status: VendorStatus
    strip: str
    """Its last 30 days, drawn."""


def routes() -> tuple[Route, ...]:
    """Whoever comes may see it."""
    return (page("/status", status, anyone=True),)


async def status(visit: Visit) -> Reply:
    found = await visit.parts.standings.every()
    today = visit.parts.clock().astimezone(UTC).date()
    told = [one for one in found if one.hour or one.day or one.days or one.incidents or one.open_issues]
    incidents = sorted(((i, one.name) for one in told for i in one.incidents), key=_newest, reverse=True)
    return visit.page(
        "status.html",
        rows=[Row(one, strip(_marks(one, today))) for one in told],
        quiet=[one.name for one in found if one not in told],
        incidents=incidents,
        going_on=[(one, name) for one, name in incidents if one.ended_at is None],
        good=GOOD,
        fair=FAIR,
        until=found[0].measured_until if found else None,
    )


def _newest(found: tuple[Incident, str]) -> float:
    return found[0].began_at.timestamp()


def _marks(one: VendorStatus, today: date) -> list[Mark]:
    shares = {day.day: day.answered_share for day in one.days}
    days = [today - timedelta(days=_DAYS - 1 - index) for index in range(_DAYS)]
    return [_mark(day, shares.get(day)) for day in days]


def _mark(day: date, share: float | None) -> Mark:
    if share is None:
        return Mark("none", f"{day:%-d %b}: too few calls")
    kind = "good" if share >= GOOD else "warn" if share >= FAIR else "bad"
    return Mark(kind, f"{day:%-d %b}: {share * 100:.2f} %", told=kind != "good")
