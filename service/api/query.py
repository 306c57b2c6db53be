"""Query strings, read strictly: what is not known or not possible is a problem, never ignored."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec

from service import ids
from service.errors import (
    CURSOR_EXPIRED,
    INVALID_CURSOR,
    INVALID_PARAMETER,
    UNKNOWN_PARAMETER,
    ApiProblem,
    FieldError,
    Kind,
)

Reader: TypeAlias = Callable[[str, str], Any]
"""Gives the value of a parameter from its name and text; raises a problem for an impossible one."""

MAX_TEXT_CHARACTERS: Final = 200
DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200

_MOST: Final = 50
_SHOWN: Final = 80
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LOST_PLUS = re.compile(r" \d\d:\d\d$")
_FIRST_INSTANT: Final = datetime(1970, 1, 1, tzinfo=UTC)


def read_query(query_string: bytes, readers: Mapping[str, Reader]) -> dict[str, Any]:
    """The values of the parameters that were given; a problem for one that no reader is named for."""
    found: dict[str, Any] = {}
    for name, text in pairs(query_string):
        reader = readers.get(name)
        if reader is None:
            raise unknown(name, readers)
        found[name] = reader(name, text)
    return found


def pairs(query_string: bytes, takes_several: Callable[[str], bool] = lambda _name: False) -> list[tuple[str, str]]:
    """Names and texts in their order; a problem for what is not percent-encoded UTF-8, and for a name given twice.

    A name that `takes_several` values may be repeated, as many generated clients do: that reads as with commas.
    """
    try:
        found = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST)
    except (UnicodeDecodeError, ValueError):
        raise ApiProblem(
            INVALID_PARAMETER, f"The query string is not percent-encoded UTF-8 text of up to {_MOST} parameters."
        ) from None
    by_name: dict[str, str] = {}
    for name, value in found:
        if name not in by_name:
            by_name[name] = value
        elif takes_several(name):
            by_name[name] += f",{value}"
        else:
            raise invalid(name, "repeated", "Give it once.")
    return list(by_name.items())


def whole_number(least: int, most: int) -> Reader:
    """Reads a number between two others, both included."""

    def read(name: str, text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
            raise invalid(name, "range", f"A whole number from {least} to {most}.")
        return int(text)

    return read


def boolean(name: str, text: str) -> bool:
    """Reads `true` or `false`."""
    if text not in ("true", "false"):
        raise invalid(name, "boolean", "`true` or `false`.")
    return text == "true"


def instant(name: str, text: str) -> datetime:
    """Reads an RFC 3339 instant with an offset, of 1970 or later, as UTC."""
    try:
        found = msgspec.convert(text, datetime)
        in_utc = found.astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        lost = " In a URL the `+` of an offset is written `%2B`." if _LOST_PLUS.search(text) else ""
        raise invalid(name, "instant", f"An RFC 3339 instant, such as 2026-11-01T00:00:00Z.{lost}") from None
    if found.tzinfo is None:
        raise invalid(name, "instant", "Needs an offset, such as Z.")
    if in_utc < _FIRST_INSTANT:
        raise invalid(name, "instant", "An instant of 1970 or later.")
    return in_utc


def text(name: str, value: str) -> str:
    """Reads a word or sentence."""
    if not value or len(value) > MAX_TEXT_CHARACTERS or _CONTROL.search(value):
        raise invalid(name, "length", f"1 to {MAX_TEXT_CHARACTERS} printable characters.")
    return value


def cursor(name: str, value: str) -> str:
    """Reads a cursor, still sealed."""
    if not value:
        raise invalid(name, "empty", "Leave `cursor` out to start at the beginning.")
    return value


def one_of(values: Iterable[str]) -> Reader:
    """Reads one of some words."""
    allowed = tuple(values)

    def read(name: str, value: str) -> str:
        if value not in allowed:
            raise invalid(name, "choice", f"One of: {', '.join(allowed)}.")
        return value

    return read


def id_of(prefix: str) -> Reader:
    """Reads one of our ids, such as `key_…`."""

    def read(name: str, value: str) -> UUID:
        try:
            return ids.decode(prefix, value)
        except ids.MalformedIdError:
            raise invalid(name, "id", f"An id that starts with `{prefix}_`.") from None

    return read


PAGING: Final[Mapping[str, Reader]] = {"limit": whole_number(1, MAX_LIMIT), "cursor": cursor}
"""The readers of what every list takes."""
PAGING_PROBLEMS: Final = (INVALID_PARAMETER, INVALID_CURSOR, CURSOR_EXPIRED)
"""What can be wrong with that."""


def invalid(name: str, code: str, message: str) -> ApiProblem:
    """A parameter with an impossible value."""
    shown = name[:_SHOWN]
    return ApiProblem(INVALID_PARAMETER, f"`{shown}`: {message}", errors=(FieldError(f"query/{shown}", code, message),))


def unsupported(kind: Kind, name: str, message: str) -> ApiProblem:
    """A parameter that asks for what cannot be had here."""
    return ApiProblem(kind, f"`{name}`: {message}", errors=(FieldError(f"query/{name}", "unsupported", message),))


def unknown(name: str, known: Iterable[str]) -> ApiProblem:
    """A parameter that the call does not have."""
    shown = name[:_SHOWN]
    message = f"Known here: {', '.join(known) or 'none'}."
    return ApiProblem(
        UNKNOWN_PARAMETER,
        f"`{shown}` is not a parameter of this call.",
        errors=(FieldError(f"query/{shown}", "unknown", message),),
    )
