"""The second factor: time-based codes (RFC 6238) from an authenticator app, or recovery codes; each is taken once."""

import os
from base64 import b32decode, b32encode
from enum import Enum, auto
from typing import Final
from urllib.parse import quote, urlencode
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from service.accounts import members_store as store
from service.accounts import recovery_store
from service.accounts.errors import WrongCodeError
from service.accounts.recovery_codes import hash_code, is_recovery_code, new_codes
from service.clock import Clock, now
from service.db.pool import Connection

_STEP_S: Final = 30
_DIGITS: Final = 6
_SECRET_BYTES: Final = 20
_NONCE_BYTES: Final = 12


count_recovery_codes = recovery_store.count_recovery_codes


class Taken(Enum):
    """What was given as the second factor."""

    APP_CODE = auto()
    RECOVERY_CODE = auto()


class SecondFactors:
    """Enrols and checks. Secrets are kept sealed (AES-256-GCM), each to its member; recovery codes as keyed hashes."""

    def __init__(self, key: bytes, clock: Clock = now) -> None:
        self._key = key
        self._cipher = AESGCM(key)
        self._clock = clock

    async def enrol(
        self, connection: Connection, org_id: UUID, member_id: UUID, secret: str, code: str
    ) -> tuple[str, ...]:
        """Keeps the secret once a code shows that the app has it; gives recovery codes. Raises WrongCodeError."""
        step = self._step_of(b32decode(secret), code)
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, b32decode(secret), _place(org_id, member_id))
        await store.mark_totp(connection, org_id, member_id, sealed, step)
        return await self.renew_codes(connection, org_id, member_id)

    async def renew_codes(self, connection: Connection, org_id: UUID, member_id: UUID) -> tuple[str, ...]:
        """New recovery codes, which nobody can read again; the old ones end."""
        codes = new_codes()
        await recovery_store.delete_recovery_codes(connection, org_id, member_id)
        hashes = [hash_code(self._key, org_id, member_id, code) for code in codes]
        await recovery_store.insert_recovery_codes(connection, org_id, member_id, hashes)
        return codes

    async def check(self, connection: Connection, org_id: UUID, member_id: UUID, code: str) -> Taken:
        """Takes a code of either kind. Raises WrongCodeError, also for one that was taken before."""
        kept = await store.get_totp(connection, org_id, member_id)
        if kept is None or kept.totp_sealed is None:
            raise WrongCodeError("no second factor")
        if is_recovery_code(code):
            digest = hash_code(self._key, org_id, member_id, code)
            if not await recovery_store.mark_recovery_code_used(connection, org_id, member_id, digest, self._clock()):
                raise WrongCodeError("no such recovery code, or used before")
            return Taken.RECOVERY_CODE
        try:
            nonce, body = kept.totp_sealed[:_NONCE_BYTES], kept.totp_sealed[_NONCE_BYTES:]
            secret = self._cipher.decrypt(nonce, body, _place(org_id, member_id))
        except InvalidTag:
            raise WrongCodeError("the second factor cannot be read") from None
        step = self._step_of(secret, code)
        if kept.totp_last_step is not None and step <= kept.totp_last_step:
            raise WrongCodeError("this code was used before; wait for the next one")
        await store.mark_totp_step(connection, org_id, member_id, step)
        return Taken.APP_CODE

    async def remove(self, connection: Connection, org_id: UUID, member_id: UUID) -> None:
        """The member goes on with its password alone."""
        await store.mark_totp(connection, org_id, member_id, None, None)
        await recovery_store.delete_recovery_codes(connection, org_id, member_id)
        await recovery_store.mark_recoveries_ended(connection, org_id, member_id, self._clock(), also_open=True)

    def _step_of(self, secret: bytes, code: str) -> int:
        """The step a code belongs to: this one or a neighbour, for clocks differ."""
        digits = "".join(code.split())
        present = int(self._clock().timestamp()) // _STEP_S
        totp = TOTP(secret, _DIGITS, SHA1(), _STEP_S)  # noqa: S303 (what authenticator apps speak)
        for step in (present, present - 1, present + 1):
            if digits.isascii() and bytes_eq(totp.generate(step * _STEP_S), digits.encode()):
                return step
        raise WrongCodeError("this code is not the one of this moment")


def new_secret() -> str:
    """A secret as authenticator apps take it, base32."""
    return b32encode(os.urandom(_SECRET_BYTES)).decode()


def app_address(secret: str, email: str) -> str:
    """The `otpauth:` address that a QR code shows to an app."""
    return f"otpauth://totp/Tickmark:{quote(email)}?" + urlencode({"secret": secret, "issuer": "Tickmark"})


def _place(org_id: UUID, member_id: UUID) -> bytes:
    return b"members.totp_sealed|" + org_id.bytes + member_id.bytes
