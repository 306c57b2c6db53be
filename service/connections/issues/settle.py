"""What somebody decides about an issue: the change is the new normal, or it is set aside."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from service import ids
from service.audit.acts import record_act
from service.connections import store as connections
from service.connections.issues import canary, store
from service.connections.issues.shapes import Shape
from service.connections.issues.store import Issue
from service.connections.linking import Linking
from service.db.pool import Connection, as_organization


class Settle(Protocol):
    """One of the two decisions. `actor` is who acts outside of the API, whose calls have rows of their own."""

    async def __call__(self, linking: Linking, org_id: UUID, issue: Issue, *, actor: str | None = None) -> Issue: ...


async def accept_issue(linking: Linking, org_id: UUID, issue: Issue, *, actor: str | None = None) -> Issue:
    """Takes the change for the new normal: its records are learned anew. Once it is resolved nothing changes."""
    at = linking.clock()
    async with as_organization(linking.pool, org_id) as connection:
        found = await store.mark_accepted(connection, org_id, issue.id, at)
        if found is not None:
            connection_id, surface = found
            await store.upsert_shape(connection, org_id, connection_id, surface, Shape(), at, "accepted")
            detail = f"{surface}: {issue.path} accepted as the new normal"
            await _note(connection, org_id, issue, "drift_accepted", detail, at, "issues.accept", actor)
        after = await store.get_issue(connection, org_id, issue.id)
    linking.connections.forget(org_id, issue.connection_id)
    return after or issue


async def ignore_issue(linking: Linking, org_id: UUID, issue: Issue, *, actor: str | None = None) -> Issue:
    """Sets it aside: still watched, and the connection is not degraded for it. A second time changes nothing."""
    at = linking.clock()
    async with as_organization(linking.pool, org_id) as connection:
        found = await store.mark_ignored(connection, org_id, issue.id, at)
        if found is not None:
            detail = f"{found[1]}: {issue.path} set aside"
            await _note(connection, org_id, issue, "drift_ignored", detail, at, "issues.ignore", actor)
        after = await store.get_issue(connection, org_id, issue.id)
    linking.connections.forget(org_id, issue.connection_id)
    return after or issue


async def _note(
    connection: Connection,
    org_id: UUID,
    issue: Issue,
    kind: str,
    detail: str,
    at: datetime,
    act: str,
    actor: str | None,
) -> None:
    await connections.insert_event(connection, org_id, issue.connection_id, at, kind, detail)
    await canary.judge(connection, org_id, issue.connection_id, at)
    if actor is not None:
        record = await connections.get_connection(connection, org_id, issue.connection_id)
        assert record is not None, "connections are never deleted"
        about = (ids.encode("iss", issue.id),)
        await record_act(connection, org_id, act, about, firm_id=record.firm_id, connection_id=record.id, actor=actor)
