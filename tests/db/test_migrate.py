"""Migrations are applied once, whole, by one runner at a time."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from service import embedded
from service.db import migrate as runner
from service.db.migrate import MigrationError, migrate, pending
from service.db.pool import UnsafeRoleError, as_organization, open_pool
from service.ids import new_uuid
from tests.conftest import Database, server_directory, with_database

pytestmark = pytest.mark.anyio


@pytest.fixture
def empty_url(servers: embedded.Servers) -> Iterator[str]:
    """A database nobody has migrated."""
    name = f"empty_{uuid4().hex}"
    asyncio.run(_execute(servers.postgres_url, f"CREATE DATABASE {name}"))
    yield with_database(servers.postgres_url, name)
    asyncio.run(_execute(servers.postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stream of migrations of the test's own."""
    monkeypatch.setattr(runner, "STREAMS", (("service", tmp_path),))
    (tmp_path / "0001_pre_first.sql").write_text("CREATE TABLE first (id int)")
    (tmp_path / "0002_post_second.sql").write_text("CREATE TABLE second (id int)")
    (tmp_path / "0003_pre_third.sql").write_text("CREATE TABLE third (id int)")
    return tmp_path


async def test_every_file_is_applied_once_and_reported(empty_url: str) -> None:
    lines: list[str] = []
    expected = await pending(empty_url)

    applied = await migrate(empty_url, lines.append)

    assert applied == expected
    assert applied[0] == "service/0001_pre_roles.sql"
    assert lines == [f"migrating {title}" for title in applied]
    assert await migrate(empty_url, lines.append) == []
    assert await pending(empty_url) == []


async def test_two_runners_apply_each_file_once(empty_url: str) -> None:
    results = await asyncio.gather(*(migrate(empty_url) for _ in range(4)))

    assert sorted(map(bool, results)) == [False, False, False, True]


async def test_changed_file_is_refused(empty_url: str, folder: Path) -> None:
    await migrate(empty_url)
    (folder / "0001_pre_first.sql").write_text("CREATE TABLE other (id int)")

    with pytest.raises(MigrationError, match="was changed"):
        await migrate(empty_url)
    with pytest.raises(MigrationError, match="was changed"):
        await pending(empty_url)


async def test_failing_file_leaves_nothing_behind(empty_url: str, folder: Path) -> None:
    (folder / "0003_pre_third.sql").write_text("CREATE TABLE third (id int); SELECT 1 / 0")

    with pytest.raises(MigrationError, match=r"third\.sql failed: division by zero"):
        await migrate(empty_url)

    assert await pending(empty_url) == ["service/0003_pre_third.sql"]
    (folder / "0003_pre_third.sql").write_text("CREATE TABLE third (id int)")
    assert await migrate(empty_url) == ["service/0003_pre_third.sql"]


async def test_pre_files_stop_at_the_first_post_file(empty_url: str, folder: Path) -> None:
    assert await migrate(empty_url, pre_only=True) == ["service/0001_pre_first.sql"]
    assert await migrate(empty_url, pre_only=True) == []
    assert await migrate(empty_url) == ["service/0002_post_second.sql", "service/0003_pre_third.sql"]


async def test_plain_owner_migrates_several_databases_of_a_fresh_cluster_at_once() -> None:
    """Row security is forced on an owner without superpowers: keys must be found all the same."""
    superuser_url = embedded.start_postgres(server_directory() / "postgres")
    await _execute(superuser_url, "CREATE ROLE plain LOGIN CREATEROLE")
    urls: list[str] = []
    for name in ("one", "two", "three"):
        await _execute(superuser_url, f"CREATE DATABASE {name} OWNER plain")
        urls.append(with_database(superuser_url, name).replace("//postgres:", "//plain:"))
    url, org_id, token_hash = urls[0], new_uuid(), b"h" * 32

    await asyncio.gather(*map(migrate, urls))
    assert await _fetch(url, "SELECT tableowner FROM pg_tables WHERE tablename = 'api_keys'") == "plain"
    assert await _fetch(url, "SELECT rolname FROM pg_roles WHERE rolname = current_user AND NOT rolsuper") == "plain"
    pools = [await open_pool(url, role) for role in ("tickmark_operator", "tickmark_app")]
    operator, app = pools
    await operator.execute("INSERT INTO organizations VALUES ($1, 'a', 'UTC', now())", org_id)
    await operator.execute(
        "INSERT INTO api_keys (org_id, id, name, mode, token_hash, pepper_version, scopes, api_version, created_at)"
        " VALUES ($1, $1, 'k', 'live', $2, 1, '{}', '2026-11-01', now())",
        org_id,
        token_hash,
    )

    assert await app.fetchval("SELECT org_id FROM authenticate_key($1)", [token_hash]) == org_id
    async with as_organization(app, new_uuid()) as connection:
        assert await connection.fetchval("SELECT count(*) FROM organizations") == 0
    for pool in pools:
        await pool.close()


async def test_login_that_may_not_become_the_role_is_told_what_to_do(database: Database) -> None:
    await _execute(
        database.owner_url, "DO $$ BEGIN CREATE ROLE stranger LOGIN; EXCEPTION WHEN duplicate_object THEN END $$"
    )

    with pytest.raises(UnsafeRoleError, match="GRANT tickmark_app"):
        await open_pool(database.owner_url.replace("//postgres:", "//stranger:"), "tickmark_app")


async def _execute(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(sql)
    await connection.close()


async def _fetch(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    value: object = await connection.fetchval(sql)
    await connection.close()
    return value
