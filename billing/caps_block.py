"""What a process has in hand of a budget, and what a call holds of that."""

import time
from contextlib import suppress
from typing import Final, Protocol
from uuid import uuid4

from billing.budgets import Budget
from billing.errors import CapsDown
from billing.leases import LEASE_S, Ask, Grant, LeaseKey

REFUSED_FOR_S: Final = 0.1
"""After a refusal the next calls are refused without asking, for so long."""
FIRST_BLOCK: Final = 16
LARGEST_BLOCK: Final = 65_536


class Block:
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


class _Renewing(Protocol):
    async def renew(self) -> None: ...


class Hold:
    """Units reserved for one call, in every budget that holds it. Ends with one `settle` or one `release`."""

    __slots__ = ("_blocks", "_guard", "_leases", "units")

    def __init__(self, guard: _Renewing, blocks: tuple[Block, ...], units: int) -> None:
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
