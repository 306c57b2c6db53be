"""One key's tokens in this process: spent here, leased from the shared count."""

import asyncio
from collections import deque
from math import ceil
from time import monotonic, monotonic_ns

from service.connectors.sdk.budget import Limit
from service.leases.local import LocalWindow
from service.leases.pace import Pace
from service.leases.shared import SharedCount

LEASE_S = 0.05
"""How long a lease may be spent, unless Redis answers more slowly than that."""


class NoTokensError(Exception):
    """No token can be had within the time allowed; there may be one after `retry_after_s`."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"no room for {retry_after_s:.3f} s")
        self.retry_after_s = retry_after_s


class Bucket:
    """One key's tokens in this process. For one event loop."""

    __slots__ = (
        "_arguments",
        "_block",
        "_closed_until",
        "_expires_ns",
        "_granted",
        "_keys",
        "_largest",
        "_left",
        "_local",
        "_member",
        "_outage_share",
        "_pace",
        "_pump",
        "_reset_at",
        "_shared",
        "_ttl_s",
        "_unleased",
        "_waiting",
        "last_use_ns",
        "limit",
        "limits",
    )

    def __init__(self, shared: SharedCount, prefix: str, limits: tuple[Limit, ...], outage_share: int) -> None:
        if len({limit.window_s for limit in limits}) < max(1, len(limits)):
            raise ValueError("a bucket needs limits, each over a window of its own")
        self._shared = shared
        self._outage_share = outage_share
        self.limits = limits
        self.limit = min(limits, key=_rate).count
        self._keys = [f"{prefix}p", *(f"{prefix}{limit.window_s:g}" for limit in limits)]
        self._arguments = [part for limit in limits for part in (limit.count, round(limit.window_s * 1e6))]
        self._largest = max(1, int(min(_rate(limit) for limit in limits) * LEASE_S))
        self._block: int = max(1, self._largest // 16)
        self._ttl_s = LEASE_S
        self._left: int = 0
        self._granted: int = 0
        self._unleased: int = 0
        self._member = ""
        self._expires_ns = 0
        self.last_use_ns = 0
        """When a token was last spent, on the monotonic clock."""
        self._closed_until = self._reset_at = 0.0
        self._pace = Pace()
        self._waiting: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._pump: asyncio.Task[None] | None = None
        self._local: LocalWindow | None = None

    def take(self) -> bool:
        """Spends a token that is in hand. False: none is, so `acquire` or `closed_for`."""
        if self._left > 0:
            now = monotonic_ns()
            if now < self._expires_ns:
                self._left -= 1
                self.last_use_ns = now
                return True
        return False

    async def acquire(self, wait_s: float = 0.0) -> None:
        """Spends a token, leasing more where needed; waits for room at most `wait_s`, first come first served.

        Raises NoTokensError as soon as the wait is known to be in vain.
        """
        if self.take():
            return
        if self.closed_for() > wait_s:
            raise NoTokensError(self.closed_for())
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((monotonic() + wait_s, turn))
        if self._pump is None:
            self._pump = asyncio.create_task(self._serve())
        await turn

    def closed_for(self) -> float:
        """Seconds until asking makes sense again; 0 when it does now."""
        return max(0.0, self._closed_until - monotonic())

    @property
    def remaining(self) -> int:
        """Tokens left of the tightest limit, as of the last lease."""
        return self._unleased + self._left

    @property
    def reset_s(self) -> float:
        """Seconds until the tightest limit is whole again, if nobody spends."""
        return max(0.0, self._reset_at - monotonic())

    @property
    def spent_in_s(self) -> float | None:
        """Seconds until nothing remains, if all processes go on as in the last seconds; None where it will not end."""
        return self._pace.spent_in_s(self.remaining)

    async def penalize(self, pause_s: float) -> None:
        """Closes the bucket for `pause_s`: here at once, in other processes when their lease ends."""
        self._left = 0
        self._close(pause_s)
        await self._shared.penalize(self._keys[0], max(1, ceil(pause_s * 1000)))

    def is_idle(self) -> bool:
        return self._pump is None and self._closed_until < monotonic() and self._expires_ns < monotonic_ns()

    async def _serve(self) -> None:
        """Leases until nobody waits: the one flight of this bucket."""
        try:
            while self._drop_cancelled():
                if (pause_s := self.closed_for()) > 0:
                    await asyncio.sleep(pause_s)
                else:
                    await self._lease()
                self._serve_waiting()
        except Exception as error:  # theirs who wait, not the pump's
            self._fail_waiting(error)
        finally:
            self._pump = None
            self._fail_waiting(None)

    def _fail_waiting(self, error: Exception | None) -> None:
        for _, turn in self._waiting:
            if turn.done():
                continue
            if error is None:
                turn.cancel()
            else:
                turn.set_exception(error)
        self._waiting.clear()

    def _drop_cancelled(self) -> bool:
        while self._waiting and self._waiting[0][1].done():
            self._waiting.popleft()
        return bool(self._waiting)

    def _serve_waiting(self) -> None:
        while self._drop_cancelled() and self.take():
            self._waiting.popleft()[1].set_result(None)
        opens_at, pause_s = self._closed_until, self.closed_for()
        if pause_s == 0:
            return
        staying = deque[tuple[float, asyncio.Future[None]]]()
        for deadline, turn in self._waiting:
            if turn.done():
                continue
            if deadline < opens_at:
                turn.set_exception(NoTokensError(pause_s))
            else:
                staying.append((deadline, turn))
        self._waiting = staying

    async def _lease(self) -> None:
        self._adapt()
        sent = monotonic_ns()
        name, needed = self._shared.lease_name(), len(self._waiting)
        spent = self._granted - self._left
        settled: list[str | int] = [
            self._member,
            self._granted,
            spent,
            (sent - self.last_use_ns) // 1000 if spent else 0,
        ]
        self._left = self._granted = 0
        self._member = ""
        answer = await self._shared.grant(
            self._keys,
            [name, max(self._block, needed), needed, round(self._ttl_s * 1e6), *settled, *self._arguments],
        )
        if answer is None:
            self._lease_locally(needed)
            return
        self._local = None
        self._granted, wait_us, self._unleased, self.limit, reset_us = answer
        arrived = monotonic_ns()
        self._reset_at = arrived / 1e9 + reset_us / 1e6
        if arrived / 1e9 - self._pace.noted_at >= LEASE_S:
            self._pace.note(self._unleased + self._granted, arrived / 1e9)
        if self._granted == 0:
            self._close(wait_us / 1e6)
            return
        self._left, self._member, self.last_use_ns = self._granted, f"{name}:{self._granted}", sent
        self._expires_ns = sent + round(self._ttl_s * 1e9)
        if arrived >= self._expires_ns:  # too slow to be of use: it goes back with the next one, which lives longer
            self._ttl_s = min(2 * self._ttl_s, 1.0)

    def _adapt(self) -> None:
        """Twice as many when the last lease was used up, as many as were used when it expired."""
        if self._granted and self._left == 0:
            self._block = min(self._largest, 2 * self._block)
            self._ttl_s = max(LEASE_S, self._ttl_s * 0.9)
        elif self._granted and 2 * self._left > self._granted:
            self._block = max(1, self._granted - self._left)

    def _lease_locally(self, needed: int) -> None:
        if self._local is None:
            self._local = LocalWindow(self.limits, self._outage_share, LEASE_S)
        granted, pause_s, self._unleased = self._local.grant(min(max(self._block, needed), 1000))
        self._left = granted
        self._expires_ns = monotonic_ns() + round(LEASE_S * 1e9)
        if granted == 0:
            self._close(pause_s)

    def _close(self, pause_s: float) -> None:
        self._closed_until = max(self._closed_until, monotonic() + pause_s)


def _rate(limit: Limit) -> float:
    return limit.count / limit.window_s
