"""An organization's whole log as one file that verifies without us: a line each of JSON.

{"line":"head", …}         whose log, and the public key
{"line":"row", …}          seq, link hash, and the row's canonical bytes as they were hashed
{"line":"checkpoint", …}   after the last row that it covers
{"line":"end", …}          how much there is; a file without it was cut
"""

from base64 import b64encode
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from service.audit import store
from service.audit.checkpoints import SignedCheckpoint
from service.db.pool import Connection

PAGE_ROWS: Final = 5_000


class Head(msgspec.Struct, frozen=True, tag_field="line", tag="head"):
    format: int
    org: UUID
    key: str
    """The public key of checkpoints, base64. Compare it with one you had before."""
    exported_at: datetime


class RowLine(msgspec.Struct, frozen=True, tag_field="line", tag="row"):
    seq: int
    hash: str
    row: msgspec.Raw


class End(msgspec.Struct, frozen=True, tag_field="line", tag="end"):
    rows: int
    head: str


_encode = msgspec.json.Encoder().encode


class RowMissingError(Exception):
    """A sealed row is not in the database any more: it was taken away by somebody with power over it."""


async def export(connection: Connection, org_id: UUID, public_key: str, at: datetime) -> AsyncGenerator[bytes]:
    """The lines. What is beyond the newest checkpoint is left out: seal first. Raises RowMissingError."""
    yield _encode(Head(1, org_id, public_key, at)) + b"\n"
    head = ""
    rows = 0
    for one in await store.list_checkpoints(connection, org_id):
        for first in range(one.first_seq, one.last_seq + 1, PAGE_ROWS):
            page = await store.list_chained_rows(connection, org_id, first, min(first + PAGE_ROWS - 1, one.last_seq))
            for row in page:
                if row.content is None:
                    raise RowMissingError(f"row {row.seq} of the log is not there any more")
                head = row.hash.hex()
                yield _encode(RowLine(row.seq, head, msgspec.Raw(row.content.encode()))) + b"\n"
            rows += len(page)
        yield _encode(SignedCheckpoint(one.body, b64encode(one.signature).decode(), public_key)) + b"\n"
    yield _encode(End(rows, head)) + b"\n"
