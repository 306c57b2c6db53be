"""Whose key is this? Asked on every call, so answered from memory; a revoked key is refused within a second."""

import hashlib
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import asyncpg

from service.accounts import store
from service.accounts.caller import Caller
from service.accounts.errors import (
    ExpiredKeyError,
    KeyRefusedError,
    RevokedKeyError,
    UnknownKeyError,
)
from service.accounts.tokens import Peppers, check_token, hash_token
from service.clock import Clock, now
from service.db.pool import AWAY, Pool, as_organization
from service.db.recent import CHANGES_ARE_FELT_WITHIN_S, Recent

_REFUSED_REMEMBERED = 10_000


class KeyRing:
    """The keys in use, as seen by one process.

    Tokens are remembered only as a digest under a key that dies with the process. Refused ones are remembered apart,
    so that a flood of invented tokens pushes no good one out.
    """

    def __init__(
        self, pool: Pool, peppers: Peppers, clock: Clock = now, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._pool = pool
        self._peppers = peppers
        self._clock = clock
        self._monotonic = monotonic
        self._digest_key = secrets.token_bytes(32)
        self._known: Recent[bytes, Caller] = Recent(monotonic=monotonic)
        self._refused: dict[bytes, tuple[float, type[KeyRefusedError]]] = {}
        self._used: dict[tuple[UUID, UUID], datetime] = {}

    async def caller(self, token: str) -> Caller:
        """The caller with this token. Raises UnknownKeyError, ExpiredKeyError or RevokedKeyError."""
        digest = hashlib.blake2b(token.encode(), digest_size=16, key=self._digest_key).digest()
        if self._refused:
            refused = self._refused.get(digest)
            if refused is not None and self._monotonic() - refused[0] < CHANGES_ARE_FELT_WITHIN_S:
                raise refused[1]
        caller = await self._known.get(digest, lambda: self._read(token, digest))
        if caller.expires_at is not None and caller.expires_at <= self._clock():
            raise ExpiredKeyError
        return caller

    async def write_last_used(self) -> None:
        """Writes when each key was last used since the last time; called now and then, and once at the end."""
        used, self._used = self._used, {}
        by_organization: dict[UUID, dict[UUID, datetime]] = {}
        for (org_id, key_id), at in used.items():
            by_organization.setdefault(org_id, {})[key_id] = at
        try:
            for org_id, keys in by_organization.items():
                async with as_organization(self._pool, org_id) as connection:
                    await store.mark_keys_used(connection, org_id, keys)
        except (asyncpg.PostgresError, *AWAY):
            self._used = used | self._used
            raise

    async def _read(self, token: str, digest: bytes) -> Caller:
        began = self._monotonic()
        try:
            caller = await self._look_up(token)
        except KeyRefusedError as refusal:
            self._refused.pop(digest, None)
            self._refused[digest] = (began, type(refusal))
            if len(self._refused) > _REFUSED_REMEMBERED:
                del self._refused[next(iter(self._refused))]
            raise
        self._used[caller.org_id, caller.key_id] = self._clock()
        return caller

    async def _look_up(self, token: str) -> Caller:
        check_token(token)
        hashes = [hash_token(token, pepper) for pepper in self._peppers.by_version.values()]
        found = await store.authenticate_key(self._pool, hashes)
        if found is None:
            raise UnknownKeyError
        caller, revoked_at = found
        if revoked_at is not None:
            raise RevokedKeyError
        if caller.expires_at is not None and caller.expires_at <= self._clock():
            raise ExpiredKeyError
        return caller
