"""Claiming a write: at most one try at a time holds an Idempotency-Key, and a finished one keeps its answer.

claimed       the first try, or the next after one that ended without an answer: go on
replayed      the same request was answered before: its answer again, free of charge
in flight     another try holds it: 409
reused        the key belongs to another request: 422

A try that died holds its claim until `HELD_FOR`; then the same request may be sent again. The vendor is given a key
derived from ours, so a second try cannot do the write twice where the vendor keeps keys.

A write is in doubt when a try of it died, or ended without anybody knowing what it did: see `doubt.py`.
"""

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from service.clock import Clock, now
from service.db.pool import AWAY, Connection, Pool, as_organization
from service.errors import IDEMPOTENCY_IN_FLIGHT, IDEMPOTENCY_KEY_REUSED, ApiProblem
from service.idempotency import store
from service.idempotency.store import Due
from service.telemetry import log_exception

KEPT_FOR: Final = timedelta(days=30)
HELD_FOR: Final = timedelta(seconds=60)
"""Longer than any write may take but an upload, whose claim is prolonged; a claim that is over is a dead try's."""
LOOKED_AT_AFTER: Final = timedelta(seconds=30)
"""Since a try can hold its claim no longer: the caller has had the time to send the request again."""
_NONCE_BYTES: Final = 12


class KeptAnswer(Struct, frozen=True, array_like=True):
    """An answer as it is kept: sealed, because it holds a client's data."""

    status: int
    media_type: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    request_id: UUID | None = None
    """Under which the write is recorded; None for what was kept before that was."""


class Asked(Struct, frozen=True):
    """What was asked and by which API key: enough to make the same request again."""

    key_id: UUID
    request: bytes


class Claim(Struct, frozen=True):
    """The right to carry out a write."""

    org_id: UUID
    key: str
    """The caller's key as it is kept."""
    request_id: UUID
    earlier_request_ids: tuple[UUID, ...] = ()
    """The tries before this one: each ended without an answer worth keeping."""
    in_doubt: bool = False
    """One of them may have done the write."""
    age: timedelta = timedelta(0)
    """Since the first try."""

    @property
    def vendor_key(self) -> str:
        """The idempotency key for the vendor: the same for every try, and of nobody else's (32 characters)."""
        return hashlib.blake2b(self.key.encode(), digest_size=16, key=self.org_id.bytes).hexdigest()


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(KeptAnswer).decode


def fingerprint(method: str, path: str, connection: bytes, body: bytes) -> bytes:
    """What makes two requests the same one."""
    parts = hashlib.sha256()
    for part in (method.encode(), path.encode(), connection, body):
        parts.update(len(part).to_bytes(8, "big") + part)
    return parts.digest()


