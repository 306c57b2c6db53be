"""Keys found in public places: whoever scans for them tells us, signed, and the key ends at once.

As GitHub's secret scanning partners do: ECDSA with P-256 and SHA-256 over the raw body, the key's id in a header, the
public keys at an address. Source: docs.github.com, "Secret scanning partner program", read 2026-11-20.
"""

import time
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from service import ids
from service.accounts import store
from service.accounts.errors import UnknownKeyError
from service.accounts.store import SQL
from service.accounts.tokens import Peppers, check_token, hash_token
from service.audit.acts import record_act
from service.clock import Clock, now
from service.db.pool import Connection, Pool, as_organization

SCANNER: Final = "secret_scanning"
_REMEMBERED_S: Final = 3600.0
_ASKED_AGAIN_AFTER_S: Final = 30.0

Fetch = Callable[[], Awaitable[bytes]]
"""The document with the public keys. Raises LeakKeysUnavailableError."""


class LeakKeysUnavailableError(Exception):
    """The scanner's public keys cannot be had: nothing can be believed until they can."""


class ForgedReportError(Exception):
    """The report is not signed by a key of the scanner."""


class Match(msgspec.Struct, frozen=True):
    """One thing the scanner found. Never logged, never kept: `token` may be a key."""

    token: str
    type: str = ""
    url: str | None = None
    source: str = "unknown"

    def __repr__(self) -> str:
        return "Match(…)"


class KeyLeak(msgspec.Struct, frozen=True):
    """Where a key was found."""

    id: UUID
    key_id: UUID
    found_at_url: str | None
    found_in: str
    reported_at: datetime
    ended_key: bool
    """Whether the report ended it; else it had ended before."""


class Leaked(msgspec.Struct, frozen=True):
    """A leak that is new to us, and whose it is."""

    org_id: UUID
    leak: KeyLeak


class _PublicKey(msgspec.Struct, frozen=True):
    key_identifier: str
    key: str


class _PublicKeys(msgspec.Struct, frozen=True):
    public_keys: tuple[_PublicKey, ...]


_read_keys: Final = msgspec.json.Decoder(_PublicKeys).decode


class ScannerKeys:
    """The scanner's public keys, as it publishes them: kept for an hour, asked for again for an id that is new."""

    def __init__(self, fetch: Fetch, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._known: dict[str, str] = {}
        self._asked_at = -_REMEMBERED_S

    async def verify(self, body: bytes, key_id: str, signature: str) -> None:
        """Raises ForgedReportError for what is not signed, LeakKeysUnavailableError where that cannot be told."""
        pem = await self._find(key_id)
        if pem is None or not is_signed(body, signature, pem):
            raise ForgedReportError

    async def _find(self, key_id: str) -> str | None:
        age_s = self._monotonic() - self._asked_at
        if age_s >= _REMEMBERED_S or (key_id not in self._known and age_s >= _ASKED_AGAIN_AFTER_S):
            try:
                found = _read_keys(await self._fetch())
            except msgspec.DecodeError:
                raise LeakKeysUnavailableError from None
            self._known = {one.key_identifier: one.key for one in found.public_keys}
            self._asked_at = self._monotonic()
        return self._known.get(key_id)


def is_signed(body: bytes, signature: str, public_key: str) -> bool:
    """Whether the base64 of a DER signature is that key's over exactly these bytes."""
    try:
        key = load_pem_public_key(public_key.encode())
        if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
            return False
        key.verify(b64decode(signature, validate=True), body, ECDSA(SHA256()))
    except (InvalidSignature, UnsupportedAlgorithm, NotBase64, ValueError):
        return False
    return True


async def end_leaked_key(
    pool: Pool, peppers: Peppers, match: Match, *, clock: Clock = now
) -> tuple[bool, Leaked | None]:
    """Ends the key if it is one of ours, and keeps where it lay: whether it is, and what is new about that."""
    try:
        check_token(match.token)
    except UnknownKeyError:
        return False, None
    hashes = [hash_token(match.token, pepper) for pepper in peppers.by_version.values()]
    found = await store.authenticate_key(pool, hashes)
    if found is None:
        return False, None
    caller, revoked_at = found
    at = clock()
    works = revoked_at is None and (caller.expires_at is None or caller.expires_at > at)
    url = None if match.url is None else "".join(filter(str.isprintable, match.url))[:2000]
    source = "".join(filter(str.isprintable, match.source))[:100]
    leak = KeyLeak(ids.new_uuid(), caller.key_id, url, source, at, works)
    async with as_organization(pool, caller.org_id) as connection:
        ended = [caller.key_id]
        if works:
            ended = await store.mark_key_revoked(connection, caller.org_id, caller.key_id, at)
        row = await connection.fetchval(
            SQL["insert_key_leak"], caller.org_id, leak.id, leak.key_id, url, leak.found_in, at, works
        )
        if row is None:
            return True, None
        others = (ids.encode("key", one) for one in ended if one != caller.key_id)
        about = (ids.encode("key", caller.key_id), *others)
        await record_act(connection, caller.org_id, "keys.leaked", about, actor=SCANNER)
    return True, Leaked(caller.org_id, leak)


async def list_key_leaks(connection: Connection, org_id: UUID, key_id: UUID | None = None) -> Sequence[KeyLeak]:
    """Where keys were found, newest first."""
    return msgspec.convert(await connection.fetch(SQL["list_key_leaks"], org_id, key_id), list[KeyLeak])
