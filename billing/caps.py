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
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

import asyncpg

from billing.accounts import Account, get_account, get_plan
from billing.budgets import Budget, list_budgets, window_of
from billing.calendar import month_of
from billing.errors import BillingError, CapsDown
from billing.invocation import Meter
from billing.leases import LEASE_S, Ask, Grant, LeaseKey, settle_and_lease
from billing.prices import Plan, PriceBook
from billing.store import QUERIES, Connection, Pool

FELT_WITHIN_S: Final = 0.9
"""How old the list of an organization's budgets may be."""
BEAT_S: Final = 2.0
"""How often a process reports what it used and gives back what it does not."""
ANSWER_WITHIN_S: Final = 5.0
REFUSED_FOR_S: Final = 0.1
"""After a refusal the next calls are refused without asking, for so long."""
FIRST_BLOCK: Final = 16
LARGEST_BLOCK: Final = 65_536
COUNT_EVERY_S: Final = 1.0
MAX_ORGANIZATIONS: Final = 10_000

_NO_ANSWER = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError)
_log = logging.getLogger(__name__)


class SpendCapReached(BillingError):  # noqa: N818
    """A budget has no room for the call. `ends_at` is when its day or month is over."""

    def __init__(self, budget: Budget, currency: str, spent_minor: int, ends_at: datetime) -> None:
        super().__init__(f"the budget of the {budget.scope} for this {budget.span} is spent")
        self.budget = budget
        self.currency = currency
        self.spent_minor = spent_minor
        self.ends_at = ends_at


class Caps:
    """All budgets as one process sees them. `pool` is of `tickmark_app`."""

    def __init__(self, pool: Pool, book: PriceBook) -> None:
        self._pool = pool
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

    def try_guard(self, org_id: UUID) -> "Guard | None":
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

    async def guard(self, org_id: UUID) -> "Guard":
        """The same, read where it has to be. Raises CapsDown."""
        guard = self.try_guard(org_id)
        if guard is None:
            guard = await asyncio.shield(self._reads.get(org_id) or self._start_read(org_id))
        return guard

    def _start_read(self, org_id: UUID) -> "asyncio.Task[Guard]":
        task = self._reads[org_id] = asyncio.create_task(self._read(org_id))
        task.add_done_callback(lambda done: self._read_done(org_id, done))
        return task

    def _read_done(self, org_id: UUID, task: "asyncio.Task[Guard]") -> None:
        del self._reads[org_id]
        if not task.cancelled() and task.exception() is not None:
            _log.warning("budgets cannot be read (%s)", type(task.exception()).__name__)

    async def _read(self, org_id: UUID) -> "Guard":
        began = time.monotonic()
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S), self._pool.acquire() as connection, connection.transaction():
                await connection.execute(QUERIES["set_organization"], str(org_id))
                budgets = await list_budgets(connection, org_id)
                account = await get_account(connection, org_id) if budgets else None
        except _NO_ANSWER as error:
            raise CapsDown("the budgets cannot be read") from error
        guard = self._guards.get(org_id)
        if guard is None:
            self._make_room()
            guard = self._guards[org_id] = Guard(self._pool, self._book, org_id)
        guard.learn(budgets, account, began)
        return guard

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


class Guard:
    """One organization's budgets in this process."""

    def __init__(self, pool: Pool, book: PriceBook, org_id: UUID) -> None:
        self._pool = pool
        self._book = book
        self._org_id = org_id
        self._account: Account | None = None
        self._by_scope: dict[UUID, list[Budget]] = {}
        self._blocks: dict[LeaseKey, _Block] = {}
        self._chosen: dict[tuple[UUID, UUID | None, Meter], tuple[int, tuple[_Block, ...]]] = {}
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
    ) -> "Hold | None":
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

    async def reserve(self, key_id: UUID, connection_id: UUID | None, meter: Meter, units: int, at_ms: int) -> "Hold":
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

    def _start_flight(self) -> "asyncio.Task[None]":
        self._flight = asyncio.create_task(self._exchange())
        self._flight.add_done_callback(self._landed)
        return self._flight

    def _landed(self, task: "asyncio.Task[None]") -> None:
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
        except _NO_ANSWER as error:
            raise CapsDown("the budgets cannot be reserved from") from error
        for block, ask, grant in zip(blocks, asks, grants, strict=True):
            if ask.needed > grant.units:
                self._count_at = sent + COUNT_EVERY_S
            if grant.gone:
                self._forget(block)
            block.take(ask, grant, sent)

    def _forget(self, block: "_Block") -> None:
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

    def _refuse_spent(self, blocks: "tuple[_Block, ...]", units: int) -> None:
        now = time.monotonic()
        for block in blocks:
            if block.left < units and now < block.refused_until and units >= block.refused_units:
                assert self._account is not None
                raise SpendCapReached(block.budget, self._account.currency, block.spent_minor, block.key.window.ends_at)

    def _blocks_for(self, key_id: UUID, connection_id: UUID | None, meter: Meter, at_ms: int) -> "tuple[_Block, ...]":
        chosen = self._chosen.get((key_id, connection_id, meter))
        if chosen is not None and chosen[0] <= at_ms < chosen[0] + 60_000:
            return chosen[1]
        return self._choose(key_id, connection_id, meter, at_ms)

    def _choose(self, key_id: UUID, connection_id: UUID | None, meter: Meter, at_ms: int) -> "tuple[_Block, ...]":
        """The blocks of every budget that holds such a call, good for the minute: windows begin on whole ones."""
        if self._account is None:
            return ()
        minute_ms = at_ms - at_ms % 60_000
        at = datetime.fromtimestamp(minute_ms / 1000, UTC)
        found: list[_Block] = []
        for scope_id in (self._org_id, key_id, connection_id):
            for budget in self._by_scope.get(scope_id, ()) if scope_id is not None else ():
                window = window_of(budget.span, at, self._account.time_zone)
                key = LeaseKey(budget.scope, budget.scope_id, budget.span, window, meter)
                block = self._blocks.get(key)
                if block is None:
                    block = self._blocks[key] = _Block(key, budget)
                block.budget = budget
                found.append(block)
        if len(self._chosen) >= MAX_ORGANIZATIONS:
            self._chosen.clear()
        self._chosen[key_id, connection_id, meter] = (minute_ms, tuple(found))
        return tuple(found)


