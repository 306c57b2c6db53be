"""Vendors' limits, counted over all workers: the keeper behind `sdk.budget.BudgetKeeper`."""

from functools import lru_cache
from typing import Final

from redis.asyncio import Redis, RedisCluster

from service.connectors.sdk.budget import BudgetExhausted, BudgetSpec, Limit, Remaining
from service.leases import Leases, NoTokensError

ON_THE_WAY_S: Final = 0.25
"""A call reaches the vendor later than it was counted here, one that opens a connection much later than the next one on
it. So a vendor's sliding window holds calls that have left ours: each is counted for so much longer."""


class RedisBudgetKeeper:
    """Spends vendors' budgets from leases, so that a roomy budget costs no round trip.

    `processes` is how many of ours call vendors: while Redis is away each takes that share of every limit.
    Counts rates only; `BudgetSpec.concurrent` is for who knows when a call ends.
    """

    def __init__(self, redis: Redis | RedisCluster, *, processes: int = 1) -> None:
        self.leases = Leases(redis, "budget", outage_share=processes)

    async def acquire(self, key: str, spec: BudgetSpec, *, wait_s: float) -> Remaining | None:
        """Takes one call from the budget `key`, first come first served.

        Raises BudgetExhausted as soon as it is known that no room comes within `wait_s`. None: no limits.
        """
        if not spec.limits:
            return None
        bucket = self.leases.bucket(key, _counted(spec.limits))
        if not bucket.take():
            try:
                await bucket.acquire(wait_s)
            except NoTokensError as error:
                raise BudgetExhausted(error.retry_after_s) from None
        return Remaining(bucket.limit, bucket.remaining, bucket.reset_s, bucket.spent_in_s)

    async def penalize(self, key: str, spec: BudgetSpec, retry_after_s: float) -> None:
        """Nobody calls under `key` for `retry_after_s`; other processes stop when their lease ends, within 50 ms."""
        if spec.limits:
            await self.leases.bucket(key, _counted(spec.limits)).penalize(retry_after_s)


@lru_cache(maxsize=256)
def _counted(limits: tuple[Limit, ...]) -> tuple[Limit, ...]:
    return tuple(Limit(limit.count, limit.window_s + ON_THE_WAY_S) for limit in limits)
