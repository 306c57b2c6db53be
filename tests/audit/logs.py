"""Exported logs to verify, made without a database."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec

from service.audit.checkpoints import SignedCheckpoint, Signer, checkpoint_over, first_of
from service.audit.entry import Entry, to_row
from service.audit.export import End, Head, RowLine
from service.audit.hashes import genesis, leaf_hash, link_hash
from service.ids import new_uuid

ORG = UUID("01934567-89ab-7cde-8f01-23456789abcd")
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
SIGNER = Signer(bytes(range(32)))
_encode = msgspec.json.Encoder().encode


def entry(number: int) -> Entry:
    return Entry(
        org=ORG,
        id=new_uuid(),
        kind="call",
        actor="key:1",
        what="listClients",
        outcome="success",
        status=200,
        rows=number,
    )


def rows(count: int) -> list[bytes]:
    return [to_row(entry(number)).content.encode() for number in range(count)]


def exported(contents: list[bytes], every: int, signer: Signer = SIGNER) -> tuple[list[bytes], list[SignedCheckpoint]]:
    """The lines of a log with a checkpoint after `every` so many rows, and the checkpoints."""
    lines = [_encode(Head(1, ORG, signer.public_key, AT)) + b"\n"]
    link, before, leaves = genesis(ORG), (0, first_of(ORG)), list[bytes]()
    made: list[SignedCheckpoint] = []
    for seq, content in enumerate(contents, 1):
        leaf = leaf_hash(content)
        link = link_hash(link, seq, leaf)
        leaves.append(leaf)
        lines.append(_encode(RowLine(seq, link.hex(), msgspec.Raw(content))) + b"\n")
        if len(leaves) == every or seq == len(contents):
            checkpoint = checkpoint_over(leaves, link, seq - len(leaves) + 1, before, ORG, AT)
            signed = signer.sign(checkpoint)
            before, leaves = (checkpoint.number, signed.digest()), []
            made.append(signed)
            lines.append(_encode(signed) + b"\n")
    lines.append(_encode(End(len(contents), link.hex())) + b"\n")
    return lines, made
