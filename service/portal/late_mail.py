"""Mail that the mail server did not take, tried again for an hour. Kept sealed: links in mails open accounts."""

import asyncio
import hashlib
from datetime import timedelta
from typing import Final, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError

from service.accounts.errors import LinkExpiredError
from service.accounts.mailed_links import MailedLinks
from service.clock import Clock, now
from service.portal.mail import Mail, Mailer, MailError
from service.telemetry import log_exception

LASTS: Final = timedelta(hours=1)

_WAITING: Final = "tm:portal:late"
"""Sealed mails by when they are tried next, in seconds."""
_AGAIN_AFTER_S: Final = 30
_LOOKS_EVERY_S: Final = 15.0
_AT_ONCE: Final = 50


class LateMail:
    """What waits, for all processes together."""

    def __init__(self, redis: Redis, mailer: Mailer, seals: MailedLinks, clock: Clock = now) -> None:
        self._redis = redis
        self._mailer = mailer
        self._seals = seals
        self._clock = clock

    async def keep(self, mail: Mail) -> None:
        """Tries it again soon, and for an hour."""
        await self._redis.zadd(_WAITING, {self._seals.seal(mail, LASTS): self._now_s() + _AGAIN_AFTER_S})

    async def send_due(self) -> int:
        """Sends what it is time for; gives how many the mail server took."""
        found = await self._redis.zrange(  # pyright: ignore[reportUnknownMemberType]
            _WAITING, 0, self._now_s(), byscore=True, offset=0, num=_AT_ONCE
        )
        due = cast(list[bytes], found)
        taken = 0
        for sealed in due:
            if await self._is_ours(sealed):
                taken += await self._try(sealed)
        return taken

    async def run(self) -> None:
        """Looks now and then, until it is cancelled."""
        while True:
            try:
                await self.send_due()
            except RedisError as error:
                log_exception(error)
            await asyncio.sleep(_LOOKS_EVERY_S)

    async def _is_ours(self, sealed: bytes) -> bool:
        """One process alone tries a mail; should it die of it, the mail is tried again."""
        name = f"{_WAITING}:{hashlib.blake2b(sealed, digest_size=12).hexdigest()}"
        return bool(await self._redis.set(name, b"1", nx=True, ex=_AGAIN_AFTER_S - 1))

    async def _try(self, sealed: bytes) -> bool:
        try:
            await self._mailer.send(self._seals.open(sealed.decode(), Mail))
        except MailError:
            await self._redis.zadd(_WAITING, {sealed: self._now_s() + _AGAIN_AFTER_S}, xx=True)
            return False
        except LinkExpiredError:
            await self._redis.zrem(_WAITING, sealed)
            return False
        await self._redis.zrem(_WAITING, sealed)
        return True

    def _now_s(self) -> float:
        return self._clock().timestamp()