class Idempotency:
    """Claims and kept answers; `key` (32 bytes) seals the answers, and what was asked while it is in doubt."""

    def __init__(self, pool: Pool, key: bytes, clock: Clock = now) -> None:
        self._pool = pool
        self._cipher = AESGCM(key)
        self._clock = clock

    async def claim(
        self, org_id: UUID, key: str, print_: bytes, request_id: UUID, asked: Asked | None = None
    ) -> Claim | KeptAnswer:
        """The right to write, or the answer of the write that has already happened; a 409 or 422 problem otherwise.

        What becomes of a write whose `asked` is given is looked after, should this try leave it in doubt.
        """
        at, key = self._clock(), kept_as(org_id, key)
        sealed = None if asked is None else self._to_look_at(org_id, key, asked, at)
        async with as_organization(self._pool, org_id) as connection:
            if await store.insert_claim(connection, org_id, key, print_, request_id, at, at + HELD_FOR, sealed):
                return Claim(org_id, key, request_id)
            found = await store.lock_claim(connection, org_id, key)
            if found is None:
                raise _in_flight(HELD_FOR.total_seconds())
            if found.fingerprint != print_:
                raise ApiProblem(
                    IDEMPOTENCY_KEY_REUSED,
                    "This Idempotency-Key was first sent with another method, path, connection or body.",
                )
            if found.answer is not None:
                return self._open(org_id, key, found.answer)
            if found.held_until > at:
                raise _in_flight((found.held_until - at).total_seconds())
            await store.mark_claim_taken_over(connection, org_id, key, request_id, at + HELD_FOR, sealed)
            earlier = (*found.earlier_request_ids, found.request_id)
            return Claim(org_id, key, request_id, earlier, found.in_doubt, at - found.claimed_at)

    async def also_counted_as(self, claim: Claim, request_id: UUID) -> None:
        """The write goes on under another request id, which its usage will be counted under."""
        async with as_organization(self._pool, claim.org_id) as connection:
            await store.mark_claim_counted_as(connection, claim.org_id, claim.key, claim.request_id, request_id)

    @asynccontextmanager
    async def prolonged(self, claim: Claim) -> AsyncGenerator[None]:
        """Holds the claim for as long as the block takes, in steps that a try which dies leaves behind soon."""
        prolonging = asyncio.create_task(self._prolong(claim))
        try:
            yield
        finally:
            prolonging.cancel()
            await asyncio.wait({prolonging})  # or a step under way would take back what ends the claim

    async def _prolong(self, claim: Claim) -> None:
        while True:
            await asyncio.sleep(HELD_FOR.total_seconds() / 3)
            held_until = self._clock() + HELD_FOR
            try:
                async with as_organization(self._pool, claim.org_id) as connection:
                    await store.mark_claim_prolonged(connection, claim.org_id, claim.key, claim.request_id, held_until)
            except AWAY as error:  # the next time comes before the claim is over
                log_exception(error)

    async def keep(self, claim: Claim, answer: KeptAnswer) -> None:
        """The write is over: the same request gets this answer from now on."""
        sealed = self.sealed(claim.org_id, claim.key, answer)
        async with as_organization(self._pool, claim.org_id) as connection:
            await store.mark_claim_answered(
                connection, claim.org_id, claim.key, claim.request_id, answer.status, sealed
            )

    async def release(self, claim: Claim, *, in_doubt: bool) -> None:
        """The try ended without an answer worth keeping: the same request may be sent again at once."""
        place = (claim.org_id, claim.key, claim.request_id)
        async with as_organization(self._pool, claim.org_id) as connection:
            await store.mark_claim_released(connection, *place, self._clock(), in_doubt=in_doubt)

    def sealed(self, org_id: UUID, key: str, answer: KeptAnswer) -> bytes:
        """An answer as it is kept for a key as it is kept."""
        return self._seal(_pack(answer), _belongs_to(org_id, key))

    def asked_in(self, due: Due) -> bytes:
        """The request of a write in doubt, as it was given to `claim`. Raises InvalidTag under another key."""
        nonce, sealed = due.asked[:_NONCE_BYTES], due.asked[_NONCE_BYTES:]
        return self._cipher.decrypt(nonce, sealed, _asked_of(due.org_id, due.key))

    def _to_look_at(self, org_id: UUID, key: str, asked: Asked, at: datetime) -> store.Sealed:
        request = self._seal(asked.request, _asked_of(org_id, key))
        return store.Sealed(asked.key_id, request, at + HELD_FOR + LOOKED_AT_AFTER)

    def _seal(self, plain: bytes, belongs_to: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, belongs_to)

    def _open(self, org_id: UUID, key: str, sealed: bytes) -> KeptAnswer:
        try:
            plain = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _belongs_to(org_id, key))
        except InvalidTag:
            raise ApiProblem(
                IDEMPOTENCY_KEY_REUSED, "The write was carried out, and its answer is not kept any more."
            ) from None
        return _unpack(plain)


async def forget_old_claims(connection: Connection, at: datetime) -> None:
    """Deletes what is older than `KEPT_FOR`; for the worker, on a connection of the operator role."""
    await store.delete_old_claims(connection, at - KEPT_FOR)


def kept_as(org_id: UUID, key: str) -> str:
    """A digest (32 characters): callers make their keys of anything, so of what they send none is stored."""
    return hashlib.blake2b(key.encode(), digest_size=16, key=org_id.bytes).hexdigest()


def _belongs_to(org_id: UUID, key: str) -> bytes:
    return b"idempotency_claims.answer|" + org_id.bytes + key.encode()


def _asked_of(org_id: UUID, key: str) -> bytes:
    return b"idempotency_claims.asked|" + org_id.bytes + key.encode()


def _in_flight(retry_after_s: float) -> ApiProblem:
    return ApiProblem(
        IDEMPOTENCY_IN_FLIGHT, "A write with this Idempotency-Key is being carried out.", retry_after_s=retry_after_s
    )
