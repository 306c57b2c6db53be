"""What stands in a link we mail: sealed, for one purpose, and good for a while. Nothing of it is stored."""

import os
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable
from datetime import timedelta
from typing import Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.accounts.errors import LinkExpiredError

T = TypeVar("T")

_NONCE_BYTES: Final = 12
_MOST_CHARACTERS: Final = 4096


class MailedLinks:
    """Seals and opens (AES-256-GCM); the type of what is sealed is authenticated, so no link serves another purpose."""

    def __init__(self, key: bytes, seconds: Callable[[], float] = time.time) -> None:
        self._cipher = AESGCM(key)
        self._seconds = seconds

    def seal(self, what: msgspec.Struct, lasts: timedelta) -> str:
        """The text that stands in the link."""
        nonce = os.urandom(_NONCE_BYTES)
        ends_at = int(self._seconds() + lasts.total_seconds())
        plain = msgspec.msgpack.encode((ends_at, what))
        return urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, plain, _purpose(type(what)))).rstrip(b"=").decode()

    def open(self, text: str, kind: type[T]) -> T:
        """What was sealed. Raises LinkExpiredError for one that is too old, changed, or of another purpose."""
        try:
            if len(text) > _MOST_CHARACTERS:
                raise ValueError
            raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
            plain = self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _purpose(kind))
            ends_at, what = msgspec.msgpack.decode(plain, type=tuple[int, kind])  # type: ignore[valid-type]
        except (InvalidTag, NotBase64, ValueError, msgspec.DecodeError):
            raise LinkExpiredError("this link is not one of ours") from None
        if ends_at <= self._seconds():
            raise LinkExpiredError("this link has expired")
        found: T = what
        return found


def _purpose(kind: type) -> bytes:
    return kind.__name__.encode()
