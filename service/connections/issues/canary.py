"""The canary: one page of every kind of record at every connection, compared with what the connector expects.

Nothing is kept of a record but the names and sorts of its fields, and only what the firm consents to is asked for. A
change opens an issue and makes the connection degraded; a page as it should be resolves what it resolves.
"""

import re
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from service.connections import store as connections
from service.connections.issues import store
from service.connections.issues.shapes import Shape, differences, learned, observe, read_fields
from service.connections.issues.store import Finding, IssueKind
from service.connections.open import OpenConnection
from service.connections.states import move_connection
from service.connections.store import State
from service.connectors.sdk.binding import Binding, Query
from service.connectors.sdk.engine import Engine, Leg, Link
from service.connectors.sdk.faults import SchemaDrift, Unreadable, VendorFault
from service.connectors.sdk.wire import raw_records
from service.db.pool import Connection
from service.ids import Book

PAGE: Final = 25
_DRIFTED: Final = "the vendor's answers are not what they were"


class Probed(Struct, frozen=True):
    """What one look at one kind of record found. `shape` is None where the vendor could not be asked."""

    surface: str
    shape: Shape | None
    findings: tuple[Finding, ...]
    fault: VendorFault | None = None


async def probe(engine: Engine, link: Link, book: Book, surface: str, known: Shape) -> Probed:
    """One page, compared. A vendor that is away or says no has not changed: that is no finding."""
    binding: Binding[Any, Any, Any] = link.connector.bindings()[surface]
    assert binding.page is not None
    leg = Leg()
    try:
        await engine.run(binding.page(Query(limit=min(PAGE, binding.max_page)), book), link, leg)
    except SchemaDrift as drift:
        return Probed(surface, None, (Finding(IssueKind.UNREADABLE, _everywhere(drift.path), drift.expected),), drift)
    except Unreadable as fault:
        return Probed(surface, None, (Finding(IssueKind.UNREADABLE, "$", type(fault).__name__),), fault)
    except VendorFault as fault:
        return Probed(surface, None, (), fault)
    if leg.last is None:
        return Probed(surface, Shape(), ())
    seen = observe(raw_records(leg.last.body, binding.wire, many=True), read_fields(binding.wire.record))
    return Probed(surface, seen, tuple(_findings(known, seen)))


async def keep(connection: Connection, opened: OpenConnection, probed: Probed, known: Shape, at: datetime) -> None:
    """Writes down what was found, in the caller's transaction: issues, what was learned, and the connection's state."""
    org_id, connection_id = opened.org_id, opened.id
    for found in probed.findings:
        opens = await store.upsert_issue(connection, org_id, connection_id, opened.vendor, probed.surface, found, at)
        if opens:
            detail = f"{probed.surface}: {found.kind.value} at {found.path}, expected {found.expected}"
            await connections.insert_event(connection, org_id, connection_id, at, "drift", detail)
    shape = known
    if probed.shape is not None and not probed.findings:
        shape = learned(known, probed.shape)
        if await store.mark_resolved(connection, org_id, connection_id, probed.surface, at):
            detail = f"{probed.surface}: as it should be again"
            await connections.insert_event(connection, org_id, connection_id, at, "drift_resolved", detail)
    elif probed.fault is not None and not probed.findings:
        detail = f"{probed.surface}: {type(probed.fault).__name__}"
        await connections.insert_event(
            connection,
            org_id,
            connection_id,
            at,
            "vendor_error",
            detail,
            status=probed.fault.status,
            code=probed.fault.code,
        )
    outcome = "drift" if probed.findings else "fault" if probed.fault is not None else "as expected"
    await store.upsert_shape(connection, org_id, connection_id, probed.surface, shape, at, outcome)


async def judge(connection: Connection, org_id: UUID, connection_id: UUID, at: datetime) -> None:
    """Degraded while an issue is open, healthy again when none is."""
    record = await connections.get_connection(connection, org_id, connection_id)
    if record is None:
        return
    is_open = await store.count_open(connection, org_id, connection_id) > 0
    if is_open and record.state in (State.HEALTHY, State.EXPIRING):
        await move_connection(connection, org_id, connection_id, State.DEGRADED, _DRIFTED, at)
    elif not is_open and record.state is State.DEGRADED and record.state_reason == _DRIFTED:
        await move_connection(connection, org_id, connection_id, State.HEALTHY, None, at)


def _everywhere(path: str) -> str:
    """The place in any record, so that one change is one issue: `$.clients[3].name` → `$.clients[].name`."""
    return re.sub(r"\[\d+\]", "[]", path)


def _findings(known: Shape, seen: Shape) -> list[Finding]:
    return [
        Finding(IssueKind.MISSING_FIELD if one.is_gone else IssueKind.CHANGED_TYPE, one.path, one.was)
        for one in differences(known, seen)
    ]
