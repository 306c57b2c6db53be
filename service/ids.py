"""Identifiers: our own (`org_…`, `req_…`) and those of unified records (`cli_…`, `inv_…`).

Ours are a prefix and a UUIDv7 in 26 characters of Crockford base32, so they sort by the time they were made.

A record's id carries where it lives, so that `GET /v1/clients/{id}` needs nothing else and two records never collapse:

    cli_ <24 characters: connection (16 bytes) and account ordinal (2 bytes), base64url> <remote id, base64url>
"""

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from binascii import b2a_base64
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID, SafeUUID

import msgspec

from service.noise import Noise

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_CROCKFORD_VALUE = {character: value for value, character in enumerate(_CROCKFORD)}
_CROCKFORD_PAIRS = tuple(first + second for first in _CROCKFORD for second in _CROCKFORD)
_UUID_CHARACTERS = 26
_HEAD_CHARACTERS = 24
_HEAD_BYTES = 18
_noise = Noise(8).take
_blank, _set = object.__new__, object.__setattr__
_MOST_REMEMBERED = 2_000
_FEW = ("trk_", "usr_")
"""What a firm has few of and much refers to: what it books by, and its staff. Their ids are remembered."""
_NO_PART = b"=\n"
_URLSAFE = bytes.maketrans(b"+/", b"-_")


class MalformedIdError(ValueError):
    """The text is not an id of the kind asked for. Callers answer it as a missing thing, not as bad syntax."""


def new_uuid(at_ns: int | None = None) -> UUID:
    """A UUIDv7 of an instant, or of now: milliseconds since 1970, how much of the next has passed, 62 random bits.

    RFC 9562, 6.2, method 3: 12 bits for that part, 244 ns each. So what a process does in a row stays in that row.
    """
    milliseconds, rest = divmod(time.time_ns() if at_ns is None else at_ns, 1_000_000)
    noise = int.from_bytes(_noise()) >> 2
    made = _blank(UUID)
    # What UUID.__init__ does for a number, without looking at its other five ways to be called: every call makes one.
    _set(made, "int", milliseconds << 80 | 7 << 76 | (rest << 12) // 1_000_000 << 64 | 2 << 62 | noise)
    _set(made, "is_safe", SafeUUID.unknown)
    return made


def made_at(value: UUID) -> datetime:
    """The instant a UUIDv7 was made, to the millisecond."""
    return datetime.fromtimestamp((value.int >> 80) / 1000, UTC)


def first_uuid(instant: datetime) -> UUID:
    """The smallest UUID that could have been made then: bounds for lists of what is named by a UUIDv7."""
    return UUID(int=int(instant.timestamp() * 1000) << 80)


def encode(prefix: str, value: UUID) -> str:
    """`org`, UUID → `org_01jd…`."""
    n, two = value.int, _CROCKFORD_PAIRS
    # Written out: half of what a loop takes, and every call has an id.
    return (
        f"{prefix}_{two[n >> 120]}{two[n >> 110 & 1023]}{two[n >> 100 & 1023]}{two[n >> 90 & 1023]}"
        f"{two[n >> 80 & 1023]}{two[n >> 70 & 1023]}{two[n >> 60 & 1023]}{two[n >> 50 & 1023]}{two[n >> 40 & 1023]}"
        f"{two[n >> 30 & 1023]}{two[n >> 20 & 1023]}{two[n >> 10 & 1023]}{two[n & 1023]}"
    )


def canonical(value: UUID) -> str:
    """The UUID with its hyphens: what `str` takes six times as long for."""
    text: str = msgspec.to_builtins(value)
    return text


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

    __slots__ = ("_few", "_head", "account", "connection", "currency")

    def __init__(self, connection: UUID, ordinal: int, account: str, currency: str | None = None) -> None:
        self.connection = encode("con", connection)
        self.account = account
        """The vendor's own id of the account, such as a QuickBooks realm."""
        self.currency = currency
        """The account's home currency (ISO 4217), where the vendor leaves it out of its records."""
        self._head = _head(connection, ordinal)
        self._few: dict[str, dict[str, str]] = {prefix: {} for prefix in _FEW}

    def priced_in(self, currency: str) -> "Book":
        """The same account for records that are known to be in `currency`."""
        book = object.__new__(Book)
        book.connection, book.account, book.currency = self.connection, self.account, currency
        book._head, book._few = self._head, self._few
        return book

    def ref(self, prefix: str, remote_id: str) -> str:
        """The id of the record that the vendor calls `remote_id`; `prefix` with its underscore, such as `cli_`."""
        if (few := self._few.get(prefix)) is not None:
            return few.get(remote_id) or self._remembered(prefix, few, remote_id)
        return f"{prefix}{self._head}{b2a_base64(remote_id.encode()).translate(_URLSAFE, _NO_PART).decode()}"

    def _remembered(self, prefix: str, few: dict[str, str], remote_id: str) -> str:
        if len(few) == _MOST_REMEMBERED:
            few.clear()
        found = few[remote_id] = f"{prefix}{self._head}{_tail(remote_id)}"
        return found


def parse_record_id(prefix: str, text: str) -> RecordId:
    """The inverse of `Book.ref`; MalformedIdError for anything it would not have written."""
    start = len(prefix) + _HEAD_CHARACTERS
    if not text.startswith(prefix) or len(text) <= start or len(text) > 512:
        raise MalformedIdError(text[:8])
    tail = text[start:]
    try:
        connection, account = _parse_head(text[len(prefix) : start])
        remote_id = urlsafe_b64decode(tail + "=" * (-len(tail) % 4)).decode()
    except (NotBase64, ValueError) as error:
        raise MalformedIdError(text[:8]) from error
    if _tail(remote_id) != tail:
        raise MalformedIdError(text[:8])
    return RecordId(connection, account, remote_id)


def _head(connection: UUID, ordinal: int) -> str:
    return urlsafe_b64encode(connection.bytes + ordinal.to_bytes(2, "big")).decode()


def _tail(remote_id: str) -> str:
    return b2a_base64(remote_id.encode()).translate(_URLSAFE, _NO_PART).decode()


@lru_cache(10_000)
def _parse_head(text: str) -> tuple[UUID, int]:
    """Connection and ordinal, remembered: the records of one account share their head."""
    head = urlsafe_b64decode(text)
    if len(head) != _HEAD_BYTES:
        raise MalformedIdError(text[:8])
    connection, ordinal = UUID(bytes=head[:16]), int.from_bytes(head[16:], "big")
    if _head(connection, ordinal) != text:
        raise MalformedIdError(text[:8])
    return connection, ordinal
