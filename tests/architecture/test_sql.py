"""Every named query fits the migrated schema, and no table of a tenant is without its guard."""

import re
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from service.db.migrate import load
from service.db.queries import Query, parse
from tests.conftest import Database

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).resolve().parents[2]
QUERY_FILES = sorted(file for package in ("service", "billing") for file in (ROOT / package).rglob("queries.sql"))
ROLES = ("tickmark_app", "tickmark_meter", "tickmark_operator")
# Nothing of any organization.
NOBODYS = {
    "public.schema_migrations",
    "public.regions",
    "billing.summed",
    "billing.vendor_sums",
    "billing.vendor_hours",
}
SELF_KEYED = {"public.organizations"}  # its own id is the organization

_TABLES = """
    SELECT c.oid, n.nspname || '.' || c.relname AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
           c.relispartition AS partition,
           (SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum = 1) AS first_column,
           (SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
            WHERE i.indrelid = c.oid AND i.indisprimary) AS first_key_column
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    ORDER BY name"""


async def connect(database: Database) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(database.owner_url)


def queries() -> list[tuple[Path, Query]]:
    return [(file, query) for file in QUERY_FILES for query in parse(file.read_text())]


async def test_every_named_query_fits_the_schema(database: Database) -> None:
    connection = await connect(database)
    broken: list[str] = []

    for file, query in queries():
        try:
            await connection.prepare(query.sql)
        except asyncpg.PostgresError as error:
            broken.append(f"{file.relative_to(ROOT)} {query.name}: {error}")
    await connection.close()

    assert broken == []
    assert len(queries()) > 30


def test_every_named_query_is_used_and_every_used_name_exists() -> None:
    for file in QUERY_FILES:
        code = "".join(module.read_text() for module in file.parent.glob("*.py"))
        used = set(re.findall(r"\b[A-Z_]+\[\"([a-z0-9_]+)\"\]", code))

        assert {query.name for query in parse(file.read_text())} == used, file


async def tenant_tables(connection: "asyncpg.Connection[asyncpg.Record]") -> list[Any]:
    tables = [table for table in await connection.fetch(_TABLES) if table["name"] not in NOBODYS]
    assert len(tables) > 8
    return tables


async def test_every_table_is_led_by_its_organization(database: Database) -> None:
    connection = await connect(database)
    led = [table for table in await tenant_tables(connection) if table["name"] not in SELF_KEYED]
    await connection.close()

    assert [t["name"] for t in led if (t["first_column"], t["first_key_column"]) != ("org_id", "org_id")] == []


async def test_every_table_enforces_row_security(database: Database) -> None:
    connection = await connect(database)
    tables = await tenant_tables(connection)
    await connection.close()

    assert [table["name"] for table in tables if not (table["enabled"] and table["forced"])] == []


async def test_every_policy_limits_what_is_read_and_what_is_written(database: Database) -> None:
    connection = await connect(database)
    policies = await connection.fetch("SELECT schemaname || '.' || tablename AS name, * FROM pg_policies")
    await connection.close()
    reads, writes = ("ALL", "SELECT", "UPDATE", "DELETE"), ("ALL", "INSERT", "UPDATE")

    assert [p["name"] for p in policies if p["cmd"] in reads and p["qual"] is None] == []
    assert [p["name"] for p in policies if p["cmd"] in writes and p["with_check"] is None] == []
    for policy in (one for one in policies if one["name"] not in NOBODYS):
        if {"tickmark_app", "public"} & set(policy["roles"]):
            for condition in filter(None, (policy["qual"], policy["with_check"])):
                assert re.search(r"\borg_id = |^\(id = ", condition), policy["name"]
                assert "current_org_id()" in condition or "tickmark.org_id" in condition, policy["name"]


async def test_no_role_reaches_a_table_without_a_policy_for_it(database: Database) -> None:
    connection = await connect(database)
    unguarded = await connection.fetch(
        """
        SELECT n.nspname || '.' || c.relname, role
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, unnest($1::text[]) AS role
        WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
          AND n.nspname || '.' || c.relname <> ALL ($2::text[])
          AND (has_any_column_privilege(role, c.oid, 'SELECT, INSERT, UPDATE')
               OR has_table_privilege(role, c.oid, 'DELETE'))
          AND NOT EXISTS (SELECT FROM pg_policy p JOIN pg_roles r ON r.oid = ANY (p.polroles)
                          WHERE p.polrelid = c.oid AND r.rolname = role)""",
        list(ROLES),
        list(NOBODYS),
    )
    await connection.close()

    assert unguarded == []


async def test_runtime_roles_own_nothing_and_have_no_power(database: Database) -> None:
    connection = await connect(database)
    roles = await connection.fetch("SELECT * FROM pg_roles WHERE rolname = ANY ($1::text[])", list(ROLES))
    owned = await connection.fetchval(
        "SELECT count(*) FROM pg_shdepend WHERE deptype = 'o' AND refobjid = ANY ($1::oid[])", [r["oid"] for r in roles]
    )
    creators = await connection.fetch(
        "SELECT nspname, role FROM pg_namespace, unnest($1::text[]) AS role"
        " WHERE nspname NOT LIKE 'pg_%' AND has_schema_privilege(role, nspname, 'CREATE')",
        list(ROLES),
    )
    truncators = await connection.fetch(
        "SELECT c.relname, role FROM pg_class c, unnest($1::text[]) AS role"
        " WHERE c.relkind IN ('r', 'p') AND has_table_privilege(role, c.oid, 'TRUNCATE, TRIGGER, REFERENCES')",
        list(ROLES),
    )
    await connection.close()

    assert {role["rolname"] for role in roles} == set(ROLES)
    for role in roles:
        assert not any(
            role[power] for power in ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolcanlogin")
        )
    assert (owned, creators, truncators) == (0, [], [])


async def test_privileged_functions_fix_their_search_path_and_are_not_public(database: Database) -> None:
    connection = await connect(database)
    functions = await connection.fetch(
        "SELECT p.proname, p.proconfig, has_function_privilege('public', p.oid, 'EXECUTE') AS open"
        " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prosecdef AND n.nspname NOT LIKE 'pg_%'"
    )
    await connection.close()

    assert functions
    assert [f["proname"] for f in functions if f["open"]] == []
    assert [
        f["proname"] for f in functions if not any(c.startswith("search_path=") for c in f["proconfig"] or ())
    ] == []


def test_migrations_are_named_and_no_number_is_used_twice() -> None:
    for stream in ("service", "billing"):
        names = [migration.name for migration in load() if migration.stream == stream]

        assert all(re.fullmatch(r"\d{4}_(pre|post)_[a-z0-9_]+\.sql", name) for name in names)
        assert len({name[:4] for name in names}) == len(names)