class Hold:
    """Units reserved for one call, in every budget that holds it. Ends with one `settle` or one `release`."""

    __slots__ = ("_blocks", "_guard", "_leases", "units")

    def __init__(self, guard: Guard, blocks: "tuple[_Block, ...]", units: int) -> None:
        self._guard = guard
        self._blocks = blocks
        self._leases = [block.holder for block in blocks]
        self.units = units

    @property
    def is_held(self) -> bool:
        """Whether all of it is still ours to spend."""
        now = time.monotonic()
        return all(
            block.holder is holder and now < block.deadline
            for block, holder in zip(self._blocks, self._leases, strict=True)
        )

    async def confirm(self) -> bool:
        """The same, having tried to renew what ran out. False: others may have it, so the call must not be billed."""
        if self.is_held:
            return True
        with suppress(CapsDown):
            await self._guard.renew()
        return self.is_held

    def settle(self, used: int | None = None) -> None:
        """So many units (all of them if not said) are billed: their row is, or may be, in the ledger."""
        spent = self.units if used is None else used
        for block, holder in zip(self._blocks, self._leases, strict=True):
            if block.holder is holder:
                block.reserved -= self.units
                block.spent += spent
                block.left += self.units - spent

    def release(self) -> None:
        """Nothing is billed."""
        self.settle(0)


class _Block:
    """Units of one meter and window of a budget that this process has leased."""

    __slots__ = (
        "_size", "_taken_before", "_tight", "beats_idle", "budget", "deadline", "holder", "key", "known", "left",
        "refused_units", "refused_until", "reserved", "room", "spent", "spent_minor", "waiting",
    )  # fmt: skip

    def __init__(self, key: LeaseKey, budget: Budget) -> None:
        self.key = key
        self.budget = budget
        self.refused_until = 0.0
        self.refused_units = 0
        self.room = 0
        self.spent_minor = 0
        self.waiting = 0
        self._begin()

    def _begin(self) -> None:
        self.holder = uuid4()
        self.known = False
        self.left = 0
        self.reserved = 0
        self.spent = 0
        self.deadline = 0.0
        self.beats_idle = 0
        self._size = FIRST_BLOCK
        self._taken_before = 0
        self._tight = False

    @property
    def is_low(self) -> bool:
        """Whether the next block should be asked for before this one is used up."""
        return self.left < self._size // 2 and not self._tight

    @property
    def is_idle(self) -> bool:
        """Nothing held, nothing owed, nobody waiting for a while."""
        return self.beats_idle > 2 and not (self.left or self.reserved or self.waiting)

    def ask(self) -> Ask:
        """What to say to the database now."""
        lacking = max(0, self.waiting - self.left)
        wanted = 0
        if lacking or self.is_low:
            wanted = max(lacking, self._size)
        return Ask(self.key, self.holder, self.spent, self.left + self.reserved, wanted, lacking, self.known)

    def take(self, ask: Ask, grant: Grant, sent: float) -> None:
        """What the database answered to an ask that was sent at that instant."""
        if grant.lost:
            self._begin()
            return
        self.known = True
        self.left += grant.units
        self.deadline = sent + LEASE_S
        self.spent_minor = grant.spent_minor
        if ask.wanted:
            self.room = grant.room
            cut = grant.units < ask.wanted
            self._size = max(FIRST_BLOCK, grant.units) if cut else min(LARGEST_BLOCK, 2 * self._size)
            self._tight = grant.units < FIRST_BLOCK

    def refuse(self, units: int) -> None:
        """The database had no room for so many."""
        self.refused_until = time.monotonic() + REFUSED_FOR_S
        self.refused_units = units

    def trim(self, *, closing: bool) -> None:
        """Gives back what is more than twice of what was used since the last time."""
        taken = self.spent + self.reserved - self._taken_before
        self._taken_before = self.spent + self.reserved
        keep = 0 if closing else 2 * max(0, taken)
        if self.left > keep:
            self._size = max(FIRST_BLOCK, keep)
            self.left = keep
        self._tight = self._tight and taken > 0
        self.beats_idle = 0 if taken else self.beats_idle + 1
