"""`/v1/disclosures`: what was handed out."""

from typing import Final
from uuid import UUID

from billing import list_void_reasons
from service import ids
from service.api import parameters
from service.api.bodies import answer_of
from service.api.call import Answer, Call
from service.api.operation import Audit, Meter, Operation
from service.api.pagination import Cursors, example_page
from service.api.query import DEFAULT_LIMIT, PAGING, PAGING_PROBLEMS, id_of, instant, read_query
from service.audit.entry import from_content
from service.audit.store import list_disclosures
from service.consent.shapes import (
    DISCLOSURE,
    Disclosure,
    to_disclosure,
)
from service.db.pool import Pool, as_organization
from service.resources.common import Page

_FIRM_SCHEMA: Final = {"type": "string", "pattern": "^firm_[0-9a-hjkmnp-tv-z]{26}$"}
_CONSENT_SCHEMA: Final = {"type": "string", "pattern": "^cns_[0-9a-hjkmnp-tv-z]{26}$"}


class DisclosureRoutes:
    """The answers about disclosures. A key bound to firms or connections knows of theirs alone."""

    def __init__(self, pool: Pool, cursors: Cursors) -> None:
        self._pool = pool
        self._cursors = cursors

    async def page(self, call: Call) -> Answer:
        asked = read_query(
            call.scope["query_string"],
            {
                **PAGING,
                "since": instant,
                "until": instant,
                "filter[firm]": id_of("firm"),
                "filter[consent]": id_of("cns"),
            },
        )
        caller, limit = call.known_caller, asked.get("limit", DEFAULT_LIMIT)
        firm, consent = asked.get("filter[firm]"), asked.get("filter[consent]")
        since, until = asked.get("since"), asked.get("until")
        belongs_to = f"disclosures|{caller.key_id}|{firm}|{consent}|{since}|{until}".encode()
        before = UUID(hex=self._cursors.read(asked["cursor"], belongs_to)) if "cursor" in asked else None
        async with as_organization(self._pool, caller.org_id) as connection:
            contents = await list_disclosures(
                connection,
                caller.org_id,
                before,
                limit + 1,
                caller.firms_among(firm),
                None if caller.connection_ids is None else sorted(caller.connection_ids),
                consent,
                None if since is None else ids.first_uuid(since),
                None if until is None else ids.first_uuid(until),
            )
            shown = [from_content(content) for content in contents[:limit]]
            voids = await list_void_reasons(connection, caller.org_id, [one.id for one in shown])
        call.rows = len(shown)
        cursor = self._cursors.write(shown[-1].id.hex, belongs_to) if len(contents) > limit else None
        return answer_of(Page([to_disclosure(one, voids.get(one.id)) for one in shown], cursor is not None, cursor))


def disclosure_operations(pool: Pool, cursors: Cursors) -> tuple[Operation, ...]:
    """What a key can ask about disclosures."""
    routes = DisclosureRoutes(pool, cursors)
    return (
        Operation(
            id="listDisclosures",
            method="GET",
            path="/v1/disclosures",
            tag="consents",
            summary="List disclosures",
            description="Every call that handed out client data, newest first, with the consents that it rested on. "
            "There as soon as the call is answered; `delivery` says whether the answer reached its caller.",
            scope="disclosures:read",
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=Page[Disclosure],
            parameters=(
                parameters.LIMIT,
                parameters.CURSOR,
                parameters.SINCE,
                parameters.UNTIL,
                parameters.filter_by("firm", _FIRM_SCHEMA, "Only data of this firm."),
                parameters.filter_by("consent", _CONSENT_SCHEMA, "Only those that rest on this consent."),
            ),
            problems=PAGING_PROBLEMS,
            example=example_page(DISCLOSURE),
            run=routes.page,
        ),
    )
