"""Waiting for a write, but not for ever: after ten seconds the caller gets an operation to ask for.

The write runs under a call of its own, a twin of the caller's. Ends it in time, the caller's call takes over what it
came to. Ends it later, the twin is recorded as a call that nobody waited for: billed, audited and settled like any.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from billing import Reason
from service import ids
from service.api.bodies import encode
from service.api.call import Answer, Call, Settle
from service.api.inner import Inner
from service.api.problems import as_problem, to_answer
from service.clock import Clock, now
from service.db.pool import Pool, as_organization
from service.errors import OUTCOME_UNKNOWN
from service.idempotency.claim import HELD_FOR, Claim, Idempotency
from service.operations import store
from service.operations.shapes import SlowOperation, Standing
from service.operations.store import OperationRow, State
from service.telemetry import log_exception

WAIT_S: Final = 10.0
KEPT_FOR: Final = timedelta(days=30)
_NONCE_BYTES: Final = 12
_REPEATED: Final = frozenset({b"connection-id", b"account-id", b"idempotency-key", b"if-match", b"content-type"})
"""Headers that make the request the same one when it is carried out again. The key is not among them."""


class Rim(Protocol):
    """What of the edge records calls."""

    async def record(self, call: Call, answer: Answer) -> tuple[Answer, Reason, int]: ...
    def finish(self, call: Call, status: int, reason: Reason, units: int) -> None: ...


class Ended(Struct, frozen=True, array_like=True):
    """An end as it is kept."""

    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


Work = Callable[[Call], Coroutine[Any, Any, Answer]]
"""Carries a write out under the call that it is given."""

_pack = msgspec.msgpack.Encoder().encode


class SlowWrites:
    """The writes under way in this process; `key` (32 bytes) seals what is kept of them."""

    def __init__(
        self, pool: Pool, key: bytes, idempotency: Idempotency, clock: Clock = now, *, wait_s: float = WAIT_S
    ) -> None:
        self._pool = pool
        self._idempotency = idempotency
        self._cipher = AESGCM(key)
        self._clock = clock
        self._wait_s = wait_s
        self._running: set[asyncio.Task[None]] = set()
        self.rim: Rim | None = None

    async def carry_out(self, call: Call, claim: Claim, body: bytes, work: Work) -> Answer:
        """The write's answer, or 202 with the operation that it has become."""
        twin = call.twin()
        task = asyncio.create_task(work(twin))
        done, _ = await asyncio.wait({task}, timeout=0 if _asks_not_to_wait(call) else self._wait_s)
        if done:
            call.take_over(twin)
            if claim.earlier_request_ids:
                await self._note_end(call, claim, task)
            return await task
        settle, call.settle = call.settle, None
        call.spending = None  # the twin's from now on
        await self._idempotency.also_counted_as(claim, twin.request_id)
        operation_id, created_at = await self._hold(call, claim, body)
        call.deferred = True
        running = asyncio.create_task(self._finish(twin, claim, task, settle))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        assert call.operation is not None
        assert call.connection_id is not None
        ref = ids.encode("op", operation_id)
        begun = SlowOperation(
            id=ref,
            operation=call.operation.id,
            connection=ids.encode("con", call.connection_id),
            state=Standing.RUNNING,
            created_at=created_at,
            ended_at=None,
        )
        location = (b"location", f"/v1/operations/{ref}".encode())
        applied = ((b"preference-applied", b"respond-async"),) if _asks_not_to_wait(call) else ()
        return Answer(202, encode(begun), headers=(location, (b"retry-after", b"1"), *applied))

    async def close(self) -> None:
        """Waits for the writes under way: each ends by the time limit of its vendor's calls."""
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _finish(self, twin: Call, claim: Claim, task: "asyncio.Task[Answer]", settle: Settle | None) -> None:
        assert self.rim is not None
        twin.settle = settle
        try:
            answer = await _answer_of(task, twin)
            given, reason, units = await self.rim.record(twin, answer)
            await self._end(twin, claim, given)
            self.rim.finish(twin, given.status, reason, units)
        finally:
            if twin.spending is not None:
                twin.spending.end()

    async def _note_end(self, call: Call, claim: Claim, task: "asyncio.Task[Answer]") -> None:
        """The try before this one may have been an operation: then this is how it ended."""
        await self._end(call, claim, await _answer_of(task, call))

    async def _end(self, call: Call, claim: Claim, answer: Answer) -> None:
        sealed = self._seal(call, _pack(Ended(answer.headers, answer.body)))
        state = _state_of(call, answer)
        try:
            async with as_organization(self._pool, claim.org_id) as connection:
                await store.mark_operation_ended(
                    connection, claim.org_id, claim.key, state, self._clock(), call.request_id, answer.status, sealed
                )
        except Exception as error:
            log_exception(error, request_id=call.request_ref)

    async def _hold(self, call: Call, claim: Claim, body: bytes) -> tuple[UUID, datetime]:
        assert call.operation is not None
        assert call.connection_id is not None
        at = self._clock()
        headers = tuple((name, value) for name, value in call.scope["headers"] if name in _REPEATED)
        query = call.scope["query_string"].decode("latin-1")
        target = call.scope["raw_path"].decode("latin-1").partition("?")[0] + (f"?{query}" if query else "")
        asked = self._seal(call, _pack(Inner(call.method, target, headers, body)))
        made = OperationRow(
            id=ids.new_uuid(),
            idempotency_key=claim.key,
            key_id=call.known_caller.key_id,
            connection_id=call.connection_id,
            operation=call.operation.id,
            scope=call.operation.scope or "",
            asked=asked,
            state=State.RUNNING,
            held_until=at + HELD_FOR,
            created_at=at,
            ended_at=None,
            request_id=None,
            status=None,
            answer=None,
        )
        async with as_organization(self._pool, claim.org_id) as connection:
            return await store.hold_operation(connection, claim.org_id, made)

    def _seal(self, call: Call, plain: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, _belongs_to(call))

    def opened(self, call: Call, sealed: bytes) -> bytes:
        """What was sealed for the caller's organization."""
        return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _belongs_to(call))


async def _answer_of(task: Awaitable[Answer], call: Call) -> Answer:
    try:
        return await task
    except Exception as exception:
        return to_answer(as_problem(exception, call), call)


def _state_of(call: Call, answer: Answer) -> State:
    if answer.status < 400:
        return State.SUCCEEDED
    is_unknown = call.problem is not None and call.problem.kind is OUTCOME_UNKNOWN
    return State.UNKNOWN if is_unknown else State.FAILED


def _asks_not_to_wait(call: Call) -> bool:
    return any(one.strip().lower() == "respond-async" for one in call.listed(b"prefer").split(","))


def _belongs_to(call: Call) -> bytes:
    return b"operations|" + call.known_caller.org_id.bytes
