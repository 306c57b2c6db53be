"""Home: what happened, what it costs, what needs somebody, and the next step while there is one."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

import billing
from billing import GroupBy, UsageSummary
from service import ids
from service.accounts.keys import list_keys
from service.accounts.organizations import list_firms
from service.accounts.roles import Permission
from service.accounts.store import Firm
from service.connections.open import USABLE
from service.connections.store import list_connections
from service.db.pool import as_organization
from service.portal.charts import Bar
from service.portal.route import Route, page
from service.portal.visit import Reply, Visit
from service.usage.shapes import to_call, to_month

_RECENT_CALLS: Final = 100
_DAYS: Final = 30


class Step(Struct, frozen=True):
    """One step of getting started."""

    title: str
    why: str
    path: str
    action: str
    done: bool
    sends: tuple[tuple[str, str], ...] = ()
    """What the button sends to `path`; empty where it only leads there."""


def routes() -> tuple[Route, ...]:
    """Home."""
    return (page("/home", home, member=True),)


async def home(visit: Visit) -> Reply:
    at = visit.parts.clock()
    org_id = visit.org_id
    async with as_organization(visit.parts.pool, org_id) as connection:
        keys = [key for key in await list_keys(connection, org_id) if key.revoked_at is None]
        links = await list_connections(connection, org_id)
        firms = () if links else await list_firms(connection, org_id)
        calls = [to_call(one) for one in await billing.list_calls(connection, org_id, limit=_RECENT_CALLS)]
        since, until = await billing.last_days(connection, org_id, _DAYS, at)
        days = await billing.summarize_usage(connection, org_id, since, until, GroupBy.DAY)
        month = (
            to_month(await billing.month_to_date(connection, visit.parts.prices, org_id, at))
            if visit.may(Permission.READ_MONEY)
            else None
        )
    steps = (
        _connect(visit, firms, bool(links)),
        _make_key(visit, bool(keys)),
        Step(
            "Make your first call",
            "From this page, or from your own code.",
            "/try",
            "Try the API",
            bool(calls),
        ),
        Step(
            "Protect your account",
            "A code from an app on your phone; keys and the team ask for it.",
            "/settings/second-factor",
            "Add a second factor",
            visit.me.session.has_totp,
        ),
    )
    return visit.page(
        "home.html",
        steps=steps,
        started=all(step.done for step in steps[:-1]),
        calls=calls[:8],
        calls_seen=len(calls),
        errors=sum(1 for one in calls if one.status >= 400),
        attention=[link for link in links if link.state not in USABLE],
        links=links,
        keys={key.id: key.name for key in keys},
        month=month,
        days=day_bars(days, at, _DAYS, visit.me.session.time_zone),
        units=sum(one.units for one in days),
    )


def _connect(visit: Visit, firms: Sequence[Firm], done: bool) -> Step:
    """A sandbox at one press where there is one: it asks for nothing."""
    title, why = "Connect a firm", "A connection is one firm's consented link to its practice software."
    vendors = visit.parts.sandboxes.vendors
    if not vendors or not firms or not visit.may(Permission.CONNECT):
        return Step(title, why, "/connections", "Connect a firm", done)
    action = f"Connect the {visit.vendor(vendors[0])} sandbox"
    sends = (("firm", ids.encode("firm", firms[0].id)), ("vendor", vendors[0]), ("back", "/home"))
    return Step(title, why, "/connections/sandbox", action, done, sends)


def _make_key(visit: Visit, done: bool) -> Step:
    """A test key that reads, at one press: it reaches sandboxes alone, and anything else is chosen on its own page."""
    title, why = "Make an API key", "Start with a test key: it costs nothing."
    if not visit.may(Permission.KEYS):
        return Step(title, why, "/keys", "See the keys", done)
    sends = (("name", "First test key"), ("mode", "test"), ("access", "read"), ("back", "/keys/new"))
    return Step(title, why, "/keys/new", "Make a test key", done, sends)


def day_bars(found: tuple[UsageSummary, ...], until: datetime, count: int, zone: str) -> list[Bar]:
    """One bar for each of the last days, also for those without a call."""
    units: dict[str | None, int] = {}
    for one in found:
        units[one.group] = units.get(one.group, 0) + one.units
    today = until.astimezone(ZoneInfo(zone)).date()
    days = [today - timedelta(days=count - 1 - index) for index in range(count)]
    every = max(1, (count - 1) // 4)
    return [
        Bar(
            f"{day:%-d %b %Y}",
            units.get(day.isoformat(), 0),
            f"{day:%-d %b}" if (count - 1 - index) % every == 0 else "",
        )
        for index, day in enumerate(days)
    ]
