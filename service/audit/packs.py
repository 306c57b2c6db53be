"""Verifies an evidence pack without us: its files, and that each of its rows stands in the log."""

import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from service.audit.checkpoints import SignedCheckpoint, is_pack_signed
from service.audit.entry import from_content
from service.audit.proofs import Proof, holds
from service.audit.verify import Found, Verdict


class _Manifest(msgspec.Struct, frozen=True):
    sha256: dict[str, str]


class _Signature(msgspec.Struct, frozen=True):
    signature: str
    key: str


def verify_pack(path: Path, *, public_key: str | None = None) -> Verdict:
    """Rows without a proof yet count as found: ask again a minute later. ValueError for no pack of ours."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    try:
        return _verify(files, public_key)
    except (KeyError, msgspec.DecodeError) as error:
        raise ValueError(f"not an evidence pack of ours: {error}") from None


def _verify(files: dict[str, bytes], public_key: str | None) -> Verdict:
    found: list[Found] = []
    stated = msgspec.json.decode(files["manifest.json"], type=_Manifest).sha256
    signature = msgspec.json.decode(files["manifest.sig"], type=_Signature)
    key = public_key or signature.key
    if not is_pack_signed(files["manifest.json"], signature.signature, key):
        found.append(Found("forged", 0, "the manifest is not signed by the key"))
    found += [
        Found("edited", 0, f"{name} is not what the manifest says")
        for name in sorted(stated.keys() | files.keys() - {"manifest.json", "manifest.sig"})
        if name not in files or sha256(files[name]).hexdigest() != stated.get(name)
    ]
    checkpoints = _lines(files["checkpoints.jsonl"], SignedCheckpoint)
    by_number = {one.checkpoint().number: one for one in checkpoints if one.is_signed_by(key)}
    proofs = {one.id: one for one in _lines(files["proofs.jsonl"], Proof)}
    rows = files["log.jsonl"].splitlines()
    for number, content in enumerate(rows, 1):
        proof = proofs.pop(from_content(content).id, None)
        if proof is None:
            found.append(Found("unproven", number, "no checkpoint vouches for this row yet"))
        elif proof.checkpoint not in by_number or not holds(proof, content, by_number[proof.checkpoint]):
            found.append(Found("edited", number, f"row {proof.seq} of the log is not what was sealed there"))
    found += [Found("deleted", 0, f"row {one.seq} of the log is not in the pack") for one in proofs.values()]
    org = checkpoints[0].checkpoint().org if checkpoints else None
    return Verdict(
        rows=len(rows),
        checkpoints=len(checkpoints),
        org=org,
        key=key,
        trusted_key=public_key is not None,
        found=tuple(found),
    )


def _lines(content: bytes, type_: type[Any]) -> list[Any]:
    return [msgspec.json.decode(line, type=type_) for line in content.splitlines()]
