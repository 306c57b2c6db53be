"""Sending again, by hand: one delivery, all that failed or was missed since an instant, or a test event."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from service import ids
from service.audit.acts import record_act
from service.db.pool import Connection, as_organization
from service.events import store
from service.events.errors import EndpointNotFoundError
from service.events.kinds import PING
from service.events.secrets import Webhooks
from service.events.store import SQL, Delivery, Endpoint

MOST_AT_ONCE: Final = 1000


class Replayed(Struct, frozen=True):
    """How much is sent again."""

    count: int
    has_more: bool
    """There is more than goes at once: ask again when this is delivered."""


async def replay_delivery(hooks: Webhooks, org_id: UUID, delivery: Delivery, *, actor: str | None) -> Delivery:
    """Sends it again at once, with the same id, delivered or not."""
    async with as_organization(hooks.pool, org_id) as connection:
        await connection.execute(SQL["mark_delivery_again"], org_id, delivery.id, hooks.clock())
        await _record(connection, org_id, "webhooks.replay", actor, ids.encode("dlv", delivery.id))
        after = await store.get_delivery(connection, org_id, delivery.id)
    if after is None:
        raise EndpointNotFoundError("no such delivery")
    return after


async def replay_since(
    hooks: Webhooks, org_id: UUID, endpoint: Endpoint, since: datetime, *, actor: str | None
) -> Replayed:
    """Sends what happened since then and was not delivered: what failed, what waits, and what it was never sent because
    it was disabled or not there yet. Oldest first."""
    at = hooks.clock()
    async with as_organization(hooks.pool, org_id) as connection:
        place = (org_id, endpoint.id, since)
        again = await connection.fetch(SQL["mark_failed_again"], *place, at, MOST_AT_ONCE)
        untold = await connection.fetch(SQL["list_untold"], *place, MOST_AT_ONCE)
        for row in untold:
            await store.insert_delivery(connection, org_id, ids.new_uuid(), endpoint.id, row["id"], at)
        await _record(connection, org_id, "webhooks.replay_since", actor, ids.encode("whe", endpoint.id))
    return Replayed(len(again) + len(untold), max(len(again), len(untold)) >= MOST_AT_ONCE)


async def ping(hooks: Webhooks, org_id: UUID, endpoint: Endpoint, *, actor: str | None) -> Delivery:
    """A test event for this endpoint alone, whatever it subscribes to."""
    at, event_id, delivery_id = hooks.clock(), ids.new_uuid(), ids.new_uuid()
    async with as_organization(hooks.pool, org_id) as connection:
        event = (event_id, PING, endpoint.mode, at, "whe", endpoint.id, "{}")
        await connection.execute(SQL["insert_event"], org_id, *event)
        await store.insert_delivery(connection, org_id, delivery_id, endpoint.id, event_id, at)
        await _record(connection, org_id, "webhooks.ping", actor, ids.encode("whe", endpoint.id))
        made = await store.get_delivery(connection, org_id, delivery_id)
    assert made is not None
    return made


async def _record(connection: Connection, org_id: UUID, what: str, actor: str | None, about: str) -> None:
    if actor is not None:
        await record_act(connection, org_id, what, (about,), actor=actor)
