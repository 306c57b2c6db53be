"""The log verified where it is, by the very code that verifies it offline; and the file for doing so."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from service.audit import store
from service.audit.export import RowMissingError, export
from service.audit.verify import Found, Reading, Verdict
from service.db.pool import Pool, as_organization

_LINES: Final = 2_000
_CHUNK_BYTES: Final = 256 * 1024
_IN_MEMORY_BYTES: Final = 8 * 1024 * 1024


class Progress(Struct, frozen=True):
    """So many of so many rows are verified."""

    rows: int
    of: int


async def verify_log(pool: Pool, org_id: UUID, public_key: str, at: datetime) -> AsyncGenerator[Progress | Verdict]:
    """Progress, then the verdict over all rows up to the newest checkpoint. The hashing is done beside the loop."""
    reading = Reading(public_key)
    found: list[Found] = []
    async with as_organization(pool, org_id) as connection:
        last = await store.get_last_checkpoint(connection, org_id)
        of = 0 if last is None else last.checkpoint().last
        lines: list[bytes] = []
        try:
            async for line in export(connection, org_id, public_key, at):
                lines.append(line)
                if len(lines) == _LINES:
                    found = await asyncio.to_thread(reading.read, lines)
                    if found:
                        break
                    lines = []
                    yield Progress(reading.seq, of)
            else:
                found = await asyncio.to_thread(reading.read, lines) or reading.finish()
        except RowMissingError as missing:
            found = [Found("deleted", reading.lines, str(missing))]
    yield reading.verdict(found)


async def export_log(pool: Pool, org_id: UUID, public_key: str, at: datetime) -> AsyncIterator[bytes]:
    """The file, written aside first: no reader is too slow for the pool. Raises RowMissingError before anything."""
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as spool:
        async with as_organization(pool, org_id) as connection:
            async for line in export(connection, org_id, public_key, at):
                spool.write(line)
        spool.seek(0)
        while chunk := spool.read(_CHUNK_BYTES):
            yield chunk
