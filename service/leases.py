"""Rate limits over all processes: tokens leased in blocks from Redis and spent here.

A `Bucket` is one key's tokens in this process. `take` spends one that is in hand, in well under a microsecond;
`acquire` leases more, one round trip for everybody who waits.

**What is promised.** In no window of `window_s` do all processes together spend more than `count` tokens. A lease may
be spent until it expires, so Redis keeps it in the window from the moment it is given until its expiry plus `window_s`.
The next lease settles the one before: what was not spent goes back, and what was spent leaves the window counted from
its last use. The price is paid in throughput, never in overshoot: a limit under contention yields a little less.

**Size.** A bucket starts with single tokens (or a sixteenth of what `LEASE_S` of the limit is worth), doubles while its
leases are used up, and shrinks when they expire. A limit below 40 a second is therefore always leased one by one.

**Redis away.** Each process then counts by itself for `RETRY_S` at a time, within the limit divided by `outage_share`:
the number of processes where the limit is a vendor's (still nothing over it), 1 where it is ours (calls go on, and a
limit may be exceeded by as many times as there are processes). The window in which Redis goes or comes back may see
both counts, and a Redis that lost its memory begins at zero.
"""

import asyncio
import logging
from collections import deque
from hashlib import sha1
from itertools import count
from math import ceil, inf
from os import urandom
from time import monotonic, monotonic_ns
from typing import Protocol, cast

from redis.asyncio import Redis, RedisCluster
from redis.exceptions import NoScriptError, RedisError

from service.connectors.sdk.budget import Limit

LEASE_S = 0.05
"""How long a lease may be spent, unless Redis answers more slowly than that."""
REDIS_TIMEOUT_S = 0.5
RETRY_S = 1.0
PACE_S = 5.0
"""Over how long the pace of spending is told from."""
FORECAST_S = 3600.0
"""How far a forecast looks."""
MAX_BUCKETS = 10_000
"""A bucket takes about 1.5 kB. A forgotten one loses what it has in hand, never what Redis has counted."""

_log = logging.getLogger(__name__)

_GRANT = """
-- KEYS: the penalty, then one sorted set per limit. In a set: member "<lease>:<tokens>", score = when it leaves the
-- window in µs; member "#", score = minus the tokens in the window: a set is whole or gone, never half evicted.
-- ARGV: lease, tokens wanted, tokens needed, lease in µs, the settled lease's member or "", its tokens, tokens spent
-- of it, µs since its last use, then count and window in µs of each limit.
-- Gives: tokens, µs to wait, remaining, the tightest limit's count, reset in µs.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local wanted, needed, ttl = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local settled, held, spent, age = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local function text(number) return string.format('%.0f', number) end
local used, room, tightest = {}, math.huge, 2
for i = 2, #KEYS do
  local limit, window = tonumber(ARGV[2 * i + 5]), tonumber(ARGV[2 * i + 6])
  local total = -tonumber(redis.call('ZSCORE', KEYS[i], '#') or 0)
  local left = redis.call('ZRANGE', KEYS[i], '(0', text(now), 'BYSCORE')
  for _, member in ipairs(left) do total = total - tonumber(string.match(member, ':(%d+)$')) end
  if #left > 0 then redis.call('ZREMRANGEBYSCORE', KEYS[i], '(0', text(now)) end
  if settled ~= '' and redis.call('ZREM', KEYS[i], settled) == 1 then
    total = total - held + spent
    if spent > 0 then
      local leaves = now - age + window
      if limit > 1000 then  -- merged into at most 250 entries, each leaving a little later than it could
        local grain = window / 250
        leaves = math.ceil(math.ceil(leaves / grain) * grain)
        local known = redis.call('ZRANGE', KEYS[i], text(leaves), text(leaves), 'BYSCORE')
        local sum = spent
        for _, member in ipairs(known) do
          sum = sum + tonumber(string.match(member, ':(%d+)$'))
          redis.call('ZREM', KEYS[i], member)
        end
        redis.call('ZADD', KEYS[i], text(leaves), text(leaves) .. ':' .. text(sum))
      else
        redis.call('ZADD', KEYS[i], text(leaves), settled .. ':' .. text(spent))
      end
    end
  end
  used[i] = total
  if limit - total < room then room, tightest = limit - total, i end
end
local wait = math.max(0, redis.call('PTTL', KEYS[1]) * 1000)
local grant = 0
if wait == 0 and room >= 1 then
  grant = math.min(room, math.max(needed, math.min(wanted, math.floor(room / 2))))
end
local reset = 0
for i = 2, #KEYS do
  local limit, window = tonumber(ARGV[2 * i + 5]), tonumber(ARGV[2 * i + 6])
  if grant > 0 then
    local added = redis.call('ZADD', KEYS[i], text(now + ttl + window), ARGV[1] .. ':' .. text(grant))
    used[i] = used[i] + grant * added  -- 0 when the client library sends the same lease again
  elseif used[i] >= limit then
    local first = redis.call('ZRANGE', KEYS[i], '(0', '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
    if first[2] then wait = math.max(wait, tonumber(first[2]) - now) end
    if limit >= 1000 then wait = math.max(wait, math.min(window / 200, 10000)) end
  end
  redis.call('ZADD', KEYS[i], text(-used[i]), '#')
  redis.call('PEXPIRE', KEYS[i], text(math.ceil((window + ttl) / 1000) + 1000))
  if i == tightest then
    local last = redis.call('ZRANGE', KEYS[i], 0, 0, 'REV', 'WITHSCORES')
    reset = math.max(0, tonumber(last[2]) - now)
  end
end
return {grant, math.ceil(wait), math.max(0, room - grant), tonumber(ARGV[2 * tightest + 5]), math.ceil(reset)}
"""

