"""The audit log as rows."""

from base64 import b64encode
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from billing import BesideRow, literals
from service.audit.checkpoints import Checkpoint, SignedCheckpoint
from service.connections.vault import DataKey
from service.db.pool import Connection
from service.db.queries import load_queries

SQL: Final = load_queries(__file__)
INSERT_ROWS: Final = SQL["insert_rows"]
INSERT_ROWS_AGAIN: Final = SQL["insert_rows_again"]


class PendingRow(msgspec.Struct, frozen=True):
    """A row without a place in the chain yet. No content: somebody took the row away after it was committed."""

    org_id: UUID
    id: UUID
    content: str | None


class Link(msgspec.Struct, frozen=True):
    """A row's place in its organization's chain."""

    seq: int
    row_id: UUID
    leaf: bytes
    hash: bytes


class StoredCheckpoint(msgspec.Struct, frozen=True):
    number: int
    first_seq: int
    last_seq: int
    body: str
    signature: bytes


class ChainedRow(msgspec.Struct, frozen=True):
    seq: int
    hash: bytes
    content: str | None


class FirmRow(msgspec.Struct, frozen=True):
    """A row that concerned a firm; the last three are None until it is sealed."""

    id: UUID
    content: str
    seq: int | None
    leaf: bytes | None
    hash: bytes | None


class Waiting(msgspec.Struct, frozen=True):
    rows: int
    oldest: UUID | None


async def insert_rows(connection: Connection, rows: list[BesideRow]) -> None:
    await connection.execute(INSERT_ROWS, literals.array([row.head for row in rows]), [row.content for row in rows])


async def take_pending(connection: Connection, limit: int) -> list[PendingRow]:
    """Removed from the queue when the transaction commits."""
    return msgspec.convert(await connection.fetch(SQL["take_pending"], limit), list[PendingRow])


async def get_head(connection: Connection, org_id: UUID) -> tuple[int, bytes] | None:
    row = await connection.fetchrow(SQL["get_head"], org_id)
    return None if row is None else (row["seq"], row["hash"])


async def insert_links(connection: Connection, org_id: UUID, links: list[Link]) -> None:
    await connection.execute(
        SQL["insert_links"],
        [org_id] * len(links),
        [one.seq for one in links],
        [one.row_id for one in links],
        [one.leaf for one in links],
        [one.hash for one in links],
    )


async def list_links(connection: Connection, org_id: UUID, first: int, last: int) -> list[Link]:
    return msgspec.convert(await connection.fetch(SQL["list_links"], org_id, first, last), list[Link])


async def list_unvouched(connection: Connection, org_id: UUID | None) -> list[UUID]:
    return [row["id"] for row in await connection.fetch(SQL["list_unvouched"], org_id)]


async def get_last_checkpoint(connection: Connection, org_id: UUID) -> SignedCheckpoint | None:
    row = await connection.fetchrow(SQL["get_last_checkpoint"], org_id)
    return None if row is None else _signed(row["body"], row["signature"], "")


async def insert_checkpoint(connection: Connection, made: Checkpoint, signed: SignedCheckpoint, raw: bytes) -> None:
    await connection.execute(SQL["insert_checkpoint"], made.org, made.number, made.first, made.last, signed.body, raw)


async def list_checkpoints(
    connection: Connection, org_id: UUID, first_seq: int = 1, last_seq: int = 1 << 62
) -> list[StoredCheckpoint]:
    rows = await connection.fetch(SQL["list_checkpoints"], org_id, first_seq, last_seq)
    return msgspec.convert(rows, list[StoredCheckpoint])


async def list_chained_rows(connection: Connection, org_id: UUID, first: int, last: int) -> list[ChainedRow]:
    rows = await connection.fetch(SQL["list_chained_rows"], org_id, first, last)
    return [ChainedRow(row["seq"], row["hash"], row["content"]) for row in rows]


async def list_firm_rows(
    connection: Connection, org_id: UUID, firm_id: UUID, since: UUID, until: UUID, limit: int
) -> list[FirmRow]:
    rows = await connection.fetch(SQL["list_firm_rows"], org_id, firm_id, since, until, limit)
    return msgspec.convert(rows, list[FirmRow])


async def list_disclosures(
    connection: Connection,
    org_id: UUID,
    before: UUID | None,
    limit: int,
    firm_ids: list[UUID] | None,
    connection_ids: list[UUID] | None,
    consent_id: UUID | None,
    since: UUID | None,
    until: UUID | None,
) -> list[str]:
    """The contents, newest first."""
    rows = await connection.fetch(
        SQL["list_disclosures"], org_id, before, limit, firm_ids, consent_id, since, until, connection_ids
    )
    return [row["content"] for row in rows]


async def count_waiting(connection: Connection) -> Waiting:
    return msgspec.convert(await connection.fetchrow(SQL["count_waiting"]), Waiting)


async def count_unchained(connection: Connection, org_id: UUID) -> int:
    found: int = await connection.fetchval(SQL["count_unchained"], org_id)
    return found


async def get_audit_key(connection: Connection, org_id: UUID, subject: UUID) -> DataKey | None:
    row = await connection.fetchrow(SQL["get_audit_key"], org_id, subject)
    return msgspec.convert(row, DataKey | None)


async def get_audit_key_version(connection: Connection, org_id: UUID, subject: UUID, version: int) -> DataKey | None:
    row = await connection.fetchrow(SQL["get_audit_key_version"], org_id, subject, version)
    return msgspec.convert(row, DataKey | None)


async def get_next_version(connection: Connection, org_id: UUID, subject: UUID) -> int:
    version: int = await connection.fetchval(SQL["get_next_version"], org_id, subject)
    return version


async def insert_audit_key(connection: Connection, key: DataKey) -> None:
    """Does nothing where that version is there: read it afterwards."""
    await connection.execute(
        SQL["insert_audit_key"], key.org_id, key.firm_id, key.version, key.wrapping_key, key.wrapped
    )


async def mark_keys_destroyed(connection: Connection, org_id: UUID, subject: UUID, at: datetime) -> int:
    return len(await connection.fetch(SQL["mark_keys_destroyed"], org_id, subject, at))


async def list_audit_keys_to_rewrap(connection: Connection, newest: str) -> list[DataKey]:
    return msgspec.convert(await connection.fetch(SQL["list_audit_keys_to_rewrap"], newest), list[DataKey])


async def list_audit_keys(connection: Connection, after: tuple[UUID, UUID, int]) -> list[DataKey]:
    return msgspec.convert(await connection.fetch(SQL["list_audit_keys"], *after), list[DataKey])


async def mark_audit_key_rewrapped(connection: Connection, key: DataKey) -> None:
    await connection.execute(
        SQL["mark_audit_key_rewrapped"], key.org_id, key.firm_id, key.version, key.wrapping_key, key.wrapped
    )


def _signed(body: str, signature: bytes, key: str) -> SignedCheckpoint:
    return SignedCheckpoint(body, b64encode(signature).decode(), key)
