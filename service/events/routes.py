"""`/v1/events`: what happened, newest first."""

from datetime import datetime
from typing import Any, Final

from service import errors
from service.api import parameters
from service.api.bodies import answer_of
from service.api.call import Answer, Call
from service.api.operation import Audit, Meter, Operation
from service.api.pagination import Cursors
from service.api.query import DEFAULT_LIMIT, PAGING, instant, read_query
from service.clock import Clock, now
from service.db.pool import Pool, as_organization
from service.errors import missing
from service.events.feed import Happening, list_happenings
from service.resources.common import Page

_EXAMPLE: Final[dict[str, Any]] = {
    "object": "event",
    "type": "budget.alert",
    "at": "2026-11-19T16:20:00Z",
    "about": "key_01k3sd2pjhfmh9pgwzpxrqsk7k",
    "says": "80 % of 20.00 USD for the day is used.",
}


class EventRoutes:
    """Tells an organization what happened. A key bound to firms or connections is told nothing."""

    def __init__(self, pool: Pool, cursors: Cursors, clock: Clock = now) -> None:
        self._pool = pool
        self._cursors = cursors
        self._clock = clock

    async def page(self, call: Call) -> Answer:
        asked = read_query(call.scope["query_string"], {**PAGING, "until": instant})
        caller, limit = call.known_caller, asked.get("limit", DEFAULT_LIMIT)
        if caller.firm_ids is not None or caller.connection_ids is not None:
            raise missing()
        belongs_to = b"events|" + caller.key_id.bytes
        before: datetime = asked.get("until", self._clock())
        if "cursor" in asked:
            before = datetime.fromisoformat(self._cursors.read(asked["cursor"], belongs_to))
        async with as_organization(self._pool, caller.org_id) as connection:
            found = await list_happenings(connection, caller.org_id, before=before, limit=limit)
        call.rows = len(found)
        cursor = self._cursors.write(found[-1].at.isoformat(), belongs_to) if len(found) >= limit else None
        return answer_of(Page(found, cursor is not None, cursor))


def event_operations(pool: Pool, cursors: Cursors) -> tuple[Operation, ...]:
    """What a key can ask about what happened."""
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
            parameters=(parameters.LIMIT, parameters.CURSOR, parameters.UNTIL),
            problems=(
                errors.UNKNOWN_PARAMETER,
                errors.INVALID_PARAMETER,
                errors.INVALID_CURSOR,
                errors.CURSOR_EXPIRED,
                errors.NOT_FOUND,
            ),
            example={"object": "list", "data": [_EXAMPLE], "has_more": False, "next_cursor": None},
            run=EventRoutes(pool, cursors).page,
        ),
    )
