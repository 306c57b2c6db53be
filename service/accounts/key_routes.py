"""`/v1/keys`: what an organization's keys are, made, rolled and revoked by a key that may."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import UNSET
from msgspec.json import decode
from msgspec.structs import replace

from service import ids
from service.accounts.errors import (
    AccountError,
    GrantingOffError,
    ImpossibleValueError,
    KeyNotFoundError,
    MoreThanItselfError,
    UnknownFirmError,
    UnknownScopeError,
)
from service.accounts.granting import is_within_reach
from service.accounts.key_shapes import KeyChange, MadeKey, NewKey, RollKey, to_key, to_leak, to_made
from service.accounts.keys import change_rate, get_key, list_some_keys, mint_key, revoke_key, roll_key
from service.accounts.leaks import list_key_leaks
from service.accounts.tokens import Peppers
from service.api.bodies import answer_of, decode_body, encode, json_body
from service.api.call import Answer, Call
from service.api.pagination import Cursors
from service.api.query import DEFAULT_LIMIT, PAGING, id_of, read_query
from service.api.versions import VERSION
from service.audit.acts import key_actor
from service.clock import Clock, now
from service.db.pool import Pool, as_organization
from service.errors import (
    INSUFFICIENT_SCOPE,
    NOT_TURNED_ON,
    VALIDATION_FAILED,
    ApiProblem,
    FieldError,
    missing,
)
from service.resources.common import Page

MAX_BODY_BYTES: Final = 32 * 1024
OFF: Final = (
    "Keys of this organization make no keys and invite nobody until an owner or admin allows it, on the page of keys."
)


class KeyRoutes:
    """The answers about keys. A bound key knows of those alone that are bound to nothing else."""

    def __init__(self, pool: Pool, peppers: Peppers, cursors: Cursors, clock: Clock = now) -> None:
        self._pool = pool
        self._peppers = peppers
        self._cursors = cursors
        self._clock = clock

    async def page(self, call: Call) -> Answer:
        asked = read_query(call.scope["query_string"], PAGING)
        caller, limit = call.known_caller, asked.get("limit", DEFAULT_LIMIT)
        belongs_to = f"keys|{caller.key_id}".encode()
        after = UUID(hex=self._cursors.read(asked["cursor"], belongs_to)) if "cursor" in asked else None
        firms = None if caller.firm_ids is None else sorted(caller.firm_ids)
        links = None if caller.connection_ids is None else sorted(caller.connection_ids)
        async with as_organization(self._pool, caller.org_id) as connection:
            found = await list_some_keys(connection, caller.org_id, firms, links, after, limit + 1)
        shown = found[:limit]
        call.rows = len(shown)
        cursor = self._cursors.write(shown[-1].id.hex, belongs_to) if len(found) > limit else None
        at = self._clock()
        return answer_of(Page([to_key(one, at) for one in shown], cursor is not None, cursor))

    async def one(self, call: Call) -> Answer:
        read_query(call.scope["query_string"], {})
        caller, key_id = call.known_caller, call.named("key")
        async with as_organization(self._pool, caller.org_id) as connection:
            found = await get_key(connection, caller.org_id, key_id)
        if found is None or not is_within_reach(caller, found):
            raise missing()
        call.rows = 1
        return answer_of(to_key(found, self._clock()))

    async def create(self, call: Call) -> Answer:
        read_query(call.scope["query_string"], {})
        new: NewKey = decode_body(await json_body(call, MAX_BODY_BYTES), NewKey)
        caller, at = call.known_caller, self._clock()
        ends = caller.expires_at if new.expires_at is UNSET else new.expires_at
        if ends is not None and (ends.tzinfo is None or ends <= at):
            raise _wrong("expires_at", "An instant to come, with an offset, such as 2027-01-01T00:00:00Z.")
        async with _answered(), as_organization(self._pool, caller.org_id) as connection:
            made, token = await mint_key(
                connection,
                self._peppers,
                org_id=caller.org_id,
                name=new.name,
                mode=caller.mode if new.mode is UNSET else new.mode,
                scopes=new.scopes,
                api_version=date.fromisoformat(VERSION),
                firm_ids=_bound("firm", new.firms, caller.firm_ids),
                connection_ids=_bound("con", new.connections, caller.connection_ids),
                ip_allow=caller.ip_allow if new.ip_allow is UNSET else new.ip_allow,
                calls_per_minute=caller.calls_per_minute if new.calls_per_minute is UNSET else new.calls_per_minute,
                expires_in=None if ends is None else ends - at,
                clock=lambda: at,
                actor=key_actor(caller.key_id),
                by=caller,
            )
        call.rows = 1
        return answer_of(to_made(made, token, at), 201)

    async def change(self, call: Call) -> Answer:
        read_query(call.scope["query_string"], {})
        asked: KeyChange = decode_body(await json_body(call, MAX_BODY_BYTES), KeyChange)
        caller, key_id = call.known_caller, call.named("key")
        async with _answered(), as_organization(self._pool, caller.org_id) as connection:
            changed = await change_rate(
                connection,
                caller.org_id,
                key_id,
                asked.calls_per_minute,
                actor=key_actor(caller.key_id),
                by=caller,
            )
        call.rows = 1
        return answer_of(to_key(changed, self._clock()))

    async def roll(self, call: Call) -> Answer:
        read_query(call.scope["query_string"], {})
        asked: RollKey = decode_body(await json_body(call, MAX_BODY_BYTES), RollKey)
        caller, key_id = call.known_caller, call.named("key")
        async with _answered(), as_organization(self._pool, caller.org_id) as connection:
            made, token = await roll_key(
                connection,
                self._peppers,
                caller.org_id,
                key_id,
                overlap=timedelta(seconds=asked.overlap_s),
                clock=self._clock,
                actor=key_actor(caller.key_id),
                by=caller,
            )
        call.rows = 1
        return answer_of(to_made(made, token, self._clock()), 201)

    async def revoke(self, call: Call) -> Answer:
        read_query(call.scope["query_string"], {})
        caller, key_id, at = call.known_caller, call.named("key"), self._clock()
        async with _answered(), as_organization(self._pool, caller.org_id) as connection:
            ended = await revoke_key(
                connection, caller.org_id, key_id, clock=lambda: at, actor=key_actor(caller.key_id), by=caller
            )
        call.rows = 1
        return answer_of(to_key(ended, at))

    async def leaks(self, call: Call) -> Answer:
        asked = read_query(call.scope["query_string"], {**PAGING, "filter[key]": id_of("key")})
        caller, limit, key_id = call.known_caller, asked.get("limit", DEFAULT_LIMIT), asked.get("filter[key]")
        belongs_to = f"key_leaks|{caller.key_id}|{key_id}".encode()
        before = UUID(hex=self._cursors.read(asked["cursor"], belongs_to)) if "cursor" in asked else None
        async with as_organization(self._pool, caller.org_id) as connection:
            known = await list_key_leaks(connection, caller.org_id, key_id)
            keys = {leak.key_id: await get_key(connection, caller.org_id, leak.key_id) for leak in known}
        reached = {one.id for one in keys.values() if one is not None and is_within_reach(caller, one)}
        found = [leak for leak in known if leak.key_id in reached and (before is None or leak.id < before)]
        shown = found[:limit]
        call.rows = len(shown)
        cursor = self._cursors.write(shown[-1].id.hex, belongs_to) if len(found) > limit else None
        return answer_of(Page([to_leak(one) for one in shown], cursor is not None, cursor))


def without_token(answer: Answer) -> Answer:
    """What is kept of an answer with a token, so that it is shown once: a replay says the same, but null there."""
    if answer.status != 201:
        return answer
    return replace(answer, body=encode(replace(decode(answer.body, type=MadeKey), token=None)))


@asynccontextmanager
async def _answered() -> AsyncGenerator[None]:
    """Turns the domain's refusals into problems."""
    try:
        yield
    except KeyNotFoundError:
        raise missing() from None
    except GrantingOffError:
        raise ApiProblem(NOT_TURNED_ON, OFF) from None
    except MoreThanItselfError as more:
        errors = tuple(FieldError(f"/{name}", "more_than_itself", message) for name, message in more.fields.items())
        raise ApiProblem(INSUFFICIENT_SCOPE, "That key may more than the one that calls.", errors=errors) from None
    except UnknownScopeError as wrong:
        raise _wrong("scopes", f"{wrong}.".capitalize()) from None
    except UnknownFirmError:
        raise _wrong("firms", "The organization has no such firm or connection.") from None
    except ImpossibleValueError as wrong:
        raise _wrong("ip_allow" if "network" in str(wrong) else "name", f"{wrong}.".capitalize()) from None
    except AccountError as wrong:
        raise _wrong("", f"{wrong}.".capitalize()) from None


def _bound(prefix: str, said: Any, own: frozenset[UUID] | None) -> list[UUID] | None:
    """The bindings that were asked for; those of the calling key where nothing is said."""
    if said is UNSET:
        return None if own is None else sorted(own)
    try:
        return None if said is None else [ids.decode(prefix, one) for one in said]
    except ids.MalformedIdError:
        raise _wrong("firms" if prefix == "firm" else "connections", f"Ids that start with `{prefix}_`.") from None


def _wrong(field: str, message: str) -> ApiProblem:
    return ApiProblem(VALIDATION_FAILED, message, errors=(FieldError(f"/{field}", "invalid", message),))
