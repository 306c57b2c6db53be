"""Our own limits: calls a second and a minute for each API key, calls at once, and keys tried by one address.

The edge asks `try_admit` first: synchronous, and enough for nearly every call. Only when it gives None, `await admit`.
Every Admitted is followed by one `release`.
"""

from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import TypeAlias
from uuid import UUID

from msgspec import Struct
from redis.asyncio import Redis, RedisCluster

from service.connectors.sdk.budget import Limit
from service.leases import Bucket, Leases, NoTokensError

MAX_KEYS = 10_000


class Policy(Struct, frozen=True):
    """What one API key may do: every one of `limits`, and at most `concurrent` calls at once over all workers.

    A burst is a window: 100 a second with a burst of 300 is `Limit(300, 3.0)`.
    """

    limits: tuple[Limit, ...]
    concurrent: int = 64


DEFAULT = Policy((Limit(100, 1.0), Limit(3000, 60.0)))
UNKNOWN_KEYS = Policy((Limit(600, 60.0),))
"""Keys that do not exist, tried from one address."""


class Admitted(Struct, frozen=True, gc=False):
    """A call let in, and where the tightest of its limits stands."""

    policy: Policy
    limit: int
    remaining: int
    reset_s: float


class TooManyRequestsError(Exception):
    """One of our own limits is reached: calls per window or, if `concurrent`, calls at once.

    Waiting `retry_after_s` helps; it may be a fraction, the header rounds it up.
    """

    def __init__(self, retry_after_s: float, policy: Policy, *, concurrent: bool = False) -> None:
        super().__init__(f"limit reached; room in {retry_after_s:.3f} s")
        self.retry_after_s = retry_after_s
        self.policy = policy
        self.concurrent = concurrent


