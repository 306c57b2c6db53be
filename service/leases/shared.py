"""The count that all processes share, in Redis: each call is one round trip of one script."""

import asyncio
import logging
from hashlib import sha1
from itertools import count
from os import urandom
from pathlib import Path
from time import monotonic
from typing import Final, Protocol, cast

from redis.asyncio import Redis, RedisCluster
from redis.exceptions import NoScriptError, RedisError

REDIS_TIMEOUT_S: Final = 0.5
RETRY_S = 1.0

_log = logging.getLogger(__name__)


class _Script:
    """A script beside this module, sent by its digest once Redis knows it."""

    def __init__(self, name: str) -> None:
        self.text: Final = Path(__file__).with_name(name).read_text(encoding="utf-8")
        self.sha: Final = sha1(self.text.encode(), usedforsecurity=False).hexdigest()


_GRANT: Final = _Script("grant.lua")
_PENALIZE: Final = _Script("penalize.lua")


class SharedCount:
    """Leases out of Redis, and whether it is there."""

    def __init__(self, redis: Redis | RedisCluster) -> None:
        self._redis = cast(_Scripts, redis)
        self._process = urandom(6).hex()
        self._numbers = count()
        self._away_until = 0.0
        self._in_doubt = False
        self.round_trips = 0
        self.outages = 0

    async def grant(self, keys: list[str], arguments: list[str | int]) -> list[int] | None:
        """What Redis grants, or None while it is away."""
        if (now := monotonic()) < self._away_until:
            return None
        if self._in_doubt:
            self._away_until = now + REDIS_TIMEOUT_S  # one tries, the others go on counting here
        self.round_trips += 1
        try:
            async with asyncio.timeout(REDIS_TIMEOUT_S):
                granted = cast(list[int], await self._run(_GRANT, keys, arguments))
        except (RedisError, OSError, TimeoutError) as error:
            self._away(error)
            return None
        self._in_doubt, self._away_until = False, 0.0
        return granted

    async def penalize(self, key: str, pause_ms: int) -> None:
        """Closes `key` in every process; a longer pause that is already in force stays."""
        try:
            async with asyncio.timeout(REDIS_TIMEOUT_S):
                await self._run(_PENALIZE, [key], [pause_ms])
        except (RedisError, OSError, TimeoutError) as error:
            self._away(error)

    def lease_name(self) -> str:
        return f"{self._process}{next(self._numbers):x}"

    async def _run(self, script: _Script, keys: list[str], arguments: list[str | int]) -> object:
        try:
            return await self._redis.evalsha(script.sha, len(keys), *keys, *arguments)
        except NoScriptError:
            return await self._redis.eval(script.text, len(keys), *keys, *arguments)

    def _away(self, error: Exception) -> None:
        if not self._in_doubt:
            self.outages += 1
            _log.warning("Redis is away: limits are counted in each process", exc_info=error)
        self._in_doubt, self._away_until = True, monotonic() + RETRY_S


class _Scripts(Protocol):
    """What we use of redis-py's `Redis` and `RedisCluster`; their own stubs are unions of both colours."""

    async def evalsha(self, sha: str, numkeys: int, /, *keys_and_args: str | int) -> object: ...

    async def eval(self, script: str, numkeys: int, /, *keys_and_args: str | int) -> object: ...
