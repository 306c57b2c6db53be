"""Files of the write-ahead log to use again, as a PostgreSQL has that has been in service for a while.

A new one is filled with zeros while a commit waits for it: 10 ms each, one for every 9,000 calls.
"""

from typing import Final

import asyncpg

_FILES: Final = 60
"""16 MB each: as many as a bench fills."""


async def leave_log_files(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Fills them once; by the superuser, before anything is measured."""
    await connection.execute("ALTER SYSTEM SET min_wal_size = '1GB'")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.execute("CREATE TABLE filled (content text)")
    for _ in range(_FILES):
        await connection.execute("INSERT INTO filled SELECT repeat(md5(n::text), 16) FROM generate_series(1, 30000) n")
    await connection.execute("DROP TABLE filled")
    await connection.execute("CHECKPOINT")
    await connection.execute("CHECKPOINT")
