"""What the ledger needs done regularly: room for months to come, months closed, every account compared."""

import logging
from collections.abc import AsyncGenerator
from datetime import date, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import billing
from billing import (
    GRACE,
    Account,
    AccountUnknown,
    BillingError,
    Invoice,
    PriceBook,
    Reconciliation,
    close_period,
    get_account,
    list_invoices,
    load_price_book,
    make_partitions,
    mark_past_due,
    month_of,
    month_starting,
    reconcile,
    sum_up,
    sum_up_vendors,
)
from service import ids
from service.accounts.keys import list_test_key_ids
from service.accounts.organizations import list_organizations
from service.audit.acts import WORKER, record_act
from service.db.pool import Connection

_log: Final = logging.getLogger(__name__)


async def make_room(connection: Connection, at: datetime) -> None:
    """Partitions for the usage of the months to come."""
    made = await make_partitions(connection, at)
    if made:
        _log.info("usage partitions made: %d", made)


async def forget_free_calls(connection: Connection, _at: datetime) -> None:
    """What cost nothing and is older than its organization keeps such calls; what is billed stays."""
    gone = await billing.forget_free_calls(connection)
    if gone:
        _log.info("free calls forgotten: %d", gone)


async def sum_up_ledger(connection: Connection, _at: datetime) -> None:
    """Keeps the sums that pages, receipts and budgets are answered from near to the ledger."""
    await sum_up(connection)


async def sum_up_answers(connection: Connection, _at: datetime) -> None:
    """Keeps what is told of vendors near to how they answer; sandboxes, which test keys reach, say nothing of them."""
    await sum_up_vendors(connection, await list_test_key_ids(connection))


async def close_due_months(connection: Connection, at: datetime) -> None:
    """Closes what is over and out of its grace time; what cannot be closed is said and tried again next time."""
    closed = 0
    async for _ in close_due(connection, load_price_book(), at):
        closed += 1
    if closed:
        _log.info("months closed: %d", closed)


async def close_due(
    connection: Connection, book: PriceBook, at: datetime, *, only: UUID | None = None, actor: str = WORKER
) -> AsyncGenerator[Invoice]:
    """The drafts of all months that can be closed at `at`, of every organization or of one, oldest first."""
    async for account in accounts(connection, only):
        for starts_on in await due_months(connection, account, at):
            try:
                yield await close_month(connection, book, account.org_id, starts_on, at, actor=actor)
            except BillingError as error:
                _log.exception("a month cannot be closed", exc_info=error, extra={"org_id": account.org_id})
                break


async def close_month(
    connection: Connection, book: PriceBook, org_id: UUID, starts_on: date, at: datetime, *, actor: str
) -> Invoice:
    """A month's draft, with its audit row. Raises BillingError."""
    async with connection.transaction():
        draft = await close_period(connection, book, org_id, starts_on, as_of=at)
        await record_act(connection, org_id, "invoices.draft", (ids.encode("bill", draft.invoice_id),), actor=actor)
    return draft


async def mark_overdue(connection: Connection, at: datetime) -> None:
    """What is not paid on the day after it was due, where the organization is, becomes past due."""
    moved = 0
    async for account in accounts(connection):
        today = at.astimezone(ZoneInfo(account.time_zone)).date()
        async with connection.transaction():
            late = await mark_past_due(connection, account.org_id, today, at=at)
            if late:
                about = tuple(ids.encode("bill", one.invoice_id) for one in late)
                await record_act(connection, account.org_id, "invoices.past_due", about, actor=WORKER)
        moved += len(late)
    if moved:
        _log.info("invoices past due: %d", moved)


async def due_months(connection: Connection, account: Account, at: datetime) -> list[date]:
    """The first days of the months that are over, out of their grace time and not closed yet."""
    latest = await list_invoices(connection, account.org_id, limit=1)
    month = month_of(account.opened_at, account.time_zone)
    if latest:
        month = month_starting(month_starting(latest[0].period, account.time_zone).next_on, account.time_zone)
    found: list[date] = []
    while month.ends_at + GRACE <= at:
        found.append(month.starts_on)
        month = month_starting(month.next_on, account.time_zone)
    return found


async def reconciliations(
    connection: Connection, book: PriceBook, at: datetime, *, only: UUID | None = None
) -> AsyncGenerator[Reconciliation]:
    """This month and the one before, of every organization or of one."""
    async for account in accounts(connection, only):
        for starts_on in months_of(account, at):
            yield await reconcile(connection, book, account.org_id, starts_on)


def months_of(account: Account, at: datetime) -> tuple[date, ...]:
    """The first days of the month before `at` and of its own, as far as the account was open."""
    current = month_of(at, account.time_zone)
    opened = month_of(account.opened_at, account.time_zone)
    both = (_month_before(current.starts_on), current.starts_on)
    return tuple(starts_on for starts_on in both if starts_on >= opened.starts_on)


async def accounts(connection: Connection, only: UUID | None = None) -> AsyncGenerator[Account]:
    """Every organization's account, or one."""
    for org_id in [only] if only else [org.id for org in await list_organizations(connection)]:
        try:
            yield await get_account(connection, org_id)
        except AccountUnknown:
            if only:
                raise


def _month_before(starts_on: date) -> date:
    return date(starts_on.year - (starts_on.month == 1), (starts_on.month - 2) % 12 + 1, 1)
