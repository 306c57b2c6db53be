"""`GET /v1/operations/{id}`: what has become of a write that nobody waited for."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from service import errors, ids
from service.api import parameters
from service.api.bodies import answer_of
from service.api.call import Answer, Call, Settling
from service.api.inner import call_within
from service.api.operation import Audit, Meter, Operation
from service.clock import Clock, now
from service.connections.errors import ConnectionNotFoundError
from service.connections.open import Connections
from service.connections.store import ConnectionRecord
from service.db.pool import Pool, as_organization
from service.errors import missing
from service.idempotency.claim import HELD_FOR
from service.operations import store
from service.operations.asked import inner_of
from service.operations.ends import Ended
from service.operations.shapes import OperationResult, SlowOperation, Standing
from service.operations.slow import Rim, SlowWrites
from service.operations.store import OperationRow, State

_ENDED = msgspec.msgpack.Decoder(Ended).decode


Still: TypeAlias = Callable[[Call, ConnectionRecord, str], Awaitable[bool]]
"""Whether records of a noun may be handed out through a connection now."""


class Operations:
    """The operations of the caller's organization; `rim` is that of the whole API."""

    def __init__(
        self, pool: Pool, slow: SlowWrites, connections: Connections, still: Still, clock: Clock = now
    ) -> None:
        self._pool = pool
        self._slow = slow
        self._connections = connections
        self._still = still
        self._clock = clock
        self.rim: Rim | None = None

    async def get(self, call: Call) -> Answer:
        """One operation; one that was interrupted is first carried on, where the key that began it asks."""
        operation_id = call.named("op")
        row, record = await self._visible(call, operation_id)
        if self._is_interrupted(row) and row.key_id == call.known_caller.key_id and await self._take(call, row):
            assert self.rim is not None
            again = self.rim.on_behalf_of(call.known_caller, Settling())
            asked = inner_of(self._slow.opened(call.known_caller.org_id, row.asked))
            await call_within(again, call.scope, asked)
            row, record = await self._visible(call, operation_id)
        call.connection_id, call.firm_id, call.vendor = record.id, record.firm_id, record.vendor
        if row.state is State.RUNNING:
            return Answer(200, answer_of(self._told(call, row)).body, headers=((b"retry-after", b"1"),))
        if row.state is State.SUCCEEDED:
            # What was kept goes out now: by a consent that is in force now.
            call.rows = 1 if await self._still(call, record, row.scope.partition(":")[0]) else 0
        return answer_of(self._told(call, row, withheld=row.state is State.SUCCEEDED and not call.rows))

    async def _visible(self, call: Call, operation_id: Any) -> tuple[OperationRow, ConnectionRecord]:
        caller = call.known_caller
        async with as_organization(self._pool, caller.org_id) as connection:
            row = await store.get_operation(connection, caller.org_id, operation_id)
        if row is None or row.scope not in caller.scopes:
            raise missing()
        try:
            return row, await self._connections.get(caller, row.connection_id)
        except ConnectionNotFoundError:
            raise missing() from None

    async def _take(self, call: Call, row: OperationRow) -> bool:
        at, org_id = self._clock(), call.known_caller.org_id
        async with as_organization(self._pool, org_id) as connection:
            return await store.take_operation(connection, org_id, row.id, at, at + HELD_FOR)

    def _is_interrupted(self, row: OperationRow) -> bool:
        return row.state is State.RUNNING and row.held_until < self._clock()

    def _told(self, call: Call, row: OperationRow, *, withheld: bool = False) -> SlowOperation:
        return SlowOperation(
            id=ids.encode("op", row.id),
            operation=row.operation,
            connection=ids.encode("con", row.connection_id),
            state=Standing.INTERRUPTED if self._is_interrupted(row) else Standing(row.state),
            created_at=row.created_at,
            ended_at=row.ended_at,
            result=self._result(call, row, withheld=withheld),
        )

    def _result(self, call: Call, row: OperationRow, *, withheld: bool) -> OperationResult | UnsetType:
        if row.answer is None or row.status is None or row.request_id is None:
            return UNSET
        ended = _ENDED(self._slow.opened(call.known_caller.org_id, row.answer))
        location = dict(ended.headers).get(b"location")
        return OperationResult(
            request_id=ids.encode("req", row.request_id),
            status=row.status,
            location=None if location is None else location.decode(),
            body=msgspec.Raw(ended.body) if ended.body and not withheld else None,
        )


def operation_operations(operations: Operations) -> tuple[Operation, ...]:
    """Asking for an operation."""
    return (
        Operation(
            id="getOperation",
            method="GET",
            path="/v1/operations/{id}",
            tag="operations",
            summary="Get an operation",
            description="What has become of a write that was answered 202. Its result is kept for 30 days.",
            scope=None,
            meter=Meter.NONE,
            audit=Audit.CLIENT_DATA,
            answer=SlowOperation,
            parameters=(parameters.path_id("id", "The operation's id, `op_…`."),),
            problems=(errors.NOT_FOUND,),
            example={
                "object": "operation",
                "id": "op_06bqf9n9p5z1t8k4x2m7c3h0wd",
                "operation": "createClient",
                "connection": "con_06bqf9n9p5z1t8k4x2m7c3h0wd",
                "state": "running",
                "created_at": "2026-11-20T09:30:00Z",
                "ended_at": None,
            },
            run=operations.get,
        ),
    )
