"""Proof that a row stands in the log: its place, and the Merkle path to the root that a signed checkpoint names."""

from base64 import b64encode
from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from service.audit import store
from service.audit.checkpoints import SignedCheckpoint
from service.audit.hashes import inclusion_path, is_included, leaf_hash
from service.audit.store import FirmRow
from service.db.pool import Connection


class Proof(Struct, frozen=True, kw_only=True):
    """Of one row; hashes in hex."""

    id: UUID
    seq: int
    link: str
    checkpoint: int
    """The number of the checkpoint that covers it."""
    path: tuple[str, ...]


async def prove(
    connection: Connection, org_id: UUID, rows: Sequence[FirmRow], public_key: str
) -> tuple[list[Proof], list[SignedCheckpoint]]:
    """Proofs of the rows that a checkpoint covers by now, and those checkpoints."""
    placed = {row.seq: row for row in rows if row.seq is not None and row.hash is not None}
    if not placed:
        return [], []
    proofs: list[Proof] = []
    signed: list[SignedCheckpoint] = []
    for one in await store.list_checkpoints(connection, org_id, min(placed), max(placed)):
        covered = [seq for seq in range(one.first_seq, one.last_seq + 1) if seq in placed]
        if not covered:
            continue
        leaves = [link.leaf for link in await store.list_links(connection, org_id, one.first_seq, one.last_seq)]
        signed.append(SignedCheckpoint(one.body, b64encode(one.signature).decode(), public_key))
        for seq in covered:
            row = placed[seq]
            path = inclusion_path(leaves, seq - one.first_seq)
            proofs.append(
                Proof(
                    id=row.id,
                    seq=seq,
                    link=(row.hash or b"").hex(),
                    checkpoint=one.number,
                    path=tuple(step.hex() for step in path),
                )
            )
    return proofs, signed


def holds(proof: Proof, content: bytes, checkpoint: SignedCheckpoint) -> bool:
    """Whether the content stands where the proof says, under the checkpoint's root. The signature is another matter."""
    said = checkpoint.checkpoint()
    return is_included(
        leaf_hash(content),
        proof.seq - said.first,
        said.last - said.first + 1,
        [bytes.fromhex(step) for step in proof.path],
        bytes.fromhex(said.root),
    )
