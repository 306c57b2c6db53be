"""Identifiers: our own (`org_…`, `req_…`) and those of unified records (`cli_…`, `inv_…`).

Ours are a prefix and a UUIDv7 in 26 characters of Crockford base32, so they sort by the time they were made.

A record's id carries where it lives, so that `GET /v1/clients/{id}` needs nothing else and two records never collapse:

    cli_ <24 characters: connection (16 bytes) and account ordinal (2 bytes), base64url> <remote id, base64url>
"""

import os
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from binascii import b2a_base64
from datetime import UTC, datetime
from uuid import UUID

import msgspec

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_CROCKFORD_VALUE = {character: value for value, character in enumerate(_CROCKFORD)}
_UUID_CHARACTERS = 26
_HEAD_CHARACTERS = 24
_HEAD_BYTES = 18
_URLSAFE = bytes.maketrans(b"+/", b"-_")


class MalformedIdError(ValueError):
    """The text is not an id of the kind asked for. Callers answer it as a missing thing, not as bad syntax."""


def new_uuid(at_ms: int | None = None) -> UUID:
    """A UUIDv7 (RFC 9562): 48 bits of milliseconds since 1970, then 74 random bits."""
    stamp = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    noise = int.from_bytes(os.urandom(10), "big")
    return UUID(int=stamp << 80 | 7 << 76 | (noise >> 68) << 64 | 2 << 62 | noise & (1 << 62) - 1)


def made_at(value: UUID) -> datetime:
    """The instant a UUIDv7 was made, to the millisecond."""
    return datetime.fromtimestamp((value.int >> 80) / 1000, UTC)


def encode(prefix: str, value: UUID) -> str:
    """`org`, UUID → `org_01jd…`."""
    number = value.int
    characters = [""] * _UUID_CHARACTERS
    for position in range(_UUID_CHARACTERS - 1, -1, -1):
        characters[position] = _CROCKFORD[number & 31]
        number >>= 5
    return f"{prefix}_{''.join(characters)}"


def decode(prefix: str, text: str) -> UUID:
    """`org`, `org_01jd…` → UUID; MalformedIdError for anything that `encode` would not have written."""
    kind, separator, characters = text.partition("_")
    if kind != prefix or not separator or len(characters) != _UUID_CHARACTERS:
        raise MalformedIdError(text[:8])
    number = 0
    for character in characters:
        value = _CROCKFORD_VALUE.get(character)
        if value is None:
            raise MalformedIdError(text[:8])
        number = number << 5 | value
    if number >> 128:
        raise MalformedIdError(text[:8])
    return UUID(int=number)


class RecordId(msgspec.Struct, frozen=True):
    """Where one unified record lives."""

    connection: UUID
    account: int
    remote_id: str


class Book:
    """One account of one connection, as the mappers see it: it mints the ids of the records kept there.

    Made once for each opened connection, so that mappers stay pure and know remote ids only.
    """

    __slots__ = ("_head", "account", "connection", "currency")

    def __init__(self, connection: UUID, ordinal: int, account: str, currency: str | None = None) -> None:
        self.connection = encode("con", connection)
        self.account = account
        """The vendor's own id of the account, such as a QuickBooks realm."""
        self.currency = currency
        """The account's home currency (ISO 4217), where the vendor leaves it out of its records."""
        self._head = urlsafe_b64encode(connection.bytes + ordinal.to_bytes(2, "big")).decode()

    def ref(self, prefix: str, remote_id: str) -> str:
        """The id of the record that the vendor calls `remote_id`; `prefix` with its underscore, such as `cli_`."""
        tail = b2a_base64(remote_id.encode(), newline=False).rstrip(b"=").translate(_URLSAFE)
        return prefix + self._head + tail.decode()


def parse_record_id(prefix: str, text: str) -> RecordId:
    """The inverse of `Book.ref`; MalformedIdError for anything it would not have written."""
    if not text.startswith(prefix) or len(text) <= len(prefix) + _HEAD_CHARACTERS or len(text) > 512:
        raise MalformedIdError(text[:8])
    body = text[len(prefix) :]
    try:
        head = urlsafe_b64decode(body[:_HEAD_CHARACTERS])
        tail = body[_HEAD_CHARACTERS:]
        remote_id = urlsafe_b64decode(tail + "=" * (-len(tail) % 4)).decode()
    except (NotBase64, ValueError) as error:
        raise MalformedIdError(text[:8]) from error
    if len(head) != _HEAD_BYTES:
        raise MalformedIdError(text[:8])
    found = RecordId(UUID(bytes=head[:16]), int.from_bytes(head[16:], "big"), remote_id)
    if Book(found.connection, found.account, "").ref(prefix, remote_id) != text:
        raise MalformedIdError(text[:8])
    return found
