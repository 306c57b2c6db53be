"""No organization ever sees another's rows, whatever the query forgets to say."""

import asyncio
from contextlib import suppress
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from service.accounts.organizations import create_firm, create_organization
from service.db.pool import Pool, as_organization, open_pool
from service.ids import new_uuid
from tests.conftest import Database

pytestmark = pytest.mark.anyio


@pytest.fixture
async def organizations(operator_pool: Pool) -> tuple[UUID, UUID]:
    """Two organizations with one firm each."""
    made: list[UUID] = []
    async with operator_pool.acquire() as connection:
        for name in ("Ledger Apps", "Payables Inc"):
            organization = await create_organization(connection, name)
            await create_firm(connection, organization.id, f"{name}'s firm")
            made.append(organization.id)
    return made[0], made[1]


async def test_two_organizations_alternate_on_one_connection(
    database: Database, organizations: tuple[UUID, UUID]
) -> None:
    pool = await open_pool(database.owner_url, "tickmark_app", max_size=1)
    seen: list[set[UUID]] = []

    for org_id in organizations * 3:
        async with as_organization(pool, org_id) as connection:
            rows = await connection.fetch("SELECT org_id FROM firms UNION ALL SELECT id FROM organizations")
            seen.append({row["org_id"] for row in rows})
        assert await pool.fetchval("SELECT count(*) FROM firms") == 0
    await pool.close()

    assert seen == [{org_id} for org_id in organizations * 3]


@pytest.mark.parametrize("broken_off_by", [ZeroDivisionError, asyncio.CancelledError])
async def test_a_block_that_breaks_off_leaves_no_organization_behind(
    database: Database, organizations: tuple[UUID, UUID], broken_off_by: type[BaseException]
) -> None:
    pool = await open_pool(database.owner_url, "tickmark_app", max_size=1)

    with suppress(broken_off_by):
        async with as_organization(pool, organizations[0]) as connection:
            await connection.execute("UPDATE firms SET name = 'changed'")
            raise broken_off_by

    assert await pool.fetchval("SELECT current_setting('tickmark.org_id', true)") in (None, "")
    assert await pool.fetchval("SELECT count(*) FROM firms") == 0
    async with as_organization(pool, organizations[0]) as connection:
        assert await connection.fetchval("SELECT name FROM firms") != "changed"
    await pool.close()


async def test_a_transaction_left_open_is_rolled_back_with_its_organization(
    database: Database, organizations: tuple[UUID, UUID]
) -> None:
    pool = await open_pool(database.owner_url, "tickmark_app", max_size=1)
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))

    async with pool.acquire() as connection:
        await connection.execute("BEGIN")
        await connection.execute("SELECT set_config('tickmark.org_id', $1, true)", str(organizations[0]))

    assert await pool.fetchval("SELECT count(*) FROM firms") == 0
    assert "active transaction" in told[0]["message"]
    await pool.close()


async def test_nothing_is_seen_without_an_organization(app_pool: Pool, organizations: tuple[UUID, UUID]) -> None:
    for table in ("organizations", "firms", "connections", "connection_secrets", "consents", "firm_data_keys"):
        assert await app_pool.fetchval(f"SELECT count(*) FROM {table}") == 0
    assert await app_pool.fetchval("SELECT count(id) FROM api_keys") == 0


async def test_row_for_another_organization_cannot_be_written(app_pool: Pool, organizations: tuple[UUID, UUID]) -> None:
    mine, theirs = organizations

    async with as_organization(app_pool, mine) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await connection.execute(
                "INSERT INTO api_keys"
                " (org_id, id, name, mode, token_hash, pepper_version, scopes, api_version, created_at)"
                " VALUES ($1, $2, 'k', 'live', $3, 1, '{}', '2026-11-01', now())",
                theirs,
                new_uuid(),
                b"h" * 32,
            )


async def test_failed_transaction_leaves_no_organization_behind(
    database: Database, organizations: tuple[UUID, UUID]
) -> None:
    pool = await open_pool(database.owner_url, "tickmark_app", max_size=1)

    with pytest.raises(asyncpg.DivisionByZeroError):
        async with as_organization(pool, organizations[0]) as connection:
            await connection.execute("SELECT 1 / 0")

    assert await pool.fetchval("SELECT count(*) FROM firms") == 0
    await pool.close()


async def test_operator_sees_every_organization(operator_pool: Pool, organizations: tuple[UUID, UUID]) -> None:
    assert await operator_pool.fetchval("SELECT count(*) FROM firms") == 2


async def test_requests_delete_no_organization_and_change_only_their_own(
    app_pool: Pool, organizations: tuple[UUID, UUID]
) -> None:
    async with as_organization(app_pool, organizations[0]) as connection:
        assert await connection.execute("UPDATE organizations SET name = 'x'") == "UPDATE 1"
    for sql in (
        "DELETE FROM firms",
        "TRUNCATE firms",
        "DELETE FROM organizations",
        "UPDATE organizations SET id = gen_random_uuid()",
        "DROP TABLE firms",
    ):
        async with as_organization(app_pool, organizations[0]) as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(sql)
