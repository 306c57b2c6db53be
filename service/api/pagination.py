"""Page cursors: opaque, sealed, bound to the key and the list they were made for, and they expire."""

import os
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from service.errors import CURSOR_EXPIRED, INVALID_CURSOR, ApiProblem

LIFETIME_S: Final = 24 * 3600
MAX_CURSOR_CHARACTERS: Final = 2048
_NONCE_BYTES: Final = 12


class _Sealed(Struct, frozen=True, array_like=True):
    expires_at: int
    position: str


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(_Sealed).decode


class Cursors:
    """Writes and reads cursors (AES-256-GCM). The list they belong to is authenticated, so none serves another list."""

    def __init__(self, key: bytes, seconds: Callable[[], float] = time.time) -> None:
        self._cipher = AESGCM(key)
        self._seconds = seconds

    def write(self, position: str, belongs_to: bytes) -> str:
        """The cursor that leads on from a vendor's position; `belongs_to` names key, connection, resource, filters."""
        nonce = os.urandom(_NONCE_BYTES)
        plain = _pack(_Sealed(int(self._seconds()) + LIFETIME_S, position))
        return _text(nonce + self._cipher.encrypt(nonce, plain, belongs_to))

    def read(self, cursor: str, belongs_to: bytes) -> str:
        """The position in a cursor. A problem for one that was changed, is of another list or key, or has expired."""
        try:
            if len(cursor) > MAX_CURSOR_CHARACTERS:
                raise ValueError
            raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            if _text(raw) != cursor:  # base64 passes over what is not of its alphabet
                raise ValueError
            sealed = _unpack(self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], belongs_to))
        except (InvalidTag, NotBase64, ValueError, msgspec.DecodeError):
            raise ApiProblem(
                INVALID_CURSOR, "The cursor was changed, or was made for another list, connection or key."
            ) from None
        if sealed.expires_at <= self._seconds():
            raise ApiProblem(CURSOR_EXPIRED, "Cursors are good for 24 hours; this one is older.")
        return sealed.position


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def example_page(*records: Any) -> dict[str, Any]:
    """A list's answer as the contract shows it: these, and no more pages."""
    return {"object": "list", "data": list(records), "has_more": False, "next_cursor": None}
