"""What an evidence pack is made of: asked for by whom, and all that was found of a firm and period."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from billing import VoidReason, list_void_reasons
from service import ids
from service.audit import store as audit
from service.audit.checkpoints import SignedCheckpoint
from service.audit.entry import Entry, from_content
from service.audit.personal import unseal
from service.audit.proofs import Proof, prove
from service.audit.store import FirmRow
from service.connections.vault import Vault
from service.consent import store
from service.consent.shapes import Consent, to_consent
from service.consent.store import KeyScopes
from service.db.pool import Connection

MAX_ROWS: Final = 20_000


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
    voids: dict[UUID, VoidReason]
    """Calls whose answers did not reach their callers whole."""
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
    voids = await list_void_reasons(connection, asked.org_id, [one.id for one in entries if one.consents])
    proofs, checkpoints = await prove(connection, asked.org_id, rows, public_key)
    return Found(
        consents=[to_consent(one) for one in consents],
        rows=rows,
        entries=entries,
        records=records,
        keys=keys,
        voids=voids,
        proofs=proofs,
        checkpoints=checkpoints,
    )


def is_change(entry: Entry) -> bool:
    """Whether something of the firm was changed; not where a vendor refused every part of its own batch."""
    is_done = 200 <= (entry.status or 0) < 300 and entry.outcome != "vendor_error"
    return is_done and (entry.scope or "").endswith(":write")


def shown_actor(entry: Entry) -> str:
    """`key_…`, `mem_…`, `lks_…`, or who acted without."""
    kind, _, who = entry.actor.partition(":")
    prefix = {"key": "key", "member": "mem", "link_session": "lks"}.get(kind)
    return entry.actor if prefix is None else ids.encode(prefix, UUID(who))


def _keys_of(entries: Iterable[Entry]) -> set[UUID]:
    return {UUID(one.actor.removeprefix("key:")) for one in entries if one.actor.startswith("key:")}
