"""One organization's budgets in one process: what a call has to be reserved in, and the exchanges with the database."""

import asyncio
import logging
import time
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import asyncpg

from billing.accounts import Account, get_plan
from billing.budgets import Budget, window_of
from billing.calendar import month_of
from billing.caps_block import Block, Hold
from billing.errors import BillingError, CapsDown
from billing.invocation import Meter
from billing.leases import LeaseKey, settle_and_lease
from billing.prices import Plan, PriceBook
from billing.store import QUERIES, Connection, Pool

ANSWER_WITHIN_S: Final = 5.0
COUNT_EVERY_S: Final = 1.0
MAX_ORGANIZATIONS: Final = 10_000
NO_ANSWER: Final = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    TimeoutError,
)

_log = logging.getLogger(__name__)


class SpendCapReached(BillingError):  # noqa: N818
    """A budget has no room for the call. `ends_at` is when its day or month is over."""

    def __init__(self, budget: Budget, currency: str, spent_minor: int, ends_at: datetime) -> None:
        super().__init__(f"the budget of the {budget.scope} for this {budget.span} is spent")
        self.budget = budget
        self.currency = currency
        self.spent_minor = spent_minor
        self.ends_at = ends_at


class Guard:
    """One organization's budgets in this process."""

    def __init__(self, pool: Pool, book: PriceBook, org_id: UUID) -> None:
        self._pool = pool
        self._book = book
        self._org_id = org_id
        self._account: Account | None = None
        self._by_scope: dict[UUID, list[Budget]] = {}
        self._blocks: dict[LeaseKey, Block] = {}
        self._chosen: dict[tuple[UUID, UUID | None, Meter], tuple[int, tuple[Block, ...]]] = {}
        self._plans: dict[datetime, Plan] = {}
        self._flight: asyncio.Task[None] | None = None
        self._flights = 0
        self._count_at = 0.0
        self.budgets: tuple[Budget, ...] = ()
        self.read_at = 0.0

    @property
    def is_busy(self) -> bool:
        """Whether it holds or owes the database anything."""
        return bool(self._blocks)

    @property
    def held(self) -> int:
        """Parts of budgets in hand."""
        return len(self._blocks)

    def learn(self, budgets: tuple[Budget, ...], account: Account | None, read_at: float) -> None:
        """The budgets as they were at `read_at`."""
        self.read_at = read_at
        if budgets != self.budgets:
            self.budgets, self._account = budgets, account
            self._chosen.clear()
            self._by_scope.clear()
            for budget in budgets:
                self._by_scope.setdefault(budget.scope_id, []).append(budget)

    def try_reserve(
        self, key_id: UUID, connection_id: UUID | None, meter: Meter, units: int, at_ms: int
    ) -> Hold | None:
        """Reserves from what is in hand; None: ask `reserve`. `at_ms` is when the call arrived, in Unix time."""
        blocks = self._blocks_for(key_id, connection_id, meter, at_ms)
        now = time.monotonic()
        for block in blocks:
            if block.left < units or now >= block.deadline:
                return None
        low = False
        for block in blocks:
            block.left -= units
            block.reserved += units
            low = low or block.is_low
        if low and self._flight is None:
            self._start_flight()
        return Hold(self, blocks, units)

    async def reserve(self, key_id: UUID, connection_id: UUID | None, meter: Meter, units: int, at_ms: int) -> Hold:
        """Reserves in every budget that holds the call, or in none. Raises SpendCapReached or CapsDown."""
        while True:
            if (hold := self.try_reserve(key_id, connection_id, meter, units, at_ms)) is not None:
                return hold
            blocks = self._blocks_for(key_id, connection_id, meter, at_ms)
            self._refuse_spent(blocks, units)
            flights = self._flights
            for block in blocks:
                block.waiting += units
            try:
                while self._flights == flights:
                    await self.renew()
            finally:
                for block in blocks:
                    block.waiting -= units
            for block in blocks:
                if block.left < units and block.room < units:
                    block.refuse(units)

    async def beat(self, *, closing: bool = False) -> None:
        """Reports, renews, gives back what was not used lately, forgets what is over."""
        for block in self._blocks.values():
            block.trim(closing=closing)
        await self.renew()
        idle = [key for key, block in self._blocks.items() if block.is_idle]
        for key in idle:
            del self._blocks[key]
        if idle:
            self._chosen.clear()

    async def renew(self) -> None:
        """One exchange with the database; those who come while it is under way wait for the same one."""
        flight = self._flight
        # One that has ended but not landed yet would be awaited without a pause, for ever: its landing needs the loop.
        if flight is None or flight.done():
            flight = self._start_flight()
        await asyncio.shield(flight)

    def _start_flight(self) -> asyncio.Task[None]:
        self._flight = asyncio.create_task(self._exchange())
        self._flight.add_done_callback(self._landed)
        return self._flight

    def _landed(self, task: asyncio.Task[None]) -> None:
        if self._flight is task:
            self._flight = None
        if not task.cancelled() and task.exception() is not None:
            _log.warning("budgets cannot be reserved from (%s)", type(task.exception()).__name__)

    async def _exchange(self) -> None:
        self._flights += 1
        blocks = list(self._blocks.values())
        asks = [block.ask() for block in blocks]
        if not asks:
            return
        sent = time.monotonic()
        may_count = sent >= self._count_at
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S), self._pool.acquire() as connection, connection.transaction():
                await connection.execute(QUERIES["set_organization"], str(self._org_id))
                grants = await settle_and_lease(connection, self._org_id, self._plan_of, asks, may_count=may_count)
        except NO_ANSWER as error:
            raise CapsDown("the budgets cannot be reserved from") from error
        for block, ask, grant in zip(blocks, asks, grants, strict=True):
            if ask.needed > grant.units:
                self._count_at = sent + COUNT_EVERY_S
            if grant.gone:
                self._forget(block)
            block.take(ask, grant, sent)

    def _forget(self, block: Block) -> None:
        """Its budget was taken away."""
        gone = (block.key.scope, block.key.scope_id, block.key.span)
        kept = tuple(one for one in self.budgets if (one.scope, one.scope_id, one.span) != gone)
        self._blocks.pop(block.key, None)
        self._chosen.clear()
        self.learn(kept, self._account, self.read_at)

    async def _plan_of(self, connection: Connection, month_starts_at: datetime) -> Plan:
        plan = self._plans.get(month_starts_at)
        if plan is None:
            assert self._account is not None
            month = month_of(month_starts_at, self._account.time_zone)
            plan = await get_plan(connection, self._book, self._org_id, month.starts_on)
            self._plans = {month_starts_at: plan}
        return plan

    def _refuse_spent(self, blocks: tuple[Block, ...], units: int) -> None:
        now = time.monotonic()
        for block in blocks:
            if block.left < units and now < block.refused_until and units >= block.refused_units:
                assert self._account is not None
                raise SpendCapReached(block.budget, self._account.currency, block.spent_minor, block.key.window.ends_at)

    def _blocks_for(self, key_id: UUID, connection_id: UUID | None, meter: Meter, at_ms: int) -> tuple[Block, ...]:
        chosen = self._chosen.get((key_id, connection_id, meter))
        if chosen is not None and chosen[0] <= at_ms < chosen[0] + 60_000:
            return chosen[1]
        return self._choose(key_id, connection_id, meter, at_ms)

    def _choose(self, key_id: UUID, connection_id: UUID | None, meter: Meter, at_ms: int) -> tuple[Block, ...]:
        """The blocks of every budget that holds such a call, good for the minute: windows begin on whole ones."""
        if self._account is None:
            return ()
        minute_ms = at_ms - at_ms % 60_000
        at = datetime.fromtimestamp(minute_ms / 1000, UTC)
        found: list[Block] = []
        for scope_id in (self._org_id, key_id, connection_id):
            for budget in self._by_scope.get(scope_id, ()) if scope_id is not None else ():
                window = window_of(budget.span, at, self._account.time_zone)
                key = LeaseKey(budget.scope, budget.scope_id, budget.span, window, meter)
                block = self._blocks.get(key)
                if block is None:
                    block = self._blocks[key] = Block(key, budget)
                block.budget = budget
                found.append(block)
        if len(self._chosen) >= MAX_ORGANIZATIONS:
            self._chosen.clear()
        self._chosen[key_id, connection_id, meter] = (minute_ms, tuple(found))
        return tuple(found)
