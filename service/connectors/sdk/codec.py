"""Decoding at the edge: bytes into typed Structs, or a named fault with a path and no value."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timezone, tzinfo
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta

from service.connectors.sdk.faults import Malformed, SchemaDrift
from service.connectors.sdk.flow import Response

T = TypeVar("T")

Instant = Annotated[datetime, Meta(tz=True)]
"""An instant on the wire. One without an offset is drift: it is not the time of wherever we happen to run."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_AT = re.compile(r" - at `(?P<path>[^`]*)`$")


def json_reader(wire: type[T]) -> Callable[[Response], T]:
    """A function that decodes a JSON answer into `wire`.

    It raises SchemaDrift for a missing or mistyped field and Malformed for what is not JSON.
    """
    decode = msgspec.json.Decoder(wire).decode

    def read(response: Response) -> T:
        try:
            return decode(response.body)
        except msgspec.ValidationError as error:
            raise drift(error, response.status) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed(_not_json(error, response), status=response.status) from None

    return read


def lenient_reader(wire: type[T], otherwise: T, *, strict: bool = True) -> Callable[[bytes], T]:
    """A function that reads what can be read of an error's body: `otherwise` where it is anything but `wire`.

    Nothing is required of such a body, and nothing in it can make this fail.
    """
    decode = msgspec.json.Decoder(wire, strict=strict).decode

    def read(body: bytes) -> T:
        try:
            return decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return otherwise

    return read


class _Epochs(dict[tzinfo | None, datetime]):
    """1970 as a clock at each offset showed it. A dozen are used; whole minutes within a day are 2,879."""

    def __missing__(self, offset: tzinfo | None) -> datetime:
        if type(offset) is not timezone:
            raise TypeError("not at a fixed offset")  # of a clock with summer time the difference says less
        found = self[offset] = _EPOCH.astimezone(offset)
        return found


_EPOCHS: Final = _Epochs()
_EPOCH_UNSAID: Final = _EPOCH.replace(tzinfo=None)


def utc(instant: datetime) -> datetime:
    """The instant in UTC. Raises SchemaDrift for one that the calendar does not have there.

    Two clocks at one offset differ by what has passed, and nothing is asked for its offset: a third of `astimezone`.
    """
    offset = instant.tzinfo
    if offset is UTC:
        return instant
    try:
        return _EPOCH + (instant - _EPOCHS[offset])
    except OverflowError:
        raise SchemaDrift("$", "Expected an instant within bounds") from None


def taken_as_utc(unsaid: datetime) -> datetime:
    """What says no offset, where it is known to be UTC: a sixth of what `replace(tzinfo=UTC)` costs."""
    return _EPOCH + (unsaid - _EPOCH_UNSAID)


def unsaid_is_utc(wire: datetime | None) -> datetime | None:
    """In UTC, whatever offset it came with; without one it is in UTC already, which the vendor's code has to say."""
    if wire is None:
        return None
    return taken_as_utc(wire) if wire.tzinfo is None else utc(wire)


def drift(error: msgspec.ValidationError, status: int | None = None) -> SchemaDrift:
    """A SchemaDrift that keeps where and what was expected; the offending value never stands in it."""
    text = str(error)
    found = _AT.search(text)
    expectation = text[: found.start()] if found else text
    return SchemaDrift(found["path"] if found else "$", _without_value(expectation), status=status)


def _without_value(expectation: str) -> str:
    """`Invalid enum value 'Ann Smith'` → `Invalid enum value`: vendor data stays out of messages."""
    return re.sub(r"\s*'[^']*'$", "", expectation)


def _not_json(error: Exception, response: Response) -> str:
    kind = response.headers.get("content-type", "no content type").split(";")[0][:60]
    cut = " (cut off)" if "truncated" in str(error) else ""
    return f"{kind}, {len(response.body)} bytes, not JSON{cut}"
