"""How often a form may be sent. Counted in Redis over all processes; while it is away, in each."""

import hashlib
from typing import Final

from redis.asyncio import Redis

from service.connectors.sdk.budget import Limit
from service.leases import Leases, NoTokensError
from service.portal.visit import Refusal

FORMS: Final = (Limit(60, 60.0),)
"""Any form, from one address."""
SIGN_INS: Final = (Limit(10, 60.0), Limit(50, 3600.0))
"""Passwords tried from one address for one member."""
CODES: Final = (Limit(10, 900.0), Limit(50, 86400.0))
"""Codes tried with one proof of who it is: of a million, three are right at any time."""
STRANGERS: Final = (Limit(20, 900.0),)
"""Passwords tried for one member by all browsers together that never signed in as this member.

A browser that did is counted apart, and a mailed link always opens: guessing locks nobody out.
"""
MAILS: Final = (Limit(5, 900.0),)
"""Mails to one address."""


class Throttle:
    """Counts; the names of people go in as hashes."""

    def __init__(self, redis: Redis) -> None:
        self._leases = Leases(redis, "portal")

    async def spend(self, what: str, limits: tuple[Limit, ...], *whose: str) -> None:
        """Counts one. Raises Refusal (429) when the limit is reached."""
        digest = hashlib.blake2b("\0".join(whose).encode(), digest_size=12).hexdigest()
        try:
            await self._leases.bucket(f"{what}:{digest}", limits).acquire()
        except NoTokensError as error:
            wait_s = max(1, round(error.retry_after_s))
            wait = f"{wait_s} seconds" if wait_s < 90 else f"{round(wait_s / 60)} minutes"
            raise Refusal(429, "Too many attempts", f"Wait {wait}, then try again.") from None