_PENALIZE = """
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '1', 'PX', ARGV[1]) end
return 0
"""


class NoTokensError(Exception):
    """No token can be had within the time allowed; there may be one after `retry_after_s`."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"no room for {retry_after_s:.3f} s")
        self.retry_after_s = retry_after_s


class Leases:
    """All buckets of one kind in this process. One for our own limits, one for vendors' budgets.

    `outage_share` is the number of processes among which a limit is divided while Redis is away.
    """

    def __init__(self, redis: Redis | RedisCluster, namespace: str, *, outage_share: int = 1) -> None:
        self._redis = cast(_Scripts, redis)
        self._namespace = namespace
        self._outage_share = outage_share
        self._buckets: dict[str, Bucket] = {}
        self._process = urandom(6).hex()
        self._numbers = count()
        self._away_until = 0.0
        self._in_doubt = False
        self.round_trips = 0
        self.outages = 0

    def bucket(self, key: str, limits: tuple[Limit, ...]) -> "Bucket":
        """This process's bucket for `key`. With other limits a known key goes on with what Redis has counted."""
        bucket = self._buckets.get(key)
        if bucket is None or (bucket.limits is not limits and bucket.limits != limits):
            if len(self._buckets) >= MAX_BUCKETS:
                self._forget_idle()
            bucket = self._buckets[key] = Bucket(self, f"tm:{{{self._namespace}:{key}}}:", limits)
        return bucket

    async def grant(self, keys: list[str], arguments: list[str | int]) -> list[int] | None:
        """What Redis grants, or None while it is away."""
        if (now := monotonic()) < self._away_until:
            return None
        if self._in_doubt:
            self._away_until = now + REDIS_TIMEOUT_S  # one tries, the others go on counting here
        self.round_trips += 1
        try:
            async with asyncio.timeout(REDIS_TIMEOUT_S):
                granted = cast(list[int], await self._run(_GRANT, _GRANT_SHA, keys, arguments))
        except (RedisError, OSError, TimeoutError) as error:
            self._away(error)
            return None
        self._in_doubt, self._away_until = False, 0.0
        return granted

    async def penalize(self, key: str, pause_ms: int) -> None:
        """Closes `key` in every process; a longer pause that is already in force stays."""
        try:
            async with asyncio.timeout(REDIS_TIMEOUT_S):
                await self._run(_PENALIZE, _PENALIZE_SHA, [key], [pause_ms])
        except (RedisError, OSError, TimeoutError) as error:
            self._away(error)

    def lease_name(self) -> str:
        return f"{self._process}{next(self._numbers):x}"

    def local_window(self, limits: tuple[Limit, ...]) -> "LocalWindow":
        return LocalWindow(tuple(_share(limit, self._outage_share) for limit in limits))

    async def _run(self, script: str, sha: str, keys: list[str], arguments: list[str | int]) -> object:
        try:
            return await self._redis.evalsha(sha, len(keys), *keys, *arguments)
        except NoScriptError:
            return await self._redis.eval(script, len(keys), *keys, *arguments)

    def _away(self, error: Exception) -> None:
        if not self._in_doubt:
            self.outages += 1
            _log.warning("Redis is away: limits are counted in each process", exc_info=error)
        self._in_doubt, self._away_until = True, monotonic() + RETRY_S

    def _forget_idle(self) -> None:
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if not bucket.is_idle()}
        if len(self._buckets) >= MAX_BUCKETS:
            self._buckets.clear()