class Limits:
    """Admits calls. `workers` is how many processes share the load: each may hold that share of a key's calls at once.

    While Redis is away calls go on: each process then allows a key its whole limit.
    """

    def __init__(
        self,
        redis: Redis | RedisCluster,
        *,
        workers: int = 1,
        default: Policy = DEFAULT,
        unknown: Policy = UNKNOWN_KEYS,
    ) -> None:
        self.leases = Leases(redis, "key")
        self._addresses = Leases(redis, "address")
        self._workers = workers
        self._default = default
        self._unknown = unknown
        self._callers: dict[UUID, _Caller] = {}
        self._slower: dict[int, Policy] = {}

    def policy_of(self, calls_per_minute: int | None) -> Policy | None:
        """That of a key with a limit of its own; None for one that may as much as any. Always the same for the same."""
        if calls_per_minute is None:
            return None
        known = self._slower.get(calls_per_minute)
        if known is None:
            if len(self._slower) >= MAX_KEYS:
                self._slower.clear()
            known = self._slower[calls_per_minute] = _slowed(self._default, calls_per_minute)
        return known

    def try_admit(self, key_id: UUID, policy: Policy | None = None) -> Admitted | None:
        """Admits from what is in hand. None: ask `admit`. Raises TooManyRequestsError when asking is in vain."""
        policy = policy or self._default
        caller = self._callers.get(key_id)
        if caller is None or caller.policy is not policy:
            caller = self._caller(key_id, policy)
        if caller.running >= caller.most:
            raise TooManyRequestsError(1.0, policy, concurrent=True)
        bucket = caller.bucket
        if bucket.take():
            caller.running += 1
            return Admitted(policy, bucket.limit, bucket.remaining, bucket.reset_s)
        if (closed_s := bucket.closed_for()) > 0:
            raise TooManyRequestsError(closed_s, policy)
        return None

    async def admit(self, key_id: UUID, policy: Policy | None = None) -> Admitted:
        """Admits, leasing tokens where needed; never waits for room. Raises TooManyRequestsError."""
        if (admitted := self.try_admit(key_id, policy)) is not None:
            return admitted
        caller = self._callers[key_id]
        caller.running += 1
        try:
            await caller.bucket.acquire()
        except BaseException as error:
            caller.running -= 1
            if isinstance(error, NoTokensError):
                raise TooManyRequestsError(error.retry_after_s, caller.policy) from None
            raise
        return Admitted(caller.policy, caller.bucket.limit, caller.bucket.remaining, caller.bucket.reset_s)

    def release(self, key_id: UUID) -> None:
        """The call has ended. In a `finally`, once for each Admitted."""
        self._callers[key_id].running -= 1

    async def admit_unknown(self, address: str) -> None:
        """Counts a key that does not exist against the address that sent it. Raises TooManyRequestsError.

        An IPv6 customer has a whole /64, so that is what is counted.
        """
        try:
            await self._addresses.bucket(subscriber(address), self._unknown.limits).acquire()
        except NoTokensError as error:
            raise TooManyRequestsError(error.retry_after_s, self._unknown) from None

    def _caller(self, key_id: UUID, policy: Policy) -> "_Caller":
        known = self._callers.get(key_id)
        if known is None and len(self._callers) >= MAX_KEYS:
            self._callers = {key: caller for key, caller in self._callers.items() if caller.running}
        most = max(1, policy.concurrent // self._workers)
        bucket = self.leases.bucket(str(key_id), policy.limits)
        if known is None:
            known = self._callers[key_id] = _Caller(policy, bucket, most)
        else:
            known.policy, known.bucket, known.most = policy, bucket, most
        return known


def rate_limit_headers(admitted: Admitted) -> tuple[bytes, bytes]:
    """The values of `RateLimit-Policy` and `RateLimit` after draft-ietf-httpapi-ratelimit-headers-11.

    Policies are named by their window in seconds; `RateLimit` tells of the tightest one.
    """
    declared = _declare(admitted.policy)
    name, window_s = declared.by_count[admitted.limit]
    return declared.header, b"%b;r=%d;t=%d" % (name, admitted.remaining, min(window_s, ceil(admitted.reset_s)))


def refused_headers(error: TooManyRequestsError) -> tuple[bytes, bytes, bytes]:
    """The same two and `Retry-After` for a refusal: which limit it was shows in how long it takes."""
    declared = _declare(error.policy)
    pause = max(1, ceil(error.retry_after_s))
    name = next((name for name, window_s in declared.windows if pause <= window_s), declared.windows[-1][0])
    return declared.header, b"%b;r=0;t=%d" % (name, pause), b"%d" % pause


def _slowed(policy: Policy, calls_per_minute: int) -> Policy:
    """Every window as tight as the own limit makes it; never wider than what all keys may."""
    own = Limit(calls_per_minute, 60.0)
    kept = [one for one in policy.limits if one.window_s < own.window_s and one.count < own.count]
    wider = [one for one in policy.limits if one.window_s >= own.window_s and one.count <= own.count]
    return Policy((*kept, *(wider or (own,))), policy.concurrent)


class _Caller:
    __slots__ = ("bucket", "most", "policy", "running")

    def __init__(self, policy: Policy, bucket: Bucket, most: int) -> None:
        self.policy = policy
        self.bucket = bucket
        self.most = most
        self.running = 0


_Named: TypeAlias = tuple[bytes, int]
"""A policy's name in the headers, and its window in whole seconds."""


class _Declared(Struct, frozen=True):
    header: bytes
    by_count: dict[int, _Named]
    windows: tuple[_Named, ...]
    """Shortest first."""


_declared: dict[Policy, _Declared] = {}


def _declare(policy: Policy) -> _Declared:
    known = _declared.get(policy)
    if known is None:
        if len(_declared) > 1000:
            _declared.clear()
        limits = sorted(policy.limits, key=lambda limit: limit.window_s)
        windows = tuple((f'"{limit.window_s:g}s"'.encode(), ceil(limit.window_s)) for limit in limits)
        by_count = {limit.count: named for limit, named in zip(limits, windows, strict=True)}
        items = (b"%b;q=%d;w=%d" % (name, limit.count, w) for limit, (name, w) in zip(limits, windows, strict=True))
        known = _declared[policy] = _Declared(b", ".join(items), by_count, windows)
    return known


def subscriber(address: str) -> str:
    """Whom an address belongs to: itself, or the /64 that one IPv6 customer has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unreadable"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Address(int(parsed) >> 64 << 64))
    return address
