"""Spend caps on the hot path: reserve before the vendor is called, settle by the outcome, release on failure.

A process leases units of budgets in blocks and spends them without asking anybody, so a call costs microseconds; with
little left the blocks shrink to what the waiting calls need. Who has no budget is known from memory, less than a second
old. What cannot be checked is refused (CapsDown).

    guard = caps.try_guard(org_id) or await caps.guard(org_id)
    if guard.budgets:
        hold = guard.try_reserve(…) or await guard.reserve(…)      raises SpendCapReached
        …call the vendor…
        if await hold.confirm(): …record the row as billed…         else the call is free: its lease is gone
        hold.settle()       or       hold.release()
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Protocol, TypeVar
from uuid import UUID

from billing.accounts import Account, get_account
from billing.budgets import Budget, list_budgets
from billing.caps_guard import ANSWER_WITHIN_S, MAX_ORGANIZATIONS, NO_ANSWER, Guard
from billing.errors import CapsDown
from billing.prices import PriceBook
from billing.store import QUERIES, Connection, Pool

FELT_WITHIN_S: Final = 0.9
"""How old the list of an organization's budgets may be."""
BEAT_S: Final = 2.0
"""How often a process reports what it used and gives back what it does not."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Reads(Protocol):
    """Does a reading in a transaction that sees one organization, and gives what it gives."""

    async def __call__(self, org_id: UUID, reading: Callable[[Connection], Awaitable[T]], /) -> T: ...


class Caps:
    """All budgets as one process sees them. `pool` is of `tickmark_app`."""

    def __init__(self, pool: Pool, book: PriceBook, reads: Reads | None = None) -> None:
        """Budgets are read by `reads`, where others read at the same moment too."""
        self._pool = pool
        self._read_as = reads or self._read_alone
        self._book = book
        self._guards: dict[UUID, Guard] = {}
        self._reads: dict[UUID, asyncio.Task[Guard]] = {}
        self._beat: asyncio.Task[None] | None = None

    @property
    def leases(self) -> int:
        """Parts of budgets that this process holds."""
        return sum(guard.held for guard in list(self._guards.values()))

    async def start(self) -> None:
        """Begins to report."""
        self._beat = asyncio.create_task(self._beat_forever(), name="spend caps")

    async def close(self) -> None:
        """Reports for the last time and gives back what is not under way."""
        if self._beat is not None:
            self._beat.cancel()
            with suppress(asyncio.CancelledError):
                await self._beat
        for guard in list(self._guards.values()):
            with suppress(CapsDown):
                await guard.beat(closing=True)

    def try_guard(self, org_id: UUID) -> Guard | None:
        """The organization's guard from memory; None: ask `guard`. From half its age on it is read anew beside."""
        guard = self._guards.get(org_id)
        if guard is None:
            return None
        age_s = time.monotonic() - guard.read_at
        if age_s > FELT_WITHIN_S:
            return None
        if age_s > FELT_WITHIN_S / 2 and org_id not in self._reads:
            self._start_read(org_id)
        return guard

    async def guard(self, org_id: UUID) -> Guard:
        """The same, read where it has to be. Raises CapsDown."""
        guard = self.try_guard(org_id)
        if guard is None:
            guard = await asyncio.shield(self._reads.get(org_id) or self._start_read(org_id))
        return guard

    def _start_read(self, org_id: UUID) -> asyncio.Task[Guard]:
        task = self._reads[org_id] = asyncio.create_task(self._read(org_id))
        task.add_done_callback(lambda done: self._read_done(org_id, done))
        return task

    def _read_done(self, org_id: UUID, task: asyncio.Task[Guard]) -> None:
        del self._reads[org_id]
        if not task.cancelled() and task.exception() is not None:
            _log.warning("budgets cannot be read (%s)", type(task.exception()).__name__)

    async def _read(self, org_id: UUID) -> Guard:
        began = time.monotonic()

        async def read(connection: Connection) -> tuple[tuple[Budget, ...], Account | None]:
            budgets = await list_budgets(connection, org_id)
            return budgets, await get_account(connection, org_id) if budgets else None

        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                budgets, account = await self._read_as(org_id, read)
        except NO_ANSWER as error:
            raise CapsDown("the budgets cannot be read") from error
        guard = self._guards.get(org_id)
        if guard is None:
            self._make_room()
            guard = self._guards[org_id] = Guard(self._pool, self._book, org_id)
        guard.learn(budgets, account, began)
        return guard

    async def _read_alone(self, org_id: UUID, reading: Callable[[Connection], Awaitable[T]]) -> T:
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(QUERIES["set_organization"], str(org_id))
            return await reading(connection)

    def _make_room(self) -> None:
        if len(self._guards) >= MAX_ORGANIZATIONS:
            self._guards = {org_id: guard for org_id, guard in self._guards.items() if guard.is_busy}

    async def _beat_forever(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            for guard in list(self._guards.values()):
                if guard.is_busy:
                    try:
                        await guard.beat()
                    except CapsDown:
                        _log.warning("leases of budgets cannot be renewed")
                    except Exception as error:
                        _log.exception("leases of budgets cannot be renewed", exc_info=error)
