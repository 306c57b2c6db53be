"""Brings a database to the schema this code expects: plain SQL files, each applied once, in order.

A file is `NNNN_pre_words.sql` (safe before the new code runs) or `NNNN_post_words.sql` (once the old is gone).
"""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import asyncpg
import msgspec

from service.db.pool import Connection
from service.db.region import bind

Report: TypeAlias = Callable[[str], None]

_ROOT = Path(__file__).resolve().parents[2]
STREAMS = (("service", _ROOT / "service/db/migrations"), ("billing", _ROOT / "billing/migrations"))
_LOCK = 0x7469636B  # "tick": one runner at a time in one database
_TIMEOUTS = (
    "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '60s'; SET LOCAL client_min_messages = warning"
)
_LEDGER = """
    CREATE TABLE IF NOT EXISTS schema_migrations (
        stream text, name text, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (stream, name))"""


class MigrationError(Exception):
    """The files and the database disagree, or a file failed; nothing of that file was kept."""


class Migration(msgspec.Struct, frozen=True):
    stream: str
    name: str
    sql: str

    @property
    def title(self) -> str:
        return f"{self.stream}/{self.name}"

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


async def migrate(
    url: str,
    report: Report = lambda line: None,
    *,
    pre_only: bool = False,
    region: str = "us",
    elsewhere: Mapping[str, str] = MappingProxyType({}),
) -> list[str]:
    """Applies what is missing and gives the titles applied; `pre_only` stops each stream at its first `post` file.

    The database is bound to `region` for good; `elsewhere` says where other regions are answered.
    """
    connection = await asyncpg.connect(url)
    try:
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
            report("waiting for another migration to end")
            await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        await connection.execute(_LEDGER)
        missing = await unapplied(connection)
        stopped = {later.stream: later for later in reversed(missing) if pre_only and "_post_" in later.name}
        chosen = [one for one in missing if one.stream not in stopped or one.name < stopped[one.stream].name]
        for one in chosen:
            report(f"migrating {one.title}")
            await _apply(connection, one)
        await bind(connection, region, elsewhere)
        return [one.title for one in chosen]
    finally:
        await connection.close()


async def pending(url: str) -> list[str]:
    """The titles that `migrate` would still apply. Raises MigrationError where an applied file was changed."""
    connection = await asyncpg.connect(url)
    try:
        return [one.title for one in await unapplied(connection)]
    finally:
        await connection.close()


async def unapplied(connection: Connection) -> list[Migration]:
    """The files this database has not seen, in the order they will be applied; any run-time role may ask."""
    known: dict[str, str] = {}
    if await connection.fetchval("SELECT to_regclass('schema_migrations') IS NOT NULL"):
        rows = await connection.fetch("SELECT stream || '/' || name AS title, checksum FROM schema_migrations")
        known = {row["title"]: row["checksum"] for row in rows}
    files = load()
    for one in files:
        if known.get(one.title, one.checksum) != one.checksum:
            raise MigrationError(f"{one.title} was changed after it was applied; write a new file instead")
    return [one for one in files if one.title not in known]


def load() -> list[Migration]:
    """Every file of both streams, in order."""
    return [
        Migration(stream, path.name, path.read_text(encoding="utf-8"))
        for stream, folder in STREAMS
        for path in sorted(folder.glob("*.sql"))
    ]


async def _apply(connection: "asyncpg.Connection[asyncpg.Record]", one: Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute(_TIMEOUTS)
            await connection.execute(one.sql)
            keep = "INSERT INTO schema_migrations (stream, name, checksum) VALUES ($1, $2, $3)"
            await connection.execute(keep, one.stream, one.name, one.checksum)
    except asyncpg.PostgresError as error:
        raise MigrationError(f"{one.title} failed: {error}") from error
