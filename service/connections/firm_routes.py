"""`/v1/firms`: the practices whose records an organization reads, as far as a key reaches."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta, Struct

from service import errors, ids
from service.accounts.caller import Caller
from service.accounts.errors import ImpossibleValueError
from service.accounts.organizations import MAX_NAME_CHARACTERS, create_firm, list_some_firms
from service.accounts.store import Firm as FirmRecord
from service.api import parameters
from service.api.bodies import answer_of, decode_body, json_body
from service.api.call import Answer, Call
from service.api.operation import Audit, ByTestKey, Operation
from service.api.operation import Meter as Metered
from service.api.pagination import Cursors, example_page
from service.api.query import DEFAULT_LIMIT, PAGING, PAGING_PROBLEMS, read_query
from service.clock import Clock, now
from service.connections.store import list_connections
from service.db.pool import Connection, Pool, as_organization
from service.errors import INSUFFICIENT_SCOPE, VALIDATION_FAILED, ApiProblem, FieldError, missing
from service.resources.common import Page

MAX_BODY_BYTES: Final = 16 * 1024


class Firm(Struct, frozen=True, kw_only=True, tag_field="object", tag="firm"):
    """An accounting practice whose records are read with its consent."""

    id: str
    """`firm_…`"""
    name: str
    """As the organization calls it; the firm's people see it on connect pages."""
    region: str
    """Where everything of it is kept: `us`, `eu`. Calls about a firm of another region are answered there."""
    created_at: datetime
    """When it was added."""


class NewFirm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A firm to add. It is kept in the region that is called."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARACTERS)]
    """What the firm calls itself."""


FIRM_EXAMPLE: Final[dict[str, Any]] = {
    "object": "firm",
    "id": "firm_01k3sd2p9ze5ybqk7c5q6qd9q4",
    "name": "Harbor & Pine CPAs",
    "region": "us",
    "created_at": "2026-11-02T15:04:05Z",
}
_BOUND: Final = "A key that is bound to firms or connections cannot add a firm: it would not reach it."


class FirmRoutes:
    """The answers about firms. A key bound to firms, or to connections, knows of theirs alone."""

    def __init__(self, pool: Pool, cursors: Cursors, clock: Clock = now) -> None:
        self._pool = pool
        self._cursors = cursors
        self._clock = clock

    async def page(self, call: Call) -> Answer:
        asked = read_query(call.scope["query_string"], PAGING)
        caller, limit = call.known_caller, asked.get("limit", DEFAULT_LIMIT)
        belongs_to = f"firms|{caller.key_id}".encode()
        after = UUID(hex=self._cursors.read(asked["cursor"], belongs_to)) if "cursor" in asked else None
        async with as_organization(self._pool, caller.org_id) as connection:
            within = await _within(connection, caller)
            found = await list_some_firms(connection, caller.org_id, within, after, limit + 1)
        shown = found[:limit]
        call.rows = len(shown)
        cursor = self._cursors.write(shown[-1].id.hex, belongs_to) if len(found) > limit else None
        return answer_of(Page([to_firm(one) for one in shown], cursor is not None, cursor))

    async def one(self, call: Call) -> Answer:
        read_query(call.scope["query_string"], {})
        caller, wanted = call.known_caller, call.named("firm")
        async with as_organization(self._pool, caller.org_id) as connection:
            within = await _within(connection, caller)
            if within is not None and wanted not in within:
                raise missing()
            found = await list_some_firms(connection, caller.org_id, [wanted], None, 1)
        if not found:
            raise missing()
        call.firm_id, call.rows = wanted, 1
        return answer_of(to_firm(found[0]))

    async def create(self, call: Call) -> Answer:
        read_query(call.scope["query_string"], {})
        new: NewFirm = decode_body(await json_body(call, MAX_BODY_BYTES), NewFirm)
        caller = call.known_caller
        if caller.is_bound:
            raise ApiProblem(INSUFFICIENT_SCOPE, _BOUND)
        try:
            async with as_organization(self._pool, caller.org_id) as connection:
                made = await create_firm(connection, caller.org_id, new.name, clock=self._clock, actor=None)
        except ImpossibleValueError as wrong:
            raise ApiProblem(
                VALIDATION_FAILED, f"{wrong}.".capitalize(), errors=(FieldError("/name", "invalid", str(wrong)),)
            ) from None
        call.firm_id, call.rows = made.id, 1
        return answer_of(to_firm(made), 201)


def to_firm(record: FirmRecord) -> Firm:
    """A firm as the API shows it."""
    return Firm(id=ids.encode("firm", record.id), name=record.name, region=record.region, created_at=record.created_at)


async def _within(connection: Connection, caller: Caller) -> list[UUID] | None:
    """The firms that a bound key reaches; None for all."""
    if caller.connection_ids is None:
        return None if caller.firm_ids is None else sorted(caller.firm_ids)
    records = await list_connections(connection, caller.org_id)
    reached = {record.firm_id for record in records if record.id in caller.connection_ids}
    return sorted(reached if caller.firm_ids is None else reached & caller.firm_ids)


def firm_operations(pool: Pool, cursors: Cursors) -> tuple[Operation, ...]:
    """What a key can ask about firms."""
    routes = FirmRoutes(pool, cursors)
    shared: dict[str, Any] = {"tag": "firms", "meter": Metered.NONE, "audit": Audit.MANAGEMENT}
    return (
        Operation(
            id="listFirms",
            method="GET",
            path="/v1/firms",
            summary="List firms",
            description="The firms that this key reaches, oldest first.",
            scope="firms:read",
            answer=Page[Firm],
            parameters=(parameters.LIMIT, parameters.CURSOR),
            problems=PAGING_PROBLEMS,
            example=example_page(FIRM_EXAMPLE),
            run=routes.page,
            **shared,
        ),
        Operation(
            id="getFirm",
            method="GET",
            path="/v1/firms/{id}",
            summary="Get one firm",
            description="One of the firms that this key reaches.",
            scope="firms:read",
            answer=Firm,
            parameters=(parameters.path_id("id", "The firm's id, `firm_…`."),),
            problems=(errors.NOT_FOUND,),
            example=FIRM_EXAMPLE,
            run=routes.one,
            **shared,
        ),
        Operation(
            id="createFirm",
            by_test_key=ByTestKey.FREELY,
            method="POST",
            path="/v1/firms",
            summary="Add a firm",
            description="A firm to connect next, with a link session. Its name need not be unique: with an "
            "`Idempotency-Key` a repeated request adds it once. A key bound to firms or connections cannot add one.",
            scope="firms:write",
            status=201,
            answer=Firm,
            body=NewFirm,
            body_example={"name": "Harbor & Pine CPAs"},
            example=FIRM_EXAMPLE,
            run=routes.create,
            **shared,
        ),
    )
