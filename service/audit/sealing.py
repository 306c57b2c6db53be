"""Sealing: gives committed rows their places in their organization's chain, and signs checkpoints over it.

Rows come from many processes, which could not agree on a place without waiting for each other; so a row is committed
first, together with its entry in a queue, and one sealer chains what has been committed, seconds later. Until then a
row rests on grants and triggers alone; its entry in the request log, from the same commit, would tell of its loss.
"""

import logging
from base64 import b64decode
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

from msgspec import Struct

from service.audit import store
from service.audit.checkpoints import SignedCheckpoint, Signer, Sink, checkpoint_over, first_of
from service.audit.entry import Entry, to_row
from service.audit.hashes import genesis, leaf_hash, link_hash
from service.audit.store import Link, PendingRow
from service.db.pool import Connection
from service.ids import new_uuid

BATCH_ROWS: Final = 5_000
CHECKPOINT_EVERY: Final = timedelta(minutes=1)
_LOCK: Final = 0x7469636B_73656131  # "ticksea1": one sealer at a time in one database
_log: Final = logging.getLogger(__name__)


class Sealed(Struct, frozen=True):
    """What a pass has done."""

    rows: int
    checkpoints: int


async def seal(
    connection: Connection, signer: Signer, sink: Sink | None, at: datetime, *, only: UUID | None = None
) -> Sealed:
    """Chains all rows that are committed, and vouches for every organization's chain, or for one's; by an operator."""
    rows = await chain(connection)
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        made = [await _vouch(connection, signer, org_id, at) for org_id in await store.list_unvouched(connection, only)]
    # After the commit: a file that knows of more than the database would look like a cut log.
    if sink is not None:
        sink.keep(made)
    return Sealed(rows, len(made))


async def chain(connection: Connection) -> int:
    """Gives all committed rows their places; how many. A batch is a transaction."""
    done = 0
    while True:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            pending = await store.take_pending(connection, BATCH_ROWS)
            for org_id, rows in groupby(pending, key=lambda row: row.org_id):
                await _append(connection, org_id, rows)
        done += len(pending)
        if len(pending) < BATCH_ROWS:
            return done


async def _append(connection: Connection, org_id: UUID, rows: Iterable[PendingRow]) -> None:
    seq, before = await store.get_head(connection, org_id) or (0, genesis(org_id))
    links: list[Link] = []
    for row in rows:
        if row.content is None:
            await _tell_of_missing(connection, row)
            continue
        seq += 1
        leaf = leaf_hash(row.content.encode())
        before = link_hash(before, seq, leaf)
        links.append(Link(seq, row.id, leaf, before))
    if links:
        await store.insert_links(connection, org_id, links)


async def _tell_of_missing(connection: Connection, row: PendingRow) -> None:
    """A row that vanished between its commit and its sealing leaves a row that says so; it is sealed next."""
    _log.critical("an audit row was taken away before it was sealed: %s", row.id)
    gone = Entry(
        org=row.org_id,
        id=new_uuid(),
        kind="act",
        actor="worker",
        what="audit.row_missing",
        outcome="alarm",
        about=(str(row.id),),
    )
    await store.insert_rows(connection, [to_row(gone)])


async def _vouch(connection: Connection, signer: Signer, org_id: UUID, at: datetime) -> SignedCheckpoint:
    last = await store.get_last_checkpoint(connection, org_id)
    before, first = (0, first_of(org_id)), 1
    if last is not None:
        said = last.checkpoint()
        before, first = (said.number, last.digest()), said.last + 1
    head = await store.get_head(connection, org_id)
    assert head is not None
    links = await store.list_links(connection, org_id, first, head[0])
    made = checkpoint_over([link.leaf for link in links], head[1], first, before, org_id, at)
    signed = signer.sign(made)
    await store.insert_checkpoint(connection, made, signed, b64decode(signed.signature))
    return signed
