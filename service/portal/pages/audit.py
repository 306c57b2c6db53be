"""The audit log: looked through, verified before one's eyes, taken away to be verified without us."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final, Literal
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from markupsafe import Markup

from service import ids
from service.accounts.keys import list_keys
from service.accounts.members import list_members
from service.accounts.roles import Permission
from service.api.operation import Exports
from service.audit import store
from service.audit.checking import Progress, export_log, verify_log
from service.audit.routes import NAMED, NDJSON
from service.audit.search import Search, search
from service.audit.shapes import AuditVerdict, to_actor, to_entry, to_verdict
from service.connectors.sdk.budget import Limit
from service.db.pool import Connection, as_organization
from service.portal.pages.taking import ask_ticket, may_take, taking_waits, ticket_of
from service.portal.route import Route, form, page
from service.portal.visit import HTML, Reply, Visit

_ROWS: Final = 50
_KINDS: Final[dict[str, Literal["call", "act"] | None]] = {"": None, "call": "call", "act": "act"}
_ASKED: Final = ("kind", "actor", "what", "since", "until")
_HEAVY: Final = (Limit(6, 60.0),)
_STEPS: Final = b"<!--steps-->"
_VERDICT: Final = b"<!--verdict-->"
_STEP: Final = Markup(
    '<li><progress max="{of}" value="{rows}" aria-label="Verified"></progress> {rows} of {of} rows</li>'
)


def routes() -> tuple[Route, ...]:
    """Who may see it may verify it and take it away."""
    return (
        page("/audit", audit, Permission.AUDIT),
        form("/audit/verify", verify, Permission.AUDIT, limits=_HEAVY),
        form("/audit/export", export, Permission.AUDIT, recent=True, limits=_HEAVY, exports=Exports.ORGANIZATION),
    )


async def audit(visit: Visit) -> Reply:
    asked = {name: visit.query.text(name) for name in _ASKED}
    wrong = None
    try:
        only = _search(asked, visit.me.session.time_zone)
        before = UUID(hex=visit.query.text("before")) if visit.query.text("before") else None
    except ValueError:
        only, before, wrong = Search(), None, "One of the filters cannot be read; everything is shown."
    async with as_organization(visit.parts.pool, visit.org_id) as connection:
        found = await search(connection, visit.org_id, only, before=before, limit=_ROWS)
        last = await store.get_last_checkpoint(connection, visit.org_id)
        names = await _names(connection, visit.org_id)
    onward = None
    if found.onward is not None:
        kept = {name: value for name, value in asked.items() if value}
        onward = "/audit?" + urlencode({**kept, "before": found.onward.hex})
    return visit.page(
        "audit.html",
        entries=[to_entry(one) for one in found.entries],
        sealed=None if last is None else last.checkpoint(),
        key=visit.parts.audit_key,
        names=names,
        asked=asked,
        onward=onward,
        first=before is None,
        filtered=any(asked.values()),
        wrong=wrong,
    )


async def verify(visit: Visit) -> Reply:
    """The verification itself, told as it goes: the page grows until the verdict stands on it."""
    shown = visit.page("audit_verified.html").body
    return Reply(200, b"", HTML, parts=_verified(visit, shown))


async def export(visit: Visit) -> Reply:
    """The file that is verified without us."""
    ticket = ticket_of(visit)
    if ticket is None:
        return ask_ticket(visit, "/audit/export", "the audit log", "/audit")
    if not await may_take(visit, "audit.export", "the audit log", ticket=ticket):
        return taking_waits(visit, "/audit")
    parts = export_log(visit.parts.pool, visit.org_id, visit.parts.audit_key, visit.parts.clock())
    return Reply(200, b"", NDJSON, NAMED, parts)


async def _verified(visit: Visit, shown: bytes) -> AsyncIterator[bytes]:
    before, _, rest = shown.partition(_STEPS)
    between, _, after = rest.partition(_VERDICT)
    yield before
    async for step in verify_log(visit.parts.pool, visit.org_id, visit.parts.audit_key, visit.parts.clock()):
        if isinstance(step, Progress):
            yield _STEP.format(rows=step.rows, of=step.of).encode()
        else:
            yield between + _verdict(visit, to_verdict(step))
    yield after


def _verdict(visit: Visit, verdict: AuditVerdict) -> bytes:
    return visit.page("audit_verdict.html", verdict=verdict).body


def _search(asked: dict[str, str], zone: str) -> Search:
    """ValueError for what cannot be read."""
    if asked["kind"] not in _KINDS:
        raise ValueError(asked["kind"])
    since, until = (
        datetime.fromisoformat(asked[name]).replace(tzinfo=ZoneInfo(zone)) if asked[name] else None
        for name in ("since", "until")
    )
    return Search(
        kind=_KINDS[asked["kind"]],
        actor=to_actor(asked["actor"]) if asked["actor"] else None,
        what=asked["what"] or None,
        since=since,
        until=until,
    )


async def _names(connection: Connection, org_id: UUID) -> dict[str, str]:
    """Keys and members, by the ids that the log names them by."""
    names = {ids.encode("key", key.id): key.name for key in await list_keys(connection, org_id)}
    return names | {ids.encode("mem", one.id): one.name for one in await list_members(connection, org_id)}
