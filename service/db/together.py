"""What is read of one organization at the same moment, in one transaction.

Hot paths remember small things for less than a second, each its own. A call finds them all half-old at once, so their
reads begin together: apart, each would take three round trips more than it needs.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from service.db.pool import Connection, Pool, as_organization

V = TypeVar("V")
Reading: TypeAlias = Callable[[Connection], Awaitable[V]]
_Waiting: TypeAlias = deque[tuple[Reading[Any], "asyncio.Future[Any]"]]


class Together:
    """Reads begun within one turn of the event loop share a transaction; each fails for itself."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: dict[UUID, _Waiting] = {}
        self._at_work: set[asyncio.Task[None]] = set()

    async def read(self, org_id: UUID, reading: Reading[V]) -> V:
        """What `reading` gives, which sees the rows of `org_id` and no others. It only reads: whoever stands beside it
        may fail, and then it may be done a second time."""
        waiting = self._waiting.get(org_id)
        if waiting is None:
            waiting = self._waiting[org_id] = deque()
            task = asyncio.create_task(self._read_all(org_id))
            self._at_work.add(task)
            task.add_done_callback(self._at_work.discard)
        future: asyncio.Future[V] = asyncio.get_running_loop().create_future()
        waiting.append((reading, future))
        return await future

    async def _read_all(self, org_id: UUID) -> None:
        waiting = self._waiting.pop(org_id)
        try:
            while waiting:
                await self._read_some(org_id, waiting)
        finally:
            for _, future in waiting:
                future.cancel()

    async def _read_some(self, org_id: UUID, waiting: _Waiting) -> None:
        """In one transaction, up to the first that fails: that ends it, and the rest take another."""
        is_open = False
        try:
            async with as_organization(self._pool, org_id) as connection:
                is_open = True
                while waiting:
                    reading, future = waiting[0]
                    value = await reading(connection)
                    waiting.popleft()
                    if not future.done():  # nobody waits for it any more
                        future.set_result(value)
        except Exception as error:
            failed = [waiting.popleft()] if is_open and waiting else list(waiting)
            if not is_open:
                waiting.clear()
            for _, future in failed:
                if not future.done():
                    future.set_exception(error)
