"""The evidence pack: what a firm consented to, what was handed out and changed, by whom, and the proof of it.

One zip for one firm and period. It verifies without us: `tickmark audit verify pack.zip`.
"""

import zipfile
from collections.abc import Iterable
from hashlib import sha256
from io import BytesIO
from typing import Any

import msgspec

from service import ids
from service.audit.checkpoints import Signer
from service.audit.entry import Entry, happened_at
from service.consent.findings import Asked, Found, is_change, shown_actor
from service.consent.shapes import to_disclosure
from service.consent.store import KeyScopes
from service.consent.summary import render_html, render_pdf, to_summary

_encode = msgspec.json.Encoder().encode


def pack(asked: Asked, found: Found, signer: Signer) -> bytes:
    """The zip. The same findings give the same bytes."""
    proven = {proof.id: proof for proof in found.proofs}
    summary = to_summary(asked, found)
    files = {
        "summary.pdf": render_pdf(summary),
        "summary.html": render_html(summary).encode(),
        "consents.json": msgspec.json.format(_encode(found.consents), indent=2),
        "disclosures.jsonl": _lines(_disclosure(one, found) for one in found.entries if one.consents),
        "changes.jsonl": _lines(_change(one, found) for one in found.entries if is_change(one)),
        "actors.json": msgspec.json.format(_encode([_actor(one) for one in found.keys]), indent=2),
        "log.jsonl": b"".join(row.content.encode() + b"\n" for row in found.rows),
        "proofs.jsonl": _lines(proven[row.id] for row in found.rows if row.id in proven),
        "checkpoints.jsonl": _lines(found.checkpoints),
    }
    manifest = {
        "format": 1,
        "organization": ids.encode("org", asked.org_id),
        "firm": ids.encode("firm", asked.firm_id),
        "from": asked.since,
        "to": asked.until,
        "ticket": asked.ticket,
        "made_by": asked.by,
        "made_at": asked.at,
        "rows": len(found.rows),
        "rows_without_proof_yet": len(found.rows) - len(found.proofs),
        "sha256": {name: sha256(content).hexdigest() for name, content in files.items()},
    }
    files["manifest.json"] = msgspec.json.format(_encode(manifest), indent=2)
    files["manifest.sig"] = _encode(signer.sign_pack(files["manifest.json"]))
    kept = BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, asked.at.timetuple()[:6]), content, zipfile.ZIP_DEFLATED)
    return kept.getvalue()


def _disclosure(entry: Entry, found: Found) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(to_disclosure(entry, found.voids.get(entry.id)))
    return shown | {"records": found.records.get(entry.id, ())}


def _change(entry: Entry, found: Found) -> dict[str, Any]:
    return {
        "request_id": ids.encode("req", entry.id),
        "at": happened_at(entry),
        "actor": shown_actor(entry),
        "operation": entry.what,
        "status": entry.status,
        "rows": entry.rows,
        "records": found.records.get(entry.id, ()),
    }


def _actor(one: KeyScopes) -> dict[str, Any]:
    return {
        "key": ids.encode("key", one.id),
        "name": one.name,
        "mode": one.mode,
        "scopes": one.scopes,
        "created_at": one.created_at,
        "revoked_at": one.revoked_at,
    }


def _lines(values: Iterable[object]) -> bytes:
    return b"".join(_encode(value) + b"\n" for value in values)
