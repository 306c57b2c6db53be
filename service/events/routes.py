"""`/v1/events`: what happened, newest first."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from service import errors, ids
from service.api import parameters
from service.api.bodies import answer_of
from service.api.call import Answer, Call
from service.api.operation import Audit, Meter, Operation
from service.api.pagination import Cursors, example_page
from service.api.query import DEFAULT_LIMIT, PAGING, PAGING_PROBLEMS, Reader, instant, one_of, read_query
from service.clock import Clock, now
from service.db.pool import Pool, as_organization
from service.errors import missing
from service.events.endpoint_routes import unbound
from service.events.feed import Happening, get_happening, list_happenings
from service.events.kinds import EVENT_TYPES
from service.resources.common import Page

_EXAMPLE: Final[dict[str, Any]] = {
    "object": "event",
    "id": "evt_01k3sd2q2hz1g5t8r3k9m7n6p4",
    "type": "budget.alert",
    "mode": "live",
    "at": "2026-11-19T16:20:00Z",
    "about": "key_01k3sd2pjhfmh9pgwzpxrqsk7k",
    "data": {"key": "key_01k3sd2pjhfmh9pgwzpxrqsk7k", "span": "day", "percent": 80},
    "says": "80 % of 20.00 USD for the day is used.",
}

_QUERY: Final[Mapping[str, Reader]] = {
    **PAGING,
    "since": instant,
    "until": instant,
    "filter[type]": one_of(EVENT_TYPES),
}


class EventRoutes:
    """Tells an organization what happened. A key bound to firms or connections is told nothing."""

    def __init__(self, pool: Pool, cursors: Cursors, clock: Clock = now) -> None:
        self._pool = pool
        self._cursors = cursors
        self._clock = clock

    async def page(self, call: Call) -> Answer:
        asked: dict[str, Any] = read_query(call.scope["query_string"], _QUERY)
        caller, limit = unbound(call), asked.get("limit", DEFAULT_LIMIT)
        until: datetime | None = asked.get("until")
        since, type_ = asked.get("since"), asked.get("filter[type]")
        belongs_to = b"events|" + caller.key_id.bytes + f"{until}|{since}|{type_}".encode()
        after = UUID(hex=self._cursors.read(asked["cursor"], belongs_to)) if "cursor" in asked else None
        before = until or self._clock()
        async with as_organization(self._pool, caller.org_id) as connection:
            found = await list_happenings(
                connection, caller.org_id, before=before, after=after, limit=limit + 1, since=since, type_=type_
            )
        shown = found[:limit]
        call.rows = len(shown)
        more = len(found) > limit
        cursor = self._cursors.write(ids.decode("evt", shown[-1].id).hex, belongs_to) if more else None
        return answer_of(Page(shown, more, cursor))

    async def one(self, call: Call) -> Answer:
        caller, wanted = unbound(call), call.named("evt")
        async with as_organization(self._pool, caller.org_id) as connection:
            found = await get_happening(connection, caller.org_id, wanted)
        if found is None:
            raise missing()
        call.rows = 1
        return answer_of(found)


def event_operations(pool: Pool, cursors: Cursors) -> tuple[Operation, ...]:
    """What a key can ask about what happened."""
    routes = EventRoutes(pool, cursors)
    return (
        Operation(
            id="listEvents",
            method="GET",
            path="/v1/events",
            tag="events",
            summary="List what happened",
            description="Budgets that were used up, invoices that changed their state, keys found in public, and "
            "everything that happened to connections; newest first. Not for keys bound to firms or connections.",
            scope="events:read",
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=Page[Happening],
            parameters=(
                parameters.LIMIT,
                parameters.CURSOR,
                parameters.SINCE,
                parameters.UNTIL,
                parameters.filter_by("type", {"type": "string", "enum": sorted(EVENT_TYPES)}, "Only of this type."),
            ),
            problems=(*PAGING_PROBLEMS, errors.NOT_FOUND),
            example=example_page(_EXAMPLE),
            run=routes.page,
        ),
        Operation(
            id="getEvent",
            method="GET",
            path="/v1/events/{id}",
            tag="events",
            summary="Get one thing that happened",
            description="What was sent to webhook endpoints under this id, with a sentence that says it in words. Not "
            "for keys bound to firms or connections.",
            scope="events:read",
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=Happening,
            parameters=(parameters.path_id("id", "The event's id, `evt_…`."),),
            problems=(errors.NOT_FOUND,),
            example=_EXAMPLE,
            run=routes.one,
        ),
    )
