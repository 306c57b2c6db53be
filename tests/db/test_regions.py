"""A database keeps the firms of its own region: nothing of another's can be put into it, whoever tries."""

import asyncio
from collections.abc import Iterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from service import embedded
from service.accounts.errors import ImpossibleValueError
from service.accounts.organizations import create_firm, create_organization, list_firms, point_to_firm
from service.db.migrate import migrate
from service.db.pool import Pool, as_organization, open_pool
from service.db.region import FIRM_ELSEWHERE, RegionError, check_region
from service.ids import new_uuid
from tests.conftest import Database, with_database

pytestmark = pytest.mark.anyio

EU_URL = "https://api.eu.tickmark.example"
OF_A_FIRM = {
    "connections": "(org_id, id, firm_id, vendor, state, sandbox, created_at, updated_at)"
    " VALUES ($1, gen_random_uuid(), $2, 'canopy', 'healthy', false, now(), now())",
    "firm_data_keys": "(org_id, firm_id, version, wrapping_key, wrapped) VALUES ($1, $2, 1, 'k', 'w')",
    "connection_secrets": "(org_id, connection_id, name, firm_id, key_version, sealed, updated_at)"
    " VALUES ($1, gen_random_uuid(), 'n', $2, 1, 's', now())",
    "consents": "(org_id, id, firm_id, scopes, granted_by, granted_at)"
    " VALUES ($1, gen_random_uuid(), $2, '{}', 'Morgan Vale', now())",
    "firm_policies": "(org_id, firm_id, dual_control, updated_at) VALUES ($1, $2, '{export}', now())",
    "approvals": "(org_id, id, firm_id, action, detail, fingerprint, requested_by, requested_at, expires_at)"
    " VALUES ($1, gen_random_uuid(), $2, 'export', 'd', sha256('x'), 'a@b.example', now(), now())",
    "link_sessions": "(org_id, id, firm_id, token_hash, sandbox, vendors, items, purpose, consent_days, return_url,"
    " created_by, created_at, expires_at, step) VALUES ($1, gen_random_uuid(), $2, sha256('x'), false, '{canopy}',"
    " '{clients}', 'p', 1, 'u', gen_random_uuid(), now(), now(), 'sign')",
}
"""How a row of each table that keeps something of a firm is made."""


@pytest.fixture
async def elsewhere(operator_pool: Pool) -> tuple[UUID, UUID]:
    """An organization, and its firm that is kept in the EU."""
    async with operator_pool.acquire() as connection:
        organization = await create_organization(connection, "Ledgerline Apps")
        firm = await point_to_firm(connection, organization.id, new_uuid(), "eu")
    return organization.id, firm.id


@pytest.mark.parametrize("table", sorted(OF_A_FIRM))
async def test_nothing_of_a_firm_of_another_region_is_kept(
    operator_pool: Pool, elsewhere: tuple[UUID, UUID], table: str
) -> None:
    with pytest.raises(asyncpg.PostgresError) as refusal:
        await operator_pool.execute(f"INSERT INTO {table} {OF_A_FIRM[table]}", *elsewhere)

    assert (refusal.value.sqlstate, refusal.value.message) == (FIRM_ELSEWHERE, "eu")
    assert await operator_pool.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_every_table_that_keeps_something_of_a_firm_is_guarded(database: Database) -> None:
    connection = await asyncpg.connect(database.owner_url)
    tables = await connection.fetch(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'firm_id' AND table_schema = 'public'"
    )
    guarded = await connection.fetch("SELECT tgrelid::regclass::text AS name FROM pg_trigger WHERE tgname = 'here'")
    await connection.close()

    assert {table["name"] for table in guarded} == set(OF_A_FIRM)
    assert {table["table_name"] for table in tables} - set(OF_A_FIRM) == {"audit_rows"}  # ids alone, of what came in


async def test_firm_is_kept_in_the_region_of_its_database(operator_pool: Pool) -> None:
    async with operator_pool.acquire() as connection:
        organization = await create_organization(connection, "Ledgerline Apps")
        made = await create_firm(connection, organization.id, "Birch & Vale")
        with pytest.raises(ImpossibleValueError, match="firms of us are kept here"):
            await create_firm(connection, organization.id, "Birch & Vale SARL", region="eu")

        assert made.region == "us"
        assert await list_firms(connection, organization.id) == [made]


async def test_signpost_has_no_name_and_no_firm_ever_moves(operator_pool: Pool, elsewhere: tuple[UUID, UUID]) -> None:
    org_id, firm_id = elsewhere
    refused = (
        ("INSERT INTO firms VALUES ($1, gen_random_uuid(), 'Birch & Vale SARL', 'eu', now())", (org_id,)),
        ("UPDATE firms SET region = 'us' WHERE org_id = $1 AND id = $2", (org_id, firm_id)),
    )

    for sql, arguments in refused:
        with pytest.raises(asyncpg.RestrictViolationError):
            await operator_pool.execute(sql, *arguments)
    assert await operator_pool.fetchval("SELECT name FROM firms") == "A firm in eu"


async def test_requests_cannot_say_which_region_this_is(app_pool: Pool, elsewhere: tuple[UUID, UUID]) -> None:
    for sql in ("DELETE FROM regions", "UPDATE regions SET region = 'eu'", "INSERT INTO regions VALUES ('eu')"):
        async with as_organization(app_pool, elsewhere[0]) as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(sql)


async def test_database_stays_in_its_region_and_serves_no_other(database: Database, operator_pool: Pool) -> None:
    with pytest.raises(RegionError, match="keeps firms of us, and TICKMARK_REGION is eu"):
        await migrate(database.owner_url, region="eu")
    with pytest.raises(RegionError, match="keeps firms of us"):
        await check_region(operator_pool, "eu")
    owner = await asyncpg.connect(database.owner_url)
    for sql in ("DELETE FROM regions", "UPDATE regions SET region = 'eu' WHERE is_here"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner.execute(sql)
    await owner.close()

    await check_region(operator_pool, "us")


@pytest.fixture
def empty_url(servers: embedded.Servers) -> Iterator[str]:
    """A database nobody has migrated."""
    name = f"region_{uuid4().hex}"
    asyncio.run(_execute(servers.postgres_url, f"CREATE DATABASE {name}"))
    yield with_database(servers.postgres_url, name)
    asyncio.run(_execute(servers.postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


async def test_migrating_binds_the_database_and_notes_where_others_are(empty_url: str) -> None:
    await migrate(empty_url, region="gb", elsewhere={"eu": "https://old.eu.example"})
    await migrate(empty_url, region="gb", elsewhere={"eu": EU_URL})

    pool = await open_pool(empty_url, "tickmark_operator", max_size=1)
    rows = await pool.fetch("SELECT region, url, is_here FROM regions ORDER BY region")
    await pool.close()
    assert [tuple(row) for row in rows] == [("eu", EU_URL, False), ("gb", None, True)]


async def _execute(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
