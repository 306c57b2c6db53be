"""Calls that cost nothing are forgotten when their organization says so; what is billed, nobody can take away."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from billing import UsageLedger, forget_free_calls, get_free_calls_days, list_calls, set_free_calls_days
from billing.store import Connection
from service.db.pool import Pool, as_organization
from tests.billing.calls import billable, free

pytestmark = pytest.mark.anyio

NOW = datetime.now(UTC)
OLD, FRESH = NOW - timedelta(days=31), NOW - timedelta(days=29)


@pytest.fixture
async def full(ledger: UsageLedger, org: UUID) -> UUID:
    """An organization with old and fresh calls, billed and free."""
    await add(ledger, org)
    return org


async def add(ledger: UsageLedger, org: UUID) -> None:
    for at in (OLD, FRESH):
        await ledger.record(billable(org, at))
        await ledger.record(free(org, at))


async def say(pool: Pool, org: UUID, days: int | None) -> None:
    async with as_organization(pool, org) as connection:
        await set_free_calls_days(connection, org, days)


async def shown(operator: Connection, org: UUID) -> list[tuple[bool, bool]]:
    """Of each call: whether it is billed, and whether it is old."""
    return sorted((one.billable, one.occurred_at < NOW - timedelta(days=30)) for one in await list_calls(operator, org))


async def test_old_free_calls_are_gone_and_all_else_stays(
    full: UUID, ledger: UsageLedger, operator: Connection, app_pool: Pool
) -> None:
    other = uuid4()
    await add(ledger, other)
    await say(app_pool, full, 30)

    assert await forget_free_calls(operator) == 1

    assert await shown(operator, full) == [(False, False), (True, False), (True, True)]
    assert len(await shown(operator, other)) == 4
    assert await operator.fetchval("SELECT count(*) FROM billing.usage WHERE org_id = $1", full) == 2
    assert await forget_free_calls(operator) == 0


async def test_nothing_is_forgotten_until_it_is_asked_for_or_after_it_is_taken_back(
    full: UUID, operator: Connection, app_pool: Pool
) -> None:
    assert await forget_free_calls(operator) == 0
    await say(app_pool, full, 30)
    await say(app_pool, full, None)

    assert await forget_free_calls(operator) == 0
    assert len(await shown(operator, full)) == 4


async def test_shorter_time_takes_the_next_stretch(full: UUID, operator: Connection, app_pool: Pool) -> None:
    await say(app_pool, full, 3650)
    assert await forget_free_calls(operator) == 0
    await say(app_pool, full, 30)

    assert await forget_free_calls(operator) == 1
    async with as_organization(app_pool, full) as connection:
        assert await get_free_calls_days(connection, full) == 30


async def test_many_are_forgotten_a_few_at_a_time(
    full: UUID, ledger: UsageLedger, operator: Connection, app_pool: Pool
) -> None:
    for minute in range(5):
        await ledger.record(free(full, OLD - timedelta(minutes=minute)))
    await say(app_pool, full, 30)

    steps = [await operator.fetchval("SELECT billing.forget_free_calls($1, 4)", full) for _ in range(3)]

    assert steps == [4, 2, 0]


async def test_not_even_the_owner_forgets_a_billed_or_a_fresh_call(
    full: UUID, owner: Connection, app_pool: Pool
) -> None:
    await say(app_pool, full, 30)

    for what in ("billable", "NOT billable AND billing.occurred_at(request_id) > now() - interval '30 days'"):
        with pytest.raises(asyncpg.RestrictViolationError, match="never edited"):
            await owner.execute(f"DELETE FROM billing.calls WHERE org_id = $1 AND {what}", full)
    with pytest.raises(asyncpg.RestrictViolationError, match="never edited"):
        await owner.execute("UPDATE billing.calls SET status = 200 WHERE org_id = $1 AND NOT billable", full)


@pytest.mark.parametrize("days", [29, 3651, 0, -1])
async def test_impossible_time_is_refused(full: UUID, app_pool: Pool, days: int) -> None:
    with pytest.raises(ValueError, match="30 to 3650"):
        await say(app_pool, full, days)


async def test_requests_forget_nothing_and_say_nothing_for_others(full: UUID, app_pool: Pool) -> None:
    async with as_organization(app_pool, uuid4()) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetchval("SELECT billing.forget_free_calls($1, 9)", full)
    async with as_organization(app_pool, uuid4()) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await set_free_calls_days(connection, full, 30)
