"""What follows from an attempt: done, tried again later, given up; and when an endpoint is left alone."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from service import ids
from service.audit.acts import WORKER, record_act
from service.db.pool import Connection
from service.events import store
from service.events.kinds import DISABLED
from service.events.schedule import next_attempt
from service.events.sending import Answered
from service.events.store import SQL, Claimed, DisabledBecause, Endpoint

FAILING_FOR: Final = timedelta(days=3)
"""An endpoint that took nothing for so long is disabled, unless somebody changed it meanwhile."""


async def settle(
    connection: Connection, org_id: UUID, endpoint: Endpoint, one: Claimed, answered: Answered, at: datetime
) -> DisabledBecause | None:
    """In the caller's transaction; why the endpoint was disabled, if that followed.

    One that failed after its lease ran out changes nothing where another was begun since; one that was taken counts.
    """
    place = (org_id, one.id, one.number)
    if answered.is_delivered:
        await connection.execute(SQL["mark_delivery"], *place, "delivered", None, at)
        await store.mark_endpoint_reached(connection, org_id, endpoint.id, at)
        return None
    again = next_attempt(one.tries, at, answered.retry_after_s)
    state = "failed" if again is None else "waiting"
    await connection.execute(SQL["mark_delivery"], *place, state, again, None if again else at)
    if answered.outcome == "gone":
        return await _disable(connection, org_id, endpoint, "gone", at)
    if again is None and await _is_failing(connection, org_id, endpoint, one, at):
        return await _disable(connection, org_id, endpoint, "failing", at)
    return None


async def _is_failing(connection: Connection, org_id: UUID, endpoint: Endpoint, one: Claimed, at: datetime) -> bool:
    """Whether it took nothing since this was told, and nobody touched it for days."""
    latest = await store.get_endpoint(connection, org_id, endpoint.id)
    if latest is None or latest.updated_at > at - FAILING_FOR:
        return False
    return latest.delivered_at is None or latest.delivered_at < one.created_at


async def _disable(
    connection: Connection, org_id: UUID, endpoint: Endpoint, because: DisabledBecause, at: datetime
) -> DisabledBecause | None:
    if not await store.mark_endpoint_disabled(connection, org_id, endpoint.id, because, at):
        return None
    facts = msgspec.json.encode({"reason": because}).decode()
    event = (DISABLED, endpoint.mode, at, "whe", endpoint.id, facts)
    await connection.execute(SQL["publish_event"], org_id, *event)
    await record_act(connection, org_id, "webhooks.disable", (ids.encode("whe", endpoint.id), because), actor=WORKER)
    return because
