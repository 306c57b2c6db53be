"""Passwords: argon2id, off the event loop, a few at a time."""

import asyncio
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from service.accounts.errors import ImpossibleValueError

LEAST_CHARACTERS: Final = 12
MOST_CHARACTERS: Final = 256

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # OWASP's least, read 2026-11-20
_AT_ONCE: Final = 2
"""Each takes 19 MiB and a core for some 20 ms: a flood of sign-ins waits here instead of stopping the API."""
_NOBODYS: Final = _HASHER.hash("the password of nobody")


class Passwords:
    """Hashes and checks passwords for one process."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def hash(self, password: str) -> str:
        """The hash to keep."""
        async with self._room:
            return await asyncio.to_thread(_HASHER.hash, password)

    async def fits(self, password: str, kept: str | None) -> bool:
        """Whether it is the one that was kept; takes as long when there is none."""
        async with self._room:
            return await asyncio.to_thread(_fits, password, kept or _NOBODYS) and kept is not None


def check_password(password: str, email: str) -> str:
    """The password, if it is good enough to keep. Raises ImpossibleValueError, which says what would do.

    Length is what counts (NIST SP 800-63B); no rules about signs and digits.
    """
    if len(password) < LEAST_CHARACTERS:
        raise ImpossibleValueError(f"Use at least {LEAST_CHARACTERS} characters. Four random words do well.")
    if len(password) > MOST_CHARACTERS:
        raise ImpossibleValueError(f"Use at most {MOST_CHARACTERS} characters.")
    if len(set(password)) < 5 or password.lower() in (email, email.partition("@")[0] * 2):
        raise ImpossibleValueError("This password is too easy to guess. Four random words do well.")
    return password


def _fits(password: str, kept: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False
