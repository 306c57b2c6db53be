"""The evidence pack: what a firm consented to, what was handed out and changed, by whom, and the proof of it.

One zip for one firm and period. It verifies without us: `tickmark audit verify pack.zip`.
"""

import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from html import escape
from io import BytesIO
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from service import ids
from service.audit import store as audit
from service.audit.checkpoints import SignedCheckpoint, Signer
from service.audit.entry import Entry, from_content, happened_at
from service.audit.personal import unseal
from service.audit.proofs import Proof, prove
from service.audit.store import FirmRow
from service.connections.vault import Vault
from service.consent import store
from service.consent.shapes import Consent, to_consent, to_disclosure
from service.consent.store import KeyScopes
from service.db.pool import Connection

MAX_ROWS: Final = 20_000
_encode = msgspec.json.Encoder().encode


class TooMuchError(Exception):
    """The period holds more rows than one pack takes."""


class Asked(Struct, frozen=True, kw_only=True):
    """Which pack, and why."""

    org_id: UUID
    firm_id: UUID
    firm: str
    since: datetime
    until: datetime
    ticket: str
    by: str
    at: datetime


class Found(Struct, frozen=True, kw_only=True):
    """All that goes into a pack."""

    consents: list[Consent]
    rows: list[FirmRow]
    entries: list[Entry]
    records: dict[UUID, tuple[str, ...]]
    """By row: ids of the records read or changed, while they can be read."""
    keys: list[KeyScopes]
    proofs: list[Proof]
    checkpoints: list[SignedCheckpoint]


async def collect(connection: Connection, vault: Vault, asked: Asked, public_key: str) -> Found:
    """Reads it all in one transaction of the organization. Raises TooMuchError."""
    consents = await store.list_consents(connection, asked.org_id, firm_ids=[asked.firm_id])
    since, until = ids.first_uuid(asked.since), ids.first_uuid(asked.until)
    rows = await audit.list_firm_rows(connection, asked.org_id, asked.firm_id, since, until, MAX_ROWS + 1)
    if len(rows) > MAX_ROWS:
        raise TooMuchError
    entries = [from_content(row.content) for row in rows]
    records: dict[UUID, tuple[str, ...]] = {}
    for entry in entries:
        personal = await unseal(connection, vault, asked.org_id, entry.id, entry.personal)
        if personal is not None and personal.records:
            records[entry.id] = personal.records
    keys = await store.list_key_scopes(connection, asked.org_id, sorted(_keys_of(entries)))
    proofs, checkpoints = await prove(connection, asked.org_id, rows, public_key)
    return Found(
        consents=[to_consent(one) for one in consents],
        rows=rows,
        entries=entries,
        records=records,
        keys=keys,
        proofs=proofs,
        checkpoints=checkpoints,
    )


