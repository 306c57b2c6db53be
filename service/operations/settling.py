"""Settles writes of which nobody knows the outcome, without anybody asking: for the worker.

A try of them was cut off with its process, or the vendor never answered. Each is made again through the whole API, in
the name of the key that began it and by what that key may do now. The claim sees to it that the vendor does it once:
what the vendor knows by a key of ours is sent again, anything else is looked for. What is still unknown after the last
look ends as `outcome_unsettled`, and says what to do.
"""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from service import ids
from service.accounts.known_callers import known_caller
from service.api.asgi import Message, Scope
from service.api.call import Answer, Call, Settling
from service.api.inner import Inner, call_within
from service.api.problems import DOCS_IN_SCOPE, to_answer
from service.audit.acts import WORKER, record_act
from service.clock import Clock, now
from service.db.pool import Connection, Pool, as_organization
from service.errors import OUTCOME_UNSETTLED, ApiProblem
from service.idempotency import looking
from service.idempotency.claim import Idempotency, KeptAnswer
from service.idempotency.looking import Due
from service.operations import store
from service.operations.asked import inner_of
from service.operations.ends import Ended
from service.operations.slow import Rim, SlowWrites
from service.operations.store import State
from service.telemetry import log_exception

PAUSES: Final = (
    timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=4), timedelta(hours=8),
    timedelta(minutes=10),
)  # fmt: skip
"""After each look until the next, all within the day for which vendors keep keys; after the last comes the end."""
OF_EACH_ORGANIZATION: Final = 5
AT_ONCE: Final = 4
IN_A_ROUND: Final = 20
"""Writes that one round settles, and how many of them belong to one organization: rounds are 15 seconds apart."""
_LEFT_FOR: Final = timedelta(minutes=1)
_log: Final = logging.getLogger(__name__)
_NOWHERE: Final[dict[str, Any]] = {"type": "http", "headers": [(b"host", b"worker.invalid")], "client": None}
"""Where the worker's calls come from."""


async def is_anything_due(connection: Connection, at: datetime, *, cut_off: bool) -> bool:
    """Whether there is a write in doubt to look at or, with `cut_off`, an operation whose write is over to end."""
    if await looking.is_any_due(connection, at):
        return True
    return cut_off and bool(await store.list_cut_off_operations(connection, at - _LEFT_FOR, 1))


class Settler:
    """Settles what is due; `operators` is a pool of the operator role, `pool` sees one organization at a time."""

    def __init__(
        self,
        operators: Pool,
        pool: Pool,
        rim: Rim,
        idempotency: Idempotency,
        slow: SlowWrites,
        docs_url: str | None = None,
        clock: Clock = now,
    ) -> None:
        self._operators = operators
        self._pool = pool
        self._rim = rim
        self._idempotency = idempotency
        self._slow = slow
        self._nowhere = {**_NOWHERE, DOCS_IN_SCOPE: docs_url}
        self._clock = clock

    async def settle_due(self) -> int:
        """Looks at what is due of every organization; how many writes that were."""
        async with self._operators.acquire() as connection:
            due = await looking.take(connection, self._clock(), OF_EACH_ORGANIZATION, IN_A_ROUND, PAUSES)
        room = asyncio.Semaphore(AT_ONCE)

        async def settle(one: Due) -> None:
            async with room:
                try:
                    await self._settle(one)
                except Exception as error:  # the others are no worse for it; this one is due again
                    log_exception(error)

        await asyncio.gather(*map(settle, due))
        return len(due)

    async def end_cut_off(self) -> None:
        """Ends the operations of writes that are over, where nobody lived to say so."""
        async with self._operators.acquire() as connection:
            found = await store.list_cut_off_operations(connection, self._clock() - _LEFT_FOR, IN_A_ROUND)
        for one in found:
            try:
                await self._make_again(one.org_id, one.key_id, inner_of(self._slow.opened(one.org_id, one.asked)))
            except Exception as error:
                log_exception(error)

    async def _settle(self, due: Due) -> None:
        if due.looks <= len(PAUSES):
            await self._make_again(due.org_id, due.key_id, inner_of(self._idempotency.asked_in(due)))
        else:
            await self._give_up(due)

    async def _make_again(self, org_id: UUID, key_id: UUID, asked: Inner) -> None:
        async with as_organization(self._pool, org_id) as connection:
            found = await known_caller(connection, org_id, key_id, self._clock())
        if found is None:
            return
        settling = Settling(may_send=found.in_force, by="worker")
        await call_within(self._rim.on_behalf_of(found.caller, settling), self._nowhere, asked)

    async def _give_up(self, due: Due) -> None:
        answer = _unsettled(due, self._nowhere)
        kept = KeptAnswer(answer.status, answer.media_type, answer.headers, answer.body, due.request_id)
        ended = self._slow.sealed(due.org_id, Ended(answer.headers, answer.body))
        sealed = self._idempotency.sealed(due.org_id, due.key, kept)
        at = self._clock()
        about = (ids.encode("req", due.request_id), ids.encode("key", due.key_id))
        async with self._operators.acquire() as connection, connection.transaction():
            if not await looking.give_up(connection, due, at, answer.status, sealed):
                return
            await store.mark_operation_ended(
                connection, due.org_id, due.key, State.UNKNOWN, at, due.request_id, answer.status, ended
            )
            await record_act(connection, due.org_id, "operations.give_up", about, actor=WORKER)
        _log.warning("a write ended without anybody knowing what became of it", extra={"org_id": due.org_id})


def _unsettled(due: Due, scope: Scope) -> Answer:
    """As the last try of it would have answered."""
    call = Call(scope, _receive)
    call.request_id, call.request_ref = due.request_id, ids.encode("req", due.request_id)
    detail = f"The vendor could not be asked in {len(PAUSES)} looks what became of this write."
    return to_answer(ApiProblem(OUTCOME_UNSETTLED, detail), call)


async def _receive() -> Message:
    return {"type": "http.disconnect"}
