"""Every named query against the migrated schema."""

import pytest

from billing.store import QUERIES, Connection, load_queries

pytestmark = pytest.mark.anyio


async def test_every_query_fits_the_schema(owner: Connection) -> None:
    for name, sql in QUERIES.items():
        try:
            await owner.prepare(sql)
        except Exception as error:
            error.add_note(f"in query {name}")
            raise


def test_every_query_says_its_purpose_and_names_the_organization() -> None:
    everyone = {"make_partitions", "fix_cutoff"}
    for name, sql in QUERIES.items():
        assert sql.startswith("-- "), name
        assert name in everyone or "org_id" in sql or name == "lock_account", name


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        load_queries("-- name: one\nSELECT 1;\n-- name: one\nSELECT 2;")