def pack(asked: Asked, found: Found, signer: Signer) -> bytes:
    """The zip. The same findings give the same bytes."""
    proven = {proof.id: proof for proof in found.proofs}
    files = {
        "summary.html": _summary(asked, found).encode(),
        "consents.json": msgspec.json.format(_encode(found.consents), indent=2),
        "disclosures.jsonl": _lines(_disclosure(one, found) for one in found.entries if one.consents),
        "changes.jsonl": _lines(_change(one, found) for one in found.entries if _is_change(one)),
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


def _keys_of(entries: Iterable[Entry]) -> set[UUID]:
    return {UUID(one.actor.removeprefix("key:")) for one in entries if one.actor.startswith("key:")}


def _is_change(entry: Entry) -> bool:
    return (entry.scope or "").endswith(":write") and 200 <= (entry.status or 0) < 300


def _disclosure(entry: Entry, found: Found) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(to_disclosure(entry))
    return shown | {"records": found.records.get(entry.id, ())}


def _change(entry: Entry, found: Found) -> dict[str, Any]:
    return {
        "request_id": ids.encode("req", entry.id),
        "at": happened_at(entry),
        "actor": _shown_actor(entry),
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


def _shown_actor(entry: Entry) -> str:
    kind, _, who = entry.actor.partition(":")
    prefix = {"key": "key", "member": "mem"}.get(kind)
    return entry.actor if prefix is None else ids.encode(prefix, UUID(who))


def _lines(values: Iterable[object]) -> bytes:
    return b"".join(_encode(value) + b"\n" for value in values)


def _summary(asked: Asked, found: Found) -> str:
    disclosed = [one for one in found.entries if one.consents]
    changed = [one for one in found.entries if _is_change(one)]
    refused = [one for one in found.entries if one.outcome == "consent_missing"]
    facts = (
        ("Firm", f"{asked.firm} ({ids.encode('firm', asked.firm_id)})"),
        ("Period", f"{asked.since:%Y-%m-%d %H:%M} to {asked.until:%Y-%m-%d %H:%M} UTC"),
        ("Ticket", asked.ticket),
        ("Made", f"{asked.at:%Y-%m-%d %H:%M:%S} UTC by {asked.by}"),
        ("Calls and acts", str(len(found.entries))),
        ("Disclosures", f"{len(disclosed)} calls, {sum(one.rows for one in disclosed)} records"),
        ("Changes", f"{len(changed)} calls"),
        ("Refused for want of consent", f"{len(refused)} calls"),
        ("Proven by signed checkpoints", f"{len(found.proofs)} of {len(found.rows)} rows"),
    )
    return _PAGE.format(
        firm=escape(asked.firm),
        facts="".join(f"<tr><th scope=row>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts),
        consents=_table(
            ("Consent", "Client", "Recipient", "Purpose", "Items", "From", "To", "Revoked", "Signed by"),
            [
                (
                    one.id,
                    one.client or "all",
                    one.recipient,
                    one.purpose,
                    ", ".join(one.items),
                    _instant(one.from_),
                    _instant(one.to),
                    _instant(one.revoked_at),
                    one.granted_by,
                )
                for one in found.consents
            ],
        ),
        actors=_table(
            ("Key", "Name", "Mode", "Scopes"),
            [(ids.encode("key", one.id), one.name, one.mode, ", ".join(one.scopes)) for one in found.keys],
        ),
        disclosures=_table(
            ("When", "Actor", "Operation", "Records", "Consents"),
            [
                (
                    _instant(happened_at(one)),
                    _shown_actor(one),
                    one.what,
                    str(one.rows),
                    ", ".join(ids.encode("cns", consent) for consent in one.consents),
                )
                for one in disclosed
            ],
        ),
        changes=_table(
            ("When", "Actor", "Operation", "Record"),
            [
                (
                    _instant(happened_at(one)),
                    _shown_actor(one),
                    one.what,
                    ", ".join(found.records.get(one.id, ())) or "not readable any more",
                )
                for one in changed
            ],
        ),
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "<p>None.</p>"
    head = "".join(f"<th scope=col>{escape(one)}</th>" for one in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _instant(value: datetime | None) -> str:
    return "" if value is None else f"{value:%Y-%m-%d %H:%M:%S}"


_PAGE: Final = """<!doctype html>
<html lang=en>
<meta charset=utf-8>
<title>Evidence: {firm}</title>
<style>
body {{ font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100%; margin: .5rem 0 2rem }}
th, td {{ border: 1px solid #999; padding: .3rem .5rem; text-align: left; overflow-wrap: anywhere }}
</style>
<h1>Evidence: {firm}</h1>
<table><tbody>{facts}</tbody></table>
<h2>Consents</h2>{consents}
<h2>Who acted, and with which scopes</h2>{actors}
<h2>What was handed out</h2>{disclosures}
<h2>What was changed</h2>{changes}
<p>Instants are in UTC. Each row of <code>log.jsonl</code> is proven by <code>proofs.jsonl</code> under a signed
checkpoint in <code>checkpoints.jsonl</code>; <code>tickmark audit verify</code> checks this file without a network.</p>
</html>
"""
