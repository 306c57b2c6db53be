"""Reads that begin together share a transaction, and nothing else."""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from service.accounts.organizations import create_organization
from service.db.pool import Connection, Pool, open_pool
from service.db.together import Together
from tests.conftest import Database

pytestmark = pytest.mark.anyio


async def began(connection: Connection) -> object:
    """When the transaction began: no two begin at the same microsecond on one machine."""
    return await connection.fetchval("SELECT (now(), pg_backend_pid())::text")


async def seen(connection: Connection) -> list[UUID]:
    return [row["id"] for row in await connection.fetch("SELECT id FROM organizations ORDER BY id")]


async def broken(connection: Connection) -> object:
    return await connection.fetchval("SELECT 1 / 0")


@pytest.fixture
async def orgs(operator_pool: Pool) -> tuple[UUID, UUID]:
    async with operator_pool.acquire() as connection:
        one = await create_organization(connection, "Ledgerline Apps")
        other = await create_organization(connection, "Birch & Vale")
    return one.id, other.id


async def test_reads_of_one_moment_share_a_transaction(app_pool: Pool, orgs: tuple[UUID, UUID]) -> None:
    together, org_id = Together(app_pool), orgs[0]

    first, second = await asyncio.gather(together.read(org_id, began), together.read(org_id, began))
    later = await together.read(org_id, began)

    assert first == second
    assert later != first


async def test_organizations_never_share_one(app_pool: Pool, orgs: tuple[UUID, UUID]) -> None:
    together = Together(app_pool)

    found = await asyncio.gather(*(together.read(org_id, seen) for org_id in (*orgs, *orgs)))

    assert found == [[orgs[0]], [orgs[1]], [orgs[0]], [orgs[1]]]


async def test_read_that_fails_fails_alone(app_pool: Pool, orgs: tuple[UUID, UUID]) -> None:
    together, org_id = Together(app_pool), orgs[0]

    before, failed, after = await asyncio.gather(
        *(together.read(org_id, reading) for reading in (seen, broken, seen)), return_exceptions=True
    )

    assert (before, after) == ([org_id], [org_id])
    assert isinstance(failed, asyncpg.DivisionByZeroError)


async def test_read_that_nobody_waits_for_any_more_holds_up_nobody(app_pool: Pool, orgs: tuple[UUID, UUID]) -> None:
    together, org_id = Together(app_pool), orgs[0]
    given_up = asyncio.create_task(together.read(org_id, seen))
    other = asyncio.create_task(together.read(org_id, seen))
    await asyncio.sleep(0)
    given_up.cancel()

    assert await other == [org_id]


async def test_all_fail_where_there_is_no_database(database: Database, orgs: tuple[UUID, UUID]) -> None:
    pool = await open_pool(database.owner_url, "tickmark_app", max_size=1)
    await pool.close()
    together = Together(pool)

    found = await asyncio.gather(*(together.read(orgs[0], seen) for _ in range(2)), return_exceptions=True)

    assert [type(error) for error in found] == [asyncpg.InterfaceError] * 2
