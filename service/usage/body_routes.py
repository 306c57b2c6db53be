"""What test calls sent and were answered, and whether that is kept, as operations."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from billing import get_free_calls_days
from service import errors, ids
from service.api import parameters
from service.api.bodies import answer_of, decode_body, json_body
from service.api.call import Answer, Call
from service.api.operation import Audit, ByTestKey, Exports, Operation
from service.api.operation import Meter as MeterClass
from service.api.query import read_query
from service.clock import Clock, now
from service.connections.vault import Vault
from service.db.pool import Connection, Pool, as_organization
from service.errors import INSUFFICIENT_SCOPE, ApiProblem, missing
from service.usage.bodies import get_bodies, get_kept_days, set_free_days, set_kept_days

MAX_BODY_BYTES: Final = 16 * 1024


class CallBodies(Struct, frozen=True, kw_only=True, tag_field="object", tag="call_bodies"):
    """What a call with a test key sent and was answered: secrets removed, government ids and card numbers masked."""

    id: str
    """`req_…`, the `Request-Id` of its answer."""
    request: str | None
    """JSON as text, cut off after 32 kB; null where nothing was sent, or no JSON."""
    request_bytes: int
    """How long it was."""
    answer: str | None
    """JSON as text, cut off after 32 kB; null where it was no JSON, or longer than 256 kB."""
    answer_bytes: int
    """How long it was."""


class RequestLogSettings(
    Struct, frozen=True, kw_only=True, tag_field="object", tag="request_log_settings", forbid_unknown_fields=True
):
    """What the request log keeps beside the facts of each call."""

    test_bodies_days: Annotated[int, Meta(ge=1, le=30)] | None
    """For how many days bodies of calls with test keys are kept, 1 to 30; null for not at all. Live ones never are."""
    free_calls_days: Annotated[int, Meta(ge=30, le=3650)] | None
    """For how many days calls that cost nothing stand in the log: refused ones, replays, calls with test keys.

    Null for as long as billed calls, which stay: they are the proof of their invoices.
    """


class NewRequestLogSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the request log is to keep from now on."""

    test_bodies_days: Annotated[int, Meta(ge=1, le=30)] | None
    """1 to 30 days; null to keep none and forget those that are there."""
    free_calls_days: Annotated[int, Meta(ge=30, le=3650)] | None | UnsetType = UNSET
    """30 to 3,650 days, older ones are forgotten within the hour; null to keep them; left out, it stays as it is."""


class BodyRoutes:
    """The answers about kept bodies. A bound key knows of its own calls alone, and changes no setting."""

    def __init__(self, pool: Pool, vault: Vault, clock: Clock = now) -> None:
        self._pool = pool
        self._vault = vault
        self._clock = clock

    async def bodies(self, call: Call) -> Answer:
        read_query(call.scope["query_string"], {})
        caller = call.known_caller
        try:
            request_id = ids.decode("req", call.params["request_id"])
        except ids.MalformedIdError:
            raise missing() from None
        own = caller.key_id if call.known_caller.is_bound else None
        at: datetime = self._clock()
        async with as_organization(self._pool, caller.org_id) as connection:
            found = await get_bodies(connection, self._vault, caller.org_id, request_id, at, key_id=own)
        if found is None:
            raise missing()
        call.rows = 1
        return answer_of(
            CallBodies(
                id=call.params["request_id"],
                request=found.request,
                request_bytes=found.request_bytes,
                answer=found.answer,
                answer_bytes=found.answer_bytes,
            )
        )

    async def settings(self, call: Call) -> Answer:
        read_query(call.scope["query_string"], {})
        org_id = call.known_caller.org_id
        async with as_organization(self._pool, org_id) as connection:
            return answer_of(await _settings(connection, org_id))

    async def change(self, call: Call) -> Answer:
        read_query(call.scope["query_string"], {})
        new: NewRequestLogSettings = decode_body(await json_body(call, MAX_BODY_BYTES), NewRequestLogSettings)
        if call.known_caller.is_bound:
            raise ApiProblem(INSUFFICIENT_SCOPE, "A key that is bound to firms or connections cannot change this.")
        org_id = call.known_caller.org_id
        async with as_organization(self._pool, org_id) as connection:
            await set_kept_days(connection, org_id, new.test_bodies_days, self._clock(), actor=None)
            if new.free_calls_days is not UNSET:
                await set_free_days(connection, org_id, new.free_calls_days, actor=None)
            return answer_of(await _settings(connection, org_id))


async def _settings(connection: Connection, org_id: UUID) -> RequestLogSettings:
    return RequestLogSettings(
        test_bodies_days=await get_kept_days(connection, org_id),
        free_calls_days=await get_free_calls_days(connection, org_id),
    )


def body_operations(pool: Pool, vault: Vault) -> tuple[Operation, ...]:
    """What a key can ask about kept bodies."""
    routes = BodyRoutes(pool, vault)
    shared: dict[str, Any] = {"tag": "usage", "meter": MeterClass.NONE, "audit": Audit.MANAGEMENT}
    example = {"object": "request_log_settings", "test_bodies_days": 7, "free_calls_days": 90}
    return (
        Operation(
            id="getCallBodies",
            method="GET",
            path="/v1/usage/{request_id}/bodies",
            summary="Get what a test call sent and was answered",
            description="Redacted, and only of calls with test keys made while the organization kept their bodies.",
            scope="usage:read",
            answer=CallBodies,
            exports=Exports.NOBODY,
            parameters=(parameters.path_id("request_id", "The call's `Request-Id`, `req_…`."),),
            problems=(errors.NOT_FOUND,),
            example={
                "object": "call_bodies",
                "id": "req_06bqf9n9p5z1t8k4x2m7c3h0wd",
                "request": '{\n  "name": "Harbor & Pine"\n}',
                "request_bytes": 24,
                "answer": '{\n  "object": "client"\n}',
                "answer_bytes": 1204,
            },
            run=routes.bodies,
            **shared,
        ),
        Operation(
            id="getRequestLogSettings",
            method="GET",
            path="/v1/request-log-settings",
            summary="Get what the request log keeps",
            description="For how long bodies of test calls, and calls that cost nothing, are kept.",
            scope="usage:read",
            answer=RequestLogSettings,
            example=example,
            run=routes.settings,
            **shared,
        ),
        Operation(
            id="updateRequestLogSettings",
            by_test_key=ByTestKey.NEVER,
            method="PUT",
            path="/v1/request-log-settings",
            summary="Change what the request log keeps",
            description="Keeps bodies of test calls for some days, or none: felt within a second, and what is older is "
            "gone at once. Calls that cost nothing can be forgotten after a time; billed ones stay, as proof.",
            scope="usage:write",
            answer=RequestLogSettings,
            body=NewRequestLogSettings,
            body_example={"test_bodies_days": 7, "free_calls_days": 90},
            example=example,
            run=routes.change,
            **shared,
        ),
    )
