"""What was sent to an endpoint: its deliveries with their attempts, and sending one again."""

from typing import Any
from uuid import UUID

from service.api.bodies import answer_of
from service.api.call import Answer, Call
from service.api.pagination import Cursors
from service.api.query import DEFAULT_LIMIT, PAGING, one_of, read_query
from service.db.pool import as_organization
from service.errors import missing
from service.events import replay, store
from service.events.endpoint_routes import find, unbound
from service.events.errors import EndpointNotFoundError
from service.events.secrets import Webhooks
from service.events.shapes import to_delivery
from service.events.store import Attempt, Delivery
from service.resources.common import Page

STATES = ("waiting", "delivered", "failed")


class DeliveryRoutes:
    """The answers about deliveries, to keys that may know of their endpoints."""

    def __init__(self, hooks: Webhooks, cursors: Cursors) -> None:
        self._hooks = hooks
        self._cursors = cursors

    async def page(self, call: Call) -> Answer:
        asked: dict[str, Any] = read_query(call.scope["query_string"], {**PAGING, "filter[status]": one_of(STATES)})
        caller, limit, state = unbound(call), asked.get("limit", DEFAULT_LIMIT), asked.get("filter[status]")
        endpoint = await find(self._hooks, caller, call.named("whe"))
        belongs_to = b"|".join((b"deliveries", caller.key_id.bytes, endpoint.id.bytes, str(state).encode()))
        after = UUID(hex=self._cursors.read(asked["cursor"], belongs_to)) if "cursor" in asked else None
        async with as_organization(self._hooks.pool, caller.org_id) as connection:
            found = await store.list_deliveries(
                connection, caller.org_id, endpoint.id, after=after, limit=limit + 1, state=state
            )
        shown = found[:limit]
        call.rows = len(shown)
        cursor = self._cursors.write(shown[-1].id.hex, belongs_to) if len(found) > limit else None
        return answer_of(Page([to_delivery(one) for one in shown], cursor is not None, cursor))

    async def one(self, call: Call) -> Answer:
        found, attempts = await self._named(call)
        return answer_of(to_delivery(found, attempts))

    async def replay(self, call: Call) -> Answer:
        found, attempts = await self._named(call)
        try:
            again = await replay.replay_delivery(self._hooks, call.known_caller.org_id, found, actor=None)
        except EndpointNotFoundError:
            raise missing() from None
        return answer_of(to_delivery(again, attempts))

    async def _named(self, call: Call) -> tuple[Delivery, list[Attempt]]:
        caller, wanted = unbound(call), call.named("dlv")
        async with as_organization(self._hooks.pool, caller.org_id) as connection:
            found = await store.get_delivery(connection, caller.org_id, wanted)
            attempts = await store.list_attempts(connection, caller.org_id, wanted)
        if found is None:
            raise missing()
        await find(self._hooks, caller, found.endpoint_id)
        call.rows = 1
        return found, attempts
