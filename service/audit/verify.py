"""The offline verifier: needs the exported file, and nothing of ours. Finds an edit, a deletion, a reorder, a
truncation and an insertion.

Trust comes from outside the file: the public key, and checkpoints kept elsewhere (`TICKMARK_AUDIT_CHECKPOINT_FILE`).
Without the key whoever holds the file could have signed it anew; without the checkpoints a log that was cut *before* it
was exported, at a checkpoint, looks whole.
"""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from service.audit.checkpoints import Checkpoint, SignedCheckpoint, first_of
from service.audit.export import End, Head, RowLine
from service.audit.hashes import genesis, leaf_hash, link_hash, merkle_root

_decode = msgspec.json.Decoder(Head | RowLine | SignedCheckpoint | End).decode


class Found(msgspec.Struct, frozen=True):
    """What is wrong, and where."""

    kind: str
    """edited, deleted, reordered, truncated, inserted, forged or unreadable."""
    line: int
    says: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Intact when nothing was found. `trusted_key`: the key was one that the asker gave."""

    rows: int
    checkpoints: int
    org: UUID | None
    key: str | None
    trusted_key: bool
    found: tuple[Found, ...]

    @property
    def intact(self) -> bool:
        return not self.found


class _Stop(Exception):  # noqa: N818
    def __init__(self, kind: str, says: str) -> None:
        super().__init__(says)
        self.kind = kind


def verify(lines: Iterable[bytes], *, public_key: str | None = None, kept: Iterable[SignedCheckpoint] = ()) -> Verdict:
    """Reads the export once. Stops at the first thing that is wrong: nothing after it can be told apart."""
    reading = Reading(public_key)
    return reading.verdict(reading.read(lines) or reading.finish(kept))


class Reading:
    """How far the file has been read, and what it has to go on with."""

    def __init__(self, public_key: str | None) -> None:
        self._trusted = public_key
        self.org: UUID | None = None
        self.key: str | None = None
        self.seq = 0
        self.lines = 0
        self.checkpoints: list[SignedCheckpoint] = []
        self._link = b""
        self._before = ""
        self._leaves: list[bytes] = []
        self._ended = False

    def read(self, lines: Iterable[bytes]) -> list[Found]:
        """The next lines; what is wrong with them."""
        try:
            for line in lines:
                self._line(line)
        except _Stop as wrong:
            return [Found(wrong.kind, self.lines, str(wrong))]
        return []

    def finish(self, kept: Iterable[SignedCheckpoint] = ()) -> list[Found]:
        """After the last line: what is wrong with the whole."""
        try:
            self._finish()
            self._compare(kept)
        except _Stop as wrong:
            return [Found(wrong.kind, self.lines, str(wrong))]
        return []

    def verdict(self, found: list[Found]) -> Verdict:
        """On what was read."""
        return Verdict(
            rows=self.seq,
            checkpoints=len(self.checkpoints),
            org=self.org,
            key=self.key,
            trusted_key=self._trusted is not None,
            found=tuple(found),
        )

    def _line(self, line: bytes) -> None:
        self.lines += 1
        try:
            found: Head | RowLine | SignedCheckpoint | End = _decode(line)
        except msgspec.DecodeError as error:
            raise _Stop(
                "unreadable" if line.endswith(b"\n") else "truncated", f"the line cannot be read: {error}"
            ) from None
        if self._ended:
            raise _Stop("inserted", "there is more after the end")
        if self.org is None and not isinstance(found, Head):
            raise _Stop("truncated", "the file does not begin with its head")
        match found:
            case RowLine():
                self._row(found)
            case SignedCheckpoint():
                self._checkpoint(found)
            case Head():
                self._head(found)
            case End():
                self._end(found)

    def _head(self, head: Head) -> None:
        if self.org is not None:
            raise _Stop("inserted", "a second head")
        if self._trusted is not None and head.key != self._trusted:
            raise _Stop("forged", "the file is signed with another key than the one you trust")
        self.org, self.key = head.org, head.key
        self._link, self._before = genesis(head.org), first_of(head.org)

    def _row(self, row: RowLine) -> None:
        expected = self.seq + 1
        if row.seq > expected:
            raise _Stop("deleted", f"row {expected} is missing: row {row.seq} follows row {self.seq}")
        if row.seq < expected:
            raise _Stop("reordered", f"row {row.seq} stands after row {self.seq}: moved, or put in")
        leaf = leaf_hash(bytes(row.row))
        link = link_hash(self._link, row.seq, leaf)
        if link.hex() != row.hash:
            raise _Stop("edited", f"row {row.seq} is not what was sealed there: edited, moved or put in")
        self.seq, self._link = row.seq, link
        self._leaves.append(leaf)

    def _checkpoint(self, signed: SignedCheckpoint) -> None:
        assert self.key is not None
        if not signed.is_signed_by(self.key):
            raise _Stop("forged", f"the checkpoint after row {self.seq} is not signed by the file's key")
        said = _checkpoint_in(signed)
        if said.org != self.org or said.before != self._before or said.number != len(self.checkpoints) + 1:
            raise _Stop("deleted", f"the checkpoint after row {self.seq} does not follow the one before it")
        if not self._leaves or (said.first, said.last) != (self.seq - len(self._leaves) + 1, self.seq):
            raise _Stop(
                "inserted" if self.seq > said.last else "deleted",
                f"checkpoint {said.number} vouches for rows {said.first} to {said.last}, and the file has "
                f"{self.seq - len(self._leaves) + 1} to {self.seq}",
            )
        if said.head != self._link.hex() or said.root != merkle_root(self._leaves).hex():
            raise _Stop(
                "edited", f"rows {said.first} to {said.last} are not those that checkpoint {said.number} vouches for"
            )
        self._leaves = []
        self._before = signed.digest()
        self.checkpoints.append(signed)

    def _end(self, end: End) -> None:
        if self._leaves:
            raise _Stop("inserted", f"no checkpoint vouches for the last {len(self._leaves)} rows")
        if end.rows != self.seq:
            raise _Stop("truncated", f"the end speaks of {end.rows} rows, and the file has {self.seq}")
        self._ended = True

    def _finish(self) -> None:
        if not self._ended:
            raise _Stop("truncated", "the file has no end")

    def _compare(self, kept: Iterable[SignedCheckpoint]) -> None:
        """Holds the file against checkpoints that were kept off the database."""
        assert self.key is not None
        for one in kept:
            said = _checkpoint_in(one)
            if said.org != self.org:
                continue
            if not one.is_signed_by(self.key):
                raise _Stop("forged", f"kept checkpoint {said.number} was signed by another key than the file's")
            if said.number > len(self.checkpoints):
                raise _Stop(
                    "truncated", f"kept checkpoint {said.number} knows of row {said.last}; the file ends at {self.seq}"
                )
            if self.checkpoints[said.number - 1].body != one.body:
                raise _Stop("edited", f"kept checkpoint {said.number} says something else than the file's")


def _checkpoint_in(signed: SignedCheckpoint) -> Checkpoint:
    try:
        return signed.checkpoint()
    except msgspec.DecodeError as error:
        raise _Stop("unreadable", f"a checkpoint cannot be read: {error}") from None
