"""What we write as PostgreSQL literals comes out of PostgreSQL as it went in."""

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from billing import literals

if TYPE_CHECKING:
    from asyncpg import Connection, Record

pytestmark = pytest.mark.anyio

TEXTS = [
    None,
    "",
    " ",
    "plain",
    "a,b",
    "(a)",
    "{a}",
    '"',
    '""',
    "\\",
    '\\"',
    "\\\\",
    "NULL",
    "null",
    "'",
    "ü\n\t",
    "🧾",
    "$1",
]


async def test_rows_come_out_as_they_went_in(owner: "Connection[Record]") -> None:
    await owner.execute("CREATE TYPE pg_temp.sample AS (one uuid, many uuid[], name text, number integer)")
    rows: list[tuple[UUID | None, list[UUID] | None, str | None, int]] = [
        (uuid4() if number % 2 else None, [uuid4() for _ in range(number % 3)] or None, name, number - 3)
        for number, name in enumerate([*TEXTS, "".join(filter(None, TEXTS))])
    ]

    written = literals.array(
        literals.record(f"{literals.uuid(one)},{literals.uuids(many or [])},{literals.text(name)},{number}")
        for one, many, name, number in rows
    )
    found = await owner.fetch("SELECT * FROM unnest($1::text::pg_temp.sample[])", written)

    assert [tuple(row) for row in found] == rows


async def test_no_rows_are_no_rows(owner: "Connection[Record]") -> None:
    assert await owner.fetch("SELECT * FROM unnest($1::text::billing.invocation[])", literals.array([])) == []
