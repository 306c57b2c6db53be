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
from msgspec.structs import replace

from billing import Reason
from service import ids
from service.accounts.caller import Caller
from service.api.asgi import App
from service.api.bodies import encode
from service.api.call import Answer, Call, Settle, Settling
from service.api.problems import as_problem, to_answer
from service.clock import Clock, now
from service.db.pool import Pool, as_organization
from service.idempotency.claim import HELD_FOR, Claim, Idempotency, KeptAnswer, kept_as
from service.operations import store
from service.operations.ends import Ended, is_in_doubt, state_kept, state_of
from service.operations.shapes import SlowOperation, Standing
from service.operations.store import OperationRow, State
from service.telemetry import log_exception

WAIT_S: Final = 10.0
KEPT_FOR: Final = timedelta(days=30)
_NONCE_BYTES: Final = 12


class Rim(Protocol):
    """What of the edge records calls, and makes some by itself."""

    async def record(self, call: Call, answer: Answer) -> tuple[Answer, Reason, int]: ...
    def finish(self, call: Call, status: int, reason: Reason, units: int) -> None: ...
    def on_behalf_of(self, caller: Caller, settling: Settling) -> App: ...


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

    async def carry_out(self, call: Call, claim: Claim, asked: bytes, work: Work) -> Answer:
        """The write's answer, or 202 with the operation that it has become. `asked` is what `asked_of` says of it."""
        twin = call.twin()
        task = asyncio.create_task(work(twin))
        done, _ = await asyncio.wait({task}, timeout=self._waits_s(call))
        if done:
            call.take_over(twin)
            return await self._in_time(call, claim, asked, await _answer_of(task, call))
        settle, call.settle = call.settle, None
        call.spending = None  # the twin's from now on
        await self._idempotency.also_counted_as(claim, twin.request_id)
        operation_id, created_at = await self._hold(call, claim, asked)
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
        applied = ((b"preference-applied", b"respond-async"),) if _asks_not_to_wait(call) else ()
        return Answer(202, encode(begun), headers=(_location(operation_id), (b"retry-after", b"1"), *applied))

    async def end_as_kept(self, call: Call, key: str, kept: KeptAnswer) -> None:
        """The write of this Idempotency-Key was over already: so is its operation, if nobody lived to say so."""
        org_id, request_id = call.known_caller.org_id, kept.request_id or call.request_id
        ended = Ended(kept.headers, kept.body)
        await self._mark_ended(org_id, kept_as(org_id, key), state_kept(kept), request_id, kept.status, ended)

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

    async def _in_time(self, call: Call, claim: Claim, asked: bytes, answer: Answer) -> Answer:
        """The answer of a write that its caller waited for. One that may have happened is an operation from then on."""
        in_doubt = is_in_doubt(call, answer)
        if in_doubt:
            try:
                operation_id, _ = await self._hold(call, claim, asked)
                answer = replace(answer, headers=(*answer.headers, _location(operation_id)))
            except Exception as error:  # it can still be settled by its key
                log_exception(error, request_id=call.request_ref)
        if in_doubt or claim.earlier_request_ids:  # the try before this one may have been an operation
            await self._end(call, claim, answer)
        return answer

    def _waits_s(self, call: Call) -> float | None:
        if call.settling is not None and call.settling.by is not None:
            return None  # nobody waits but the worker, whose operation it is
        return 0 if _asks_not_to_wait(call) else self._wait_s

    async def _end(self, call: Call, claim: Claim, answer: Answer) -> None:
        state = state_of(call, claim, answer)
        if state is None:
            return
        try:
            ended = Ended(answer.headers, answer.body)
            await self._mark_ended(claim.org_id, claim.key, state, call.request_id, answer.status, ended)
        except Exception as error:
            log_exception(error, request_id=call.request_ref)

    async def _mark_ended(
        self, org_id: UUID, key: str, state: State, request_id: UUID, status: int, ended: Ended
    ) -> None:
        sealed = self.sealed(org_id, ended)
        async with as_organization(self._pool, org_id) as connection:
            await store.mark_operation_ended(connection, org_id, key, state, self._clock(), request_id, status, sealed)

    async def _hold(self, call: Call, claim: Claim, asked: bytes) -> tuple[UUID, datetime]:
        assert call.operation is not None
        assert call.connection_id is not None
        at = self._clock()
        made = OperationRow(
            id=ids.new_uuid(),
            idempotency_key=claim.key,
            key_id=call.known_caller.key_id,
            connection_id=call.connection_id,
            operation=call.operation.id,
            scope=call.operation.scope or "",
            asked=self._seal(claim.org_id, asked),
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

    def sealed(self, org_id: UUID, ended: Ended) -> bytes:
        """An end as it is kept for the organization."""
        return self._seal(org_id, _pack(ended))

    def _seal(self, org_id: UUID, plain: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, _belongs_to(org_id))

    def opened(self, org_id: UUID, sealed: bytes) -> bytes:
        """What was sealed for the organization."""
        return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _belongs_to(org_id))


async def _answer_of(task: Awaitable[Answer], call: Call) -> Answer:
    try:
        return await task
    except Exception as exception:
        return to_answer(as_problem(exception, call), call)


def _location(operation_id: UUID) -> tuple[bytes, bytes]:
    return b"location", f"/v1/operations/{ids.encode('op', operation_id)}".encode()


def _asks_not_to_wait(call: Call) -> bool:
    return any(one.strip().lower() == "respond-async" for one in call.listed(b"prefer").split(","))


def _belongs_to(org_id: UUID) -> bytes:
    return b"operations|" + org_id.bytes
