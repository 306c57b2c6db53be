"""Signed checkpoints: what an organization's log looked like at an instant, said by a key that is not in the database.

A checkpoint covers the rows since the one before it and names the link its last row has, so the newest one vouches for
the whole chain. Kept off the database (`CheckpointFile`), it gives away whoever rewrites or cuts the log later.
"""

import os
from base64 import b64decode, b64encode
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from service.audit.hashes import merkle_root

_DOMAIN: Final = b"tickmark audit checkpoint 1\n"
_PACK_DOMAIN: Final = b"tickmark evidence pack 1\n"
_encode = msgspec.json.Encoder().encode


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Rows `first` to `last` of an organization's log. Hashes are in hex; `before` is the digest of the one before."""

    org: UUID
    number: int
    first: int
    last: int
    root: str
    """Of the Merkle tree over the rows' leaf hashes."""
    head: str
    """The link of row `last`."""
    before: str
    made_at: datetime


class SignedCheckpoint(msgspec.Struct, frozen=True, tag_field="line", tag="checkpoint"):
    """A checkpoint's exact bytes and who vouches for them."""

    body: str
    signature: str
    """Ed25519, base64."""
    key: str
    """The public key, base64."""

    def checkpoint(self) -> Checkpoint:
        """msgspec.DecodeError for a body that says something else."""
        return msgspec.json.decode(self.body, type=Checkpoint)

    def digest(self) -> str:
        return sha256(self.body.encode()).hexdigest()

    def is_signed_by(self, public_key: str) -> bool:
        return _is_signed(_DOMAIN + self.body.encode(), self.signature, public_key)


class Signer:
    """Signs checkpoints with the ed25519 key of a seed of 32 bytes."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, checkpoint: Checkpoint) -> SignedCheckpoint:
        body = _encode(checkpoint)
        signature = b64encode(self._key.sign(_DOMAIN + body)).decode()
        return SignedCheckpoint(body.decode(), signature, self.public_key)

    def sign_pack(self, manifest: bytes) -> dict[str, str]:
        """Vouches for an evidence pack by its manifest."""
        return {"signature": b64encode(self._key.sign(_PACK_DOMAIN + manifest)).decode(), "key": self.public_key}


def is_pack_signed(manifest: bytes, signature: str, public_key: str) -> bool:
    """Whether the key vouches for the pack with this manifest."""
    return _is_signed(_PACK_DOMAIN + manifest, signature, public_key)


class Sink(Protocol):
    """Where checkpoints are kept off the database."""

    def keep(self, checkpoints: list[SignedCheckpoint]) -> None: ...


class CheckpointFile:
    """Appends checkpoints to a file, a line each. Put it on another disk, or on storage that cannot be overwritten."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self, checkpoints: list[SignedCheckpoint]) -> None:
        if not checkpoints:
            return
        lines = b"".join(_encode(one) + b"\n" for one in checkpoints)
        target = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            os.write(target, lines)
            os.fsync(target)
        finally:
            os.close(target)


def read_checkpoints(path: Path) -> list[SignedCheckpoint]:
    """The checkpoints of a file. ValueError where a line is none."""
    try:
        lines = path.read_bytes().splitlines()
        return [msgspec.json.decode(line, type=SignedCheckpoint) for line in lines]
    except msgspec.DecodeError as error:
        raise ValueError(f"{path} is not a file of checkpoints: {error}") from None


def first_of(org_id: UUID) -> str:
    """What the first checkpoint of an organization follows."""
    return sha256(_DOMAIN + org_id.bytes).hexdigest()


def checkpoint_over(
    leaves: list[bytes], head: bytes, first: int, before: tuple[int, str], org_id: UUID, at: datetime
) -> Checkpoint:
    """Covers rows `first` and on, whose leaf hashes these are; `before` is number and digest of the one before."""
    return Checkpoint(
        org=org_id,
        number=before[0] + 1,
        first=first,
        last=first + len(leaves) - 1,
        root=merkle_root(leaves).hex(),
        head=head.hex(),
        before=before[1],
        made_at=at,
    )


def _is_signed(signed: bytes, signature: str, public_key: str) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(b64decode(public_key, validate=True))
        key.verify(b64decode(signature, validate=True), signed)
    except (InvalidSignature, ValueError):
        return False
    return True
