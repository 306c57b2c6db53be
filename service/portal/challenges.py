"""Challenges that a passkey signs: one at a time for each browser and purpose, good for five minutes, taken once."""

import hashlib
import secrets
from typing import Final, cast

from redis.asyncio import Redis

_LASTS_S: Final = 300
_BYTES: Final = 32


class Challenges:
    """Counted over all processes; without Redis no passkey works, and the password does."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def new(self, purpose: str, holder: str) -> bytes:
        """A challenge for who holds this form token; the one before it ends."""
        challenge = secrets.token_bytes(_BYTES)
        await self._redis.set(_name(purpose, holder), challenge, ex=_LASTS_S)
        return challenge

    async def take(self, purpose: str, holder: str) -> bytes | None:
        """The challenge, for this one time."""
        return cast(bytes | None, await self._redis.getdel(_name(purpose, holder)))


def _name(purpose: str, holder: str) -> str:
    return f"tm:portal:challenge:{purpose}:{hashlib.blake2b(holder.encode(), digest_size=16).hexdigest()}"
