"""One delivery of an event to an endpoint: what was sent, its attempts, and sending it again."""

import json
from typing import Final

from service import ids
from service.accounts.roles import Permission
from service.audit.acts import member_actor
from service.db.pool import as_organization
from service.events import store
from service.events.errors import EndpointNotFoundError
from service.events.feed import get_happening
from service.events.payload import body_of
from service.events.replay import replay_delivery
from service.portal.route import Route, form, page
from service.portal.visit import Reply, Visit, missing

_PATH: Final = "/events/deliveries/{id}"


def routes() -> tuple[Route, ...]:
    """Everybody sees how it went; who may make keys sends again."""
    return (page(_PATH, shown, Permission.READ), form(f"{_PATH}/replay", replay, Permission.KEYS))


async def shown(visit: Visit) -> Reply:
    org_id = visit.org_id
    async with as_organization(visit.parts.pool, org_id) as connection:
        found = await store.get_delivery(connection, org_id, visit.id_in_path("dlv"))
        if found is None:
            raise missing()
        attempts = await store.list_attempts(connection, org_id, found.id)
        endpoint = await store.get_endpoint(connection, org_id, found.endpoint_id)
        event = await get_happening(connection, org_id, found.event_id)
    if endpoint is None or event is None:
        raise missing()
    body = json.dumps(json.loads(body_of(event, endpoint.api_version)), indent=2)
    lost = attempts[-1].number - len(attempts) if attempts else 0
    event_id = ids.encode("evt", found.event_id)
    facts = {"attempts": attempts, "endpoint": endpoint, "body": body, "lost": lost, "event_id": event_id}
    return visit.page("delivery.html", delivery=found, **facts)


async def replay(visit: Visit) -> Reply:
    org_id = visit.org_id
    async with as_organization(visit.parts.pool, org_id) as connection:
        found = await store.get_delivery(connection, org_id, visit.id_in_path("dlv"))
    if found is None:
        raise missing()
    try:
        await replay_delivery(visit.parts.webhooks, org_id, found, actor=member_actor(visit.me.session.member_id))
    except EndpointNotFoundError:
        raise missing() from None
    return visit.go(f"/events/deliveries/{visit.params['id']}")
