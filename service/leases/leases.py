"""All buckets of one kind in this process."""

from redis.asyncio import Redis, RedisCluster

from service.connectors.sdk.budget import Limit
from service.leases.bucket import Bucket
from service.leases.shared import SharedCount

MAX_BUCKETS = 10_000
"""A bucket takes about 1.5 kB. A forgotten one loses what it has in hand, never what Redis has counted."""


class Leases:
    """All buckets of one kind in this process. One for our own limits, one for vendors' budgets.

    `outage_share` is the number of processes among which a limit is divided while Redis is away.
    """

    def __init__(self, redis: Redis | RedisCluster, namespace: str, *, outage_share: int = 1) -> None:
        self._shared = SharedCount(redis)
        self._namespace = namespace
        self._outage_share = outage_share
        self._buckets: dict[str, Bucket] = {}

    def bucket(self, key: str, limits: tuple[Limit, ...]) -> Bucket:
        """This process's bucket for `key`. With other limits a known key goes on with what Redis has counted."""
        bucket = self._buckets.get(key)
        if bucket is None or (bucket.limits is not limits and bucket.limits != limits):
            if len(self._buckets) >= MAX_BUCKETS:
                self._forget_idle()
            bucket = self._buckets[key] = self._made(key, limits)
        return bucket

    @property
    def round_trips(self) -> int:
        """Leases asked of Redis."""
        return self._shared.round_trips

    @property
    def outages(self) -> int:
        """How often Redis went away."""
        return self._shared.outages

    def _made(self, key: str, limits: tuple[Limit, ...]) -> Bucket:
        return Bucket(self._shared, f"tm:{{{self._namespace}:{key}}}:", limits, self._outage_share)

    def _forget_idle(self) -> None:
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if not bucket.is_idle()}
        if len(self._buckets) >= MAX_BUCKETS:
            self._buckets.clear()
