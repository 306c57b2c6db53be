"""Budgets: how much an organization, a key or a connection may spend in a day or a month, and what it has spent.

Spend is what the plan charges for usage, discount taken off; the plan's credit and minimum, prepaid money and tax stand
apart. An organization's is exact to the invoice. Of keys and connections each unit counts at the highest price of its
meter: the free allowance and the cheaper tiers belong to the organization as a whole.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from billing.accounts import get_account, get_plan
from billing.calendar import month_of, whole_days
from billing.errors import BudgetUnknown
from billing.invocation import Meter
from billing.prices import MINOR_DIGITS, Plan, PriceBook, Volume
from billing.rating import exact_amount, highest_cost, highest_price, rate_span, round_half_even, to_minor
from billing.store import QUERIES, Connection
from billing.sums import sum_units, sum_units_of


class BudgetScope(StrEnum):
    """Whose spending is held."""

    ORGANIZATION = "organization"
    KEY = "key"
    CONNECTION = "connection"


class BudgetSpan(StrEnum):
    """How long, in the organization's time zone."""

    DAY = "day"
    MONTH = "month"


class Budget(msgspec.Struct, frozen=True):
    """At most `limit_minor` in each span. The `scope_id` of an organization is its own id."""

    scope: BudgetScope
    scope_id: UUID
    span: BudgetSpan
    limit_minor: int


class Window(msgspec.Struct, frozen=True):
    """One day or month of a budget; `month_starts_at` begins the line of units on which it lies."""

    starts_at: datetime
    ends_at: datetime
    month_starts_at: datetime


class Alert(msgspec.Struct, frozen=True):
    """So much of a budget was used; raised once for each limit and window. 100 also says that a call was refused."""

    percent: int
    limit_minor: int
    spent_minor: int
    raised_at: datetime


class BudgetStatus(msgspec.Struct, frozen=True):
    """A budget in its running window, by the ledger."""

    budget: Budget
    currency: str
    window: Window
    spent_minor: Decimal
    alerts: tuple[Alert, ...]

    @property
    def spent(self) -> Decimal:
        """In major units."""
        return self.spent_minor.scaleb(-MINOR_DIGITS[self.currency])


Used = Mapping[Meter, tuple[int, int]]
"""By meter: where the window starts on the month's line of units, and how many units it has used."""


async def set_budget(connection: Connection, org_id: UUID, budget: Budget) -> None:
    """Makes or changes a budget; calls that arrive a second later are held by it.

    Raises AccountUnknown, ValueError for a limit below nothing or a foreign organization.
    """
    if budget.limit_minor < 0:
        raise ValueError("a budget cannot be negative")
    if budget.scope is BudgetScope.ORGANIZATION and budget.scope_id != org_id:
        raise ValueError("an organization's budget is its own")
    await get_account(connection, org_id)
    await connection.execute(QUERIES["insert_budget"], org_id, *msgspec.structs.astuple(budget))


async def delete_budget(
    connection: Connection, org_id: UUID, scope: BudgetScope, scope_id: UUID, span: BudgetSpan
) -> None:
    """Takes a budget away. Raises BudgetUnknown."""
    if await connection.fetchval(QUERIES["delete_budget"], org_id, scope, scope_id, span) is None:
        raise BudgetUnknown(f"there is no budget of this {scope} for a {span}")


async def list_budgets(connection: Connection, org_id: UUID) -> tuple[Budget, ...]:
    """All of an organization's, the organization's own first."""
    return tuple(msgspec.convert(row, Budget) for row in await connection.fetch(QUERIES["list_budgets"], org_id))


async def get_budget_statuses(
    connection: Connection, book: PriceBook, org_id: UUID, at: datetime
) -> tuple[BudgetStatus, ...]:
    """Every budget with what the ledger says was spent in the window that `at` falls into."""
    budgets = await list_budgets(connection, org_id)
    if not budgets:
        return ()
    account = await get_account(connection, org_id)
    month = month_of(at, account.time_zone)
    plan = await get_plan(connection, book, org_id, month.starts_on)
    found: list[BudgetStatus] = []
    for budget in budgets:
        window = window_of(budget.span, at, account.time_zone)
        used = await count_used(connection, org_id, budget.scope, budget.scope_id, window)
        key = (budget.scope, budget.scope_id, budget.span, window.starts_at)
        rows = await connection.fetch(QUERIES["list_alerts"], org_id, *key)
        alerts = tuple(msgspec.convert(row, Alert) for row in rows)
        found.append(BudgetStatus(budget, account.currency, window, spend(plan, budget.scope, used), alerts))
    return tuple(found)


async def count_used(
    connection: Connection, org_id: UUID, scope: BudgetScope, scope_id: UUID, window: Window
) -> dict[Meter, tuple[int, int]]:
    """What the ledger says was used in a window, for every meter."""
    if scope is BudgetScope.ORGANIZATION:
        used = await sum_units(connection, org_id, window.starts_at, window.ends_at)
    else:
        account = await get_account(connection, org_id)
        days = whole_days(window.starts_at, window.ends_at, account.time_zone)
        key_id = scope_id if scope is BudgetScope.KEY else None
        connection_id = scope_id if scope is BudgetScope.CONNECTION else None
        used = await sum_units_of(connection, org_id, days, key_id=key_id, connection_id=connection_id)
    base: dict[Meter, int] = {}
    if window.month_starts_at < window.starts_at:
        base = await sum_units(connection, org_id, window.month_starts_at, window.starts_at)
    return {meter: (base.get(meter, 0), used.get(meter, 0)) for meter in Meter}


def window_of(span: BudgetSpan, at: datetime, time_zone: str) -> Window:
    """The window that an instant falls into."""
    month = month_of(at, time_zone)
    if span is BudgetSpan.MONTH:
        return Window(month.starts_at, month.ends_at, month.starts_at)
    zone = ZoneInfo(time_zone)
    day = at.astimezone(zone).date()
    midnights = [
        datetime(one.year, one.month, one.day, tzinfo=zone).astimezone(UTC) for one in (day, day + timedelta(days=1))
    ]
    return Window(midnights[0], midnights[1], month.starts_at)


def spend(plan: Plan, scope: BudgetScope, used: Used) -> Decimal:
    """The most that so much usage may come to, in minor units: never below what the invoice says; it never falls."""
    exact, rounded = Decimal(0), 0
    for meter, (base, units) in used.items():
        if not units:
            continue
        price = plan.meters[meter]
        if scope is not BudgetScope.ORGANIZATION:
            exact += exact_amount(units, highest_price(price))
            continue
        highest = highest_cost(price, base, units)
        exact += highest
        on_lines = sum(line.amount_minor for line in rate_span(plan, meter, base, base + units))
        nearest = to_minor(highest, plan.currency)
        rounded += nearest if isinstance(price, Volume) else max(nearest, on_lines)
    kept = 1 - plan.discount_percent / 100
    exact_minor = exact.scaleb(MINOR_DIGITS[plan.currency]) * kept
    return max(exact_minor, Decimal(rounded - round_half_even(rounded * plan.discount_percent / 100)))


def most_units(plan: Plan, scope: BudgetScope, used: Used, meter: Meter, limit_minor: int, wanted: int) -> int:
    """How many of `wanted` further units of a meter the limit has room for."""
    base, units = used.get(meter, (0, 0))

    def fits(more: int) -> bool:
        return spend(plan, scope, {**used, meter: (base, units + more)}) <= limit_minor

    if fits(wanted):
        return wanted
    low, high = 0, wanted
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
