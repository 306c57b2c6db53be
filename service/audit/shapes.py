"""The audit log as the API and the pages show it."""

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from msgspec import Struct

from service import ids
from service.audit.entry import Entry, happened_at
from service.audit.search import FoundEntry
from service.audit.verify import Verdict

_ACTORS: Final = {"key": "key", "member": "mem", "link_session": "lks"}


class AuditEntry(Struct, frozen=True, kw_only=True, tag_field="object", tag="audit_entry"):
    """One row of the log: what was done, by whom. What can lead to a person stays sealed in it."""

    id: str
    """`req_…` of a call, `act_…` of an act."""
    at: datetime
    """When it was done."""
    kind: Literal["call", "act"]
    """A call of the API; or an act on our pages, at our terminals or by our worker."""
    actor: str
    """`key_…`, `mem_…` or, on a connect page, `lks_…`; `operator`, `worker`, `stripe` or `platform` without."""
    by: str | None
    """`worker` where our worker has carried on a write that the actor began; null where it acted by itself."""
    what: str
    """The `operationId` of a call; of an act its name, such as `keys.mint`."""
    status: int | None
    """What a call was answered."""
    outcome: str
    """Of a call why it is billed or is not, or the problem's code; of an act `done`."""
    firm: str | None
    """The firm it concerned, `firm_…`."""
    connection: str | None
    """The connection it went through, `con_…`."""
    rows: int
    """Records handed out or changed."""
    ticket: str | None
    """The reference that was given for it."""
    about: tuple[str, ...]
    """Ids of what an act was done to."""
    seq: int | None
    """Its place in the log's chain; null for the first minute or so, until it is sealed."""


class AuditFault(Struct, frozen=True):
    """Something that is wrong with the log."""

    kind: str
    """`edited`, `deleted`, `reordered`, `truncated`, `inserted`, `forged` or `unreadable`."""
    says: str
    """What and where, in words."""


class AuditVerdict(Struct, frozen=True, kw_only=True, tag_field="object", tag="audit_verdict"):
    """What verifying the log has come to."""

    intact: bool
    """Nothing is missing, changed, moved or put in, up to the newest checkpoint."""
    rows: int
    """Rows that were verified."""
    checkpoints: int
    """Signed checkpoints that vouch for them."""
    key: str | None
    """The public key that the checkpoints are signed with, base64. Compare it with one you kept."""
    faults: tuple[AuditFault, ...]
    """The first thing that is wrong: nothing after it can be told apart."""


EXAMPLE: Final[dict[str, Any]] = {
    "object": "audit_entry",
    "id": "act_01k3sd4w6qe8trr8zp1zk0hv4n",
    "at": "2026-11-20T09:12:44.118Z",
    "kind": "act",
    "actor": "mem_01k3sd2pjhfmh9pgwzpxrqsk7k",
    "by": None,
    "what": "keys.revoke",
    "status": None,
    "outcome": "done",
    "firm": None,
    "connection": None,
    "rows": 0,
    "ticket": None,
    "about": ["key_01k3sd2pjhfmh9pgwzpxrqsk7k"],
    "seq": 4182,
}
VERDICT: Final[dict[str, Any]] = {
    "object": "audit_verdict",
    "intact": True,
    "rows": 4182,
    "checkpoints": 97,
    "key": "2wJkVb3oXQm0yq8m5o1mC0o0m6m0t2tqkQm3q1XlKxk=",
    "faults": [],
}


def to_entry(found: FoundEntry) -> AuditEntry:
    """A row as it is shown."""
    entry = found.entry
    return AuditEntry(
        id=ids.encode("req" if entry.kind == "call" else "act", entry.id),
        at=happened_at(entry),
        kind=entry.kind,
        actor=_actor(entry),
        by=entry.by,
        what=entry.what,
        status=entry.status,
        outcome=entry.outcome,
        firm=None if entry.firm is None else ids.encode("firm", entry.firm),
        connection=None if entry.connection is None else ids.encode("con", entry.connection),
        rows=entry.rows,
        ticket=entry.ticket,
        about=entry.about,
        seq=found.seq,
    )


def to_actor(text: str) -> str:
    """How a row names who is shown as `key_…`, `mem_…` or in a word. Raises ids.MalformedIdError."""
    for inner, prefix in _ACTORS.items():
        if text.startswith(f"{prefix}_"):
            return f"{inner}:{ids.decode(prefix, text)}"
    if not (text.isascii() and text.replace("_", "").isalpha()):
        raise ids.MalformedIdError(text)
    return text


def to_verdict(verdict: Verdict) -> AuditVerdict:
    """A verdict as it is shown."""
    return AuditVerdict(
        intact=verdict.intact,
        rows=verdict.rows,
        checkpoints=verdict.checkpoints,
        key=verdict.key,
        faults=tuple(AuditFault(one.kind, one.says) for one in verdict.found),
    )


def _actor(entry: Entry) -> str:
    inner, _, value = entry.actor.partition(":")
    return ids.encode(_ACTORS[inner], UUID(value)) if inner in _ACTORS else entry.actor
