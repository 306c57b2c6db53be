"""Who pays in which currency, in which time zone, by which plan."""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from billing.calendar import month_of, month_starting
from billing.errors import AccountExists, AccountUnknown, PeriodNotClosable, PriceBookError
from billing.prices import Plan, PriceBook
from billing.store import QUERIES, Connection


class Account(msgspec.Struct, frozen=True):
    """The paying side of an organization. Its months begin and end at midnight in `time_zone`."""

    org_id: UUID
    opened_at: datetime
    time_zone: str
    currency: str


class PlanPin(msgspec.Struct, frozen=True):
    """The month that starts on a day and those after it are charged by version `version` of `plan`."""

    starts_on: date
    plan: str
    version: int
    pinned_at: datetime


async def open_account(
    connection: Connection,
    org_id: UUID,
    plan: Plan,
    time_zone: str,
    currency: str,
    *,
    opened_at: datetime | None = None,
) -> Account:
    """The organization's account, pinned to `plan` from the month it opens in; `opened_at` defaults to now.

    Raises AccountExists for a second one, PriceBookError for a plan in another currency, ValueError for an unknown
    time zone.
    """
    _known_zone(time_zone)
    if plan.currency != currency:
        raise PriceBookError(f"plan {plan.plan!r} version {plan.version} is in {plan.currency}, not {currency}")
    async with connection.transaction():
        row = await connection.fetchrow(QUERIES["insert_account"], org_id, opened_at, time_zone, currency)
        if row is None:
            raise AccountExists(f"organization {org_id} has a billing account")
        account = Account(**row)
        await _insert_pin(connection, org_id, plan, month_of(account.opened_at, time_zone).starts_on)
    return account


async def get_account(connection: Connection, org_id: UUID) -> Account:
    """Raises AccountUnknown where there is none."""
    row = await connection.fetchrow(QUERIES["get_account"], org_id)
    if row is None:
        raise AccountUnknown(f"organization {org_id} has no billing account")
    return Account(**row)


async def pin_plan(connection: Connection, org_id: UUID, plan: Plan, starts_on: date, *, as_of: datetime) -> None:
    """Moves the organization to `plan` from a month to come; a later pin for the same month replaces it.

    Raises PeriodNotClosable for a month that has begun: nobody's past calls change their price.
    """
    account = await get_account(connection, org_id)
    if plan.currency != account.currency:
        raise PriceBookError(f"plan {plan.plan!r} version {plan.version} is in {plan.currency}, not {account.currency}")
    month = month_starting(starts_on, account.time_zone)
    if month.starts_at <= as_of:
        raise PeriodNotClosable(f"{starts_on:%Y-%m} has begun; a plan changes at the start of a month to come")
    await _insert_pin(connection, org_id, plan, starts_on)


async def list_plan_pins(connection: Connection, org_id: UUID) -> tuple[PlanPin, ...]:
    """Newest month first. Raises AccountUnknown for an organization without an account."""
    rows = await connection.fetch(QUERIES["list_plan_pins"], org_id)
    if not rows:
        raise AccountUnknown(f"organization {org_id} has no billing account")
    return tuple(PlanPin(**row) for row in rows)


async def get_plan(connection: Connection, book: PriceBook, org_id: UUID, starts_on: date) -> Plan:
    """The plan of the month that starts on that day. PriceBookError if its file was edited after it was pinned."""
    row = await connection.fetchrow(QUERIES["get_plan_pin"], org_id, starts_on)
    if row is None:
        raise AccountUnknown(f"organization {org_id} has no plan in {starts_on:%Y-%m}")
    return checked_plan(book, row["plan"], row["version"], row["plan_digest"])


def checked_plan(book: PriceBook, name: str, version: int, digest: str) -> Plan:
    """That version, exactly as it was when it was pinned."""
    plan = book.find(name, version)
    if plan.digest != digest:
        raise PriceBookError(f"{name}-{version}.toml was edited after it was pinned; publish version {version + 1}")
    return plan


async def _insert_pin(connection: Connection, org_id: UUID, plan: Plan, starts_on: date) -> None:
    await connection.execute(QUERIES["insert_plan_pin"], org_id, starts_on, plan.plan, plan.version, plan.digest)


def _known_zone(time_zone: str) -> None:
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {time_zone!r}") from error