class Bucket:
    """One key's tokens in this process. For one event loop."""

    __slots__ = (
        "_arguments",
        "_block",
        "_closed_until",
        "_expires_ns",
        "_falling",
        "_granted",
        "_keys",
        "_largest",
        "_leases",
        "_left",
        "_level",
        "_level_at",
        "_local",
        "_member",
        "_pump",
        "_reset_at",
        "_ttl_s",
        "_unleased",
        "_waiting",
        "last_use_ns",
        "limit",
        "limits",
    )

    def __init__(self, leases: Leases, prefix: str, limits: tuple[Limit, ...]) -> None:
        if len({limit.window_s for limit in limits}) < max(1, len(limits)):
            raise ValueError("a bucket needs limits, each over a window of its own")
        self._leases = leases
        self.limits = limits
        self.limit = min(limits, key=_rate).count
        self._keys = [f"{prefix}p", *(f"{prefix}{limit.window_s:g}" for limit in limits)]
        self._arguments = [part for limit in limits for part in (limit.count, round(limit.window_s * 1e6))]
        self._largest = max(1, int(min(_rate(limit) for limit in limits) * LEASE_S))
        self._block = max(1, self._largest // 16)
        self._ttl_s = LEASE_S
        self._left = self._granted = self._unleased = 0
        self._member = ""
        self._expires_ns = 0
        self.last_use_ns = 0
        """When a token was last spent, on the monotonic clock."""
        self._closed_until = self._reset_at = 0.0
        self._level = 0
        self._level_at = self._falling = 0.0
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
        if self._falling <= 0.0:
            return None
        spent_s = self.remaining / self._falling
        return spent_s if spent_s < FORECAST_S else None

    async def penalize(self, pause_s: float) -> None:
        """Closes the bucket for `pause_s`: here at once, in other processes when their lease ends."""
        self._left = 0
        self._close(pause_s)
        await self._leases.penalize(self._keys[0], max(1, ceil(pause_s * 1000)))

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
        name, needed = self._leases.lease_name(), len(self._waiting)
        spent = self._granted - self._left
        settled: list[str | int] = [
            self._member,
            self._granted,
            spent,
            (sent - self.last_use_ns) // 1000 if spent else 0,
        ]
        self._left = self._granted = 0
        self._member = ""
        answer = await self._leases.grant(
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
        self._note_level(self._unleased + self._granted, arrived / 1e9)
        if self._granted == 0:
            self._close(wait_us / 1e6)
            return
        self._left, self._member, self.last_use_ns = self._granted, f"{name}:{self._granted}", sent
        self._expires_ns = sent + round(self._ttl_s * 1e9)
        if arrived >= self._expires_ns:  # too slow to be of use: it goes back with the next one, which lives longer
            self._ttl_s = min(2 * self._ttl_s, 1.0)

    def _note_level(self, level: int, at: float) -> None:
        """How fast tokens go away, those that come back set off: a mean over the last seconds."""
        passed_s = at - self._level_at
        if passed_s < LEASE_S:
            return
        if passed_s < PACE_S:
            self._falling += (passed_s / PACE_S) * ((self._level - level) / passed_s - self._falling)
        else:
            self._falling = 0.0  # whatever was before tells nothing of now
        self._level, self._level_at = level, at

    def _adapt(self) -> None:
        """Twice as many when the last lease was used up, as many as were used when it expired."""
        if self._granted and self._left == 0:
            self._block = min(self._largest, 2 * self._block)
            self._ttl_s = max(LEASE_S, self._ttl_s * 0.9)
        elif self._granted and 2 * self._left > self._granted:
            self._block = max(1, self._granted - self._left)

    def _lease_locally(self, needed: int) -> None:
        if self._local is None:
            self._local = self._leases.local_window(self.limits)
        granted, pause_s, self._unleased = self._local.grant(min(max(self._block, needed), 1000))
        self._left = granted
        self._expires_ns = monotonic_ns() + round(LEASE_S * 1e9)
        if granted == 0:
            self._close(pause_s)

    def _close(self, pause_s: float) -> None:
        self._closed_until = max(self._closed_until, monotonic() + pause_s)


class LocalWindow:
    """The same count within one process, for as long as Redis is away. Every token counts as spent."""

    def __init__(self, limits: tuple[Limit, ...]) -> None:
        self._limits = limits
        self._spent: tuple[deque[tuple[float, int]], ...] = tuple(deque[tuple[float, int]]() for _ in limits)

    def grant(self, wanted: int) -> tuple[int, float, int]:
        """Tokens, seconds to wait if there are none, and what remains."""
        now, room, pause_s = monotonic(), inf, 0.0
        for limit, spent in zip(self._limits, self._spent, strict=True):
            while spent and spent[0][0] <= now:
                spent.popleft()
            free = limit.count - sum(tokens for _, tokens in spent)
            room = min(room, free)
            if free < 1:
                pause_s = max(pause_s, spent[0][0] - now)
        granted = max(0, min(wanted, int(room)))
        if granted:
            for limit, spent in zip(self._limits, self._spent, strict=True):
                spent.append((now + LEASE_S + limit.window_s, granted))
        return granted, pause_s, int(room) - granted


class _Scripts(Protocol):
    """What we use of redis-py's `Redis` and `RedisCluster`; their own stubs are unions of both colours."""

    async def evalsha(self, sha: str, numkeys: int, /, *keys_and_args: str | int) -> object: ...

    async def eval(self, script: str, numkeys: int, /, *keys_and_args: str | int) -> object: ...


def _share(limit: Limit, processes: int) -> Limit:
    if limit.count >= processes:
        return Limit(limit.count // processes, limit.window_s)
    return Limit(1, limit.window_s * processes / limit.count)


def _rate(limit: Limit) -> float:
    return limit.count / limit.window_s


_GRANT_SHA, _PENALIZE_SHA = (sha1(script.encode(), usedforsecurity=False).hexdigest() for script in (_GRANT, _PENALIZE))
