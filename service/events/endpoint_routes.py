"""`/v1/webhook-endpoints`: where events are sent."""

from datetime import timedelta
from uuid import UUID

from msgspec import UNSET
from msgspec.json import decode
from msgspec.structs import replace

from service import errors, ids
from service.accounts.caller import Caller
from service.api.bodies import answer_of, decode_body, encode, json_body
from service.api.call import Answer, Call
from service.api.query import read_query
from service.db.pool import as_organization
from service.errors import ApiProblem, FieldError, missing
from service.events import endpoints, secrets, store
from service.events import replay as again
from service.events.errors import EndpointNotFoundError, ImpossibleEndpointError, TooManyEndpointsError
from service.events.secrets import Webhooks
from service.events.shapes import (
    NewWebhookEndpoint,
    ReplayRequest,
    SecretRoll,
    WebhookEndpointUpdate,
    WebhookEndpointWithSecret,
    WebhookReplay,
    to_delivery,
    to_endpoint,
    with_secret,
)
from service.events.store import Endpoint
from service.resources.common import Page

MAX_BODY_BYTES = 16 * 1024


class EndpointRoutes:
    """The answers about endpoints. A key deals with those of its own mode; a bound one with none."""

    def __init__(self, hooks: Webhooks) -> None:
        self._hooks = hooks

    async def page(self, call: Call) -> Answer:
        read_query(call.scope["query_string"], {})
        caller = unbound(call)
        async with as_organization(self._hooks.pool, caller.org_id) as connection:
            found = await store.list_endpoints(connection, caller.org_id, caller.mode)
        call.rows = len(found)
        return answer_of(Page([to_endpoint(one) for one in found], has_more=False, next_cursor=None))

    async def create(self, call: Call) -> Answer:
        new: NewWebhookEndpoint = decode_body(await json_body(call, MAX_BODY_BYTES), NewWebhookEndpoint)
        caller = call.known_caller
        if caller.is_bound:
            raise ApiProblem(
                errors.INSUFFICIENT_SCOPE, "A key that is bound to firms or connections is told of no events."
            )
        try:
            made, secret = await endpoints.create_endpoint(
                self._hooks,
                caller.org_id,
                url=new.url,
                description=new.description,
                event_types=new.event_types,
                mode=caller.mode,
                api_version=caller.api_version,
                actor=None,
            )
        except ImpossibleEndpointError as wrong:
            raise _impossible(wrong) from None
        except TooManyEndpointsError as full:
            raise ApiProblem(errors.TOO_MANY_ENDPOINTS, f"{full}.".capitalize()) from None
        call.rows = 1
        return answer_of(with_secret(made, secret), 201)

    async def one(self, call: Call) -> Answer:
        found = await self._named(call)
        return answer_of(to_endpoint(found))

    async def update(self, call: Call) -> Answer:
        wanted: WebhookEndpointUpdate = decode_body(await json_body(call, MAX_BODY_BYTES), WebhookEndpointUpdate)
        found = await self._named(call)
        types = wanted.event_types
        try:
            changed = await endpoints.change_endpoint(
                self._hooks,
                call.known_caller.org_id,
                found,
                url=None if wanted.url is UNSET else wanted.url,
                description=None if wanted.description is UNSET else wanted.description,
                event_types=None if types is UNSET else types,
                every_type=types is None,
                enabled=None if wanted.enabled is UNSET else wanted.enabled,
                actor=None,
            )
        except ImpossibleEndpointError as wrong:
            raise _impossible(wrong) from None
        return answer_of(to_endpoint(changed))

    async def delete(self, call: Call) -> Answer:
        found = await self._named(call)
        try:
            await endpoints.delete_endpoint(self._hooks, call.known_caller.org_id, found.id, actor=None)
        except EndpointNotFoundError:
            raise missing() from None
        return Answer(204, b"")

    async def roll(self, call: Call) -> Answer:
        asked: SecretRoll = decode_body(await json_body(call, MAX_BODY_BYTES), SecretRoll)
        found = await self._named(call)
        overlap = timedelta(hours=asked.overlap_hours)
        secret = await secrets.roll_secret(self._hooks, call.known_caller.org_id, found.id, overlap=overlap, actor=None)
        return answer_of(with_secret(found, secret))

    async def ping(self, call: Call) -> Answer:
        found = await self._named(call)
        made = await again.ping(self._hooks, call.known_caller.org_id, found, actor=None)
        return answer_of(to_delivery(made), 201)

    async def replay(self, call: Call) -> Answer:
        asked: ReplayRequest = decode_body(await json_body(call, MAX_BODY_BYTES), ReplayRequest)
        if asked.since.tzinfo is None:
            wrong = "Needs an offset, such as Z."
            raise ApiProblem(
                errors.VALIDATION_FAILED, f"`since`: {wrong}", errors=(FieldError("/since", "instant", wrong),)
            )
        found = await self._named(call)
        done = await again.replay_since(self._hooks, call.known_caller.org_id, found, asked.since, actor=None)
        return answer_of(
            WebhookReplay(endpoint=ids.encode("whe", found.id), deliveries=done.count, has_more=done.has_more)
        )

    async def _named(self, call: Call) -> Endpoint:
        caller, wanted = unbound(call), call.named("whe")
        found = await find(self._hooks, caller, wanted)
        call.rows = 1
        return found


def without_secret(answer: Answer) -> Answer:
    """What is kept of an answer with a secret, so that it is shown once: a replay says the same, but null there."""
    if answer.status not in (200, 201):
        return answer
    return replace(answer, body=encode(replace(decode(answer.body, type=WebhookEndpointWithSecret), secret=None)))


async def find(hooks: Webhooks, caller: Caller, endpoint_id: UUID) -> Endpoint:
    """The endpoint, if this key may know of it; else the plain 404."""
    try:
        return await endpoints.find_endpoint(hooks, caller.org_id, endpoint_id, caller.mode)
    except EndpointNotFoundError:
        raise missing() from None


def unbound(call: Call) -> Caller:
    """The caller; a key bound to firms or connections knows of no endpoints."""
    caller = call.known_caller
    if caller.is_bound:
        raise missing()
    return caller


def _impossible(wrong: ImpossibleEndpointError) -> ApiProblem:
    message = f"{wrong}."
    return ApiProblem(
        errors.VALIDATION_FAILED,
        f"`{wrong.field}`: {message}",
        errors=(FieldError(f"/{wrong.field}", "invalid", message),),
    )
