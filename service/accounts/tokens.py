"""The text of an API key: `tm_live_` or `tm_test_`, 160 random bits and a checksum over both, in base62.

The checksum lets a mistyped or invented key be refused without asking the database, and leak scanners be sure.
"""

import hashlib
import hmac
import re
import secrets
import zlib
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from service.accounts.errors import UnknownKeyError

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_CHARACTERS = 27  # 62^27 > 2^160
_CHECK_CHARACTERS = 6  # 62^6 > 2^32
_TOKEN = re.compile(rf"tm_(?:live|test)_[0-9A-Za-z]{{{_RANDOM_CHARACTERS + _CHECK_CHARACTERS}}}", re.ASCII)


class Mode(StrEnum):
    """Live keys reach vendors and are billed; test keys reach sandboxes and cost nothing."""

    LIVE = "live"
    TEST = "test"


class Peppers(msgspec.Struct, frozen=True):
    """The secrets under which tokens are hashed, by version; new keys use the newest, old ones keep working."""

    by_version: Mapping[int, bytes]

    def newest(self) -> int:
        return max(self.by_version)

    def __repr__(self) -> str:
        return f"Peppers(versions={sorted(self.by_version)})"


def new_token(mode: Mode) -> str:
    """A token nobody has seen."""
    body = f"tm_{mode}_" + "".join(secrets.choice(_BASE62) for _ in range(_RANDOM_CHARACTERS))
    return body + _checksum(body)


def check_token(token: str) -> None:
    """Raises UnknownKeyError for anything `new_token` cannot have written; every one-character change is caught."""
    if not _TOKEN.fullmatch(token) or _checksum(token[:-_CHECK_CHARACTERS]) != token[-_CHECK_CHARACTERS:]:
        raise UnknownKeyError("not a key of ours")


def hash_token(token: str, pepper: bytes) -> bytes:
    """What is stored instead of the token."""
    return hmac.digest(pepper, token.encode(), hashlib.sha256)


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    characters = ""
    for _ in range(_CHECK_CHARACTERS):
        number, rest = divmod(number, 62)
        characters = _BASE62[rest] + characters
    return characters
