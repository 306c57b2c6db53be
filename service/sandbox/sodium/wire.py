"""How Sodium writes codes, references, times, amounts and pages, and how it reads what it is asked."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import TypeAlias, TypeVar

import msgspec

from service.sandbox.http import Json, Request, Response, json_response
from service.sandbox.sodium.errors import invalid

DEFAULT_LIMIT = 10
MAX_LIMIT = 50
SEARCH_LENGTH = 3

T = TypeVar("T")
Day: TypeAlias = date
"""A calendar day, under a name that fields called `date` do not hide."""


class Body(msgspec.Struct, frozen=True, rename="camel"):
    """What a caller sends. Unknown fields are ignored; a field that is left out is empty, as PUT replaces."""


def instant(at_s: float) -> str:
    """An instant in UTC; fractions have seven digits and are left out when they are nothing."""
    seconds, ticks = divmod(round(at_s * 10_000_000), 10_000_000)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{ticks:07d}Z" if ticks else f"{text}Z"


def ref(code: str, name: str) -> Json:
    """A reference to a record."""
    return {"code": code, "name": name}


def code_of(reference: Json | None) -> str | None:
    """The code inside a reference; None where nothing is referred to."""
    return reference["code"] if reference else None


def money(minor: int, currency: str = "USD") -> float:
    """Minor units as a decimal number; yen have none."""
    return float(minor) if currency == "JPY" else minor / 100


def read(request: Request, shape: type[T]) -> T:
    """The body of a call; a validation problem when it is not what is wanted."""
    try:
        return msgspec.json.decode(request.body or b"{}", type=shape)
    except msgspec.ValidationError as error:
        issue, _, path = str(error).partition(" - at `$")
        raise invalid(path.strip("`.") or _field_in(issue) or "$", issue) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid("$", "The body is not JSON.") from error


def _field_in(issue: str) -> str:
    """The field that is missing, when that is the issue."""
    parts = issue.split("`")
    return parts[1] if issue.startswith("Object missing required field") and len(parts) > 1 else ""


def fields(body: Body) -> Json:
    """A body as JSON, days as text."""
    found: Json = msgspec.to_builtins(body)
    return found


class Window(msgspec.Struct, frozen=True):
    """Which part of a list is wanted."""

    offset: int
    limit: int
    sort_by: str | None
    descending: bool


def window(request: Request, sorts: Iterable[str] = ()) -> Window:
    """`offset`, `limit`, `sortBy`, `sortDesc` of a call; a validation problem for what they may not be."""
    offset = _whole(request, "offset", 0)
    limit = _whole(request, "limit", DEFAULT_LIMIT)
    if offset < 0:
        raise invalid("offset", "The field offset must be 0 or more.")
    if not 1 <= limit <= MAX_LIMIT:
        raise invalid("limit", f"The field limit must be between 1 and {MAX_LIMIT}.")
    return Window(offset, limit, choice(request, "sortBy", sorts), flag(request, "sortDesc"))


def page(rows: Sequence[T], asked: Window, show: Callable[[T], Json]) -> Response:
    """A page of a list, of which only the rows wanted are built."""
    found = rows[asked.offset : asked.offset + asked.limit]
    payload: Json = {
        "data": [show(row) for row in found],
        "totalCount": len(rows),
        "offset": asked.offset,
        "limit": asked.limit,
        "hasMore": asked.offset + len(found) < len(rows),
    }
    return json_response(200, payload)


def choice(request: Request, name: str, options: Iterable[str]) -> str | None:
    """A query parameter of a closed set, spelled in any case."""
    given = request.query.get(name)
    return None if not given else _one_of(name, given, options)


def choices(request: Request, name: str, options: Iterable[str]) -> frozenset[str]:
    """The values of a repeated query parameter of a closed set; empty when it is not said."""
    options = tuple(options)
    return frozenset(_one_of(name, given, options) for given in request.every(name) if given)


def _one_of(name: str, given: str, options: Iterable[str]) -> str:
    for option in options:
        if option.lower() == given.lower():
            return option
    raise invalid(name, f"The value '{given}' is not valid.")


def flag(request: Request, name: str) -> bool:
    """A yes or no in the query; no when it is not said."""
    return choice(request, name, ("true", "false")) == "true"


def search_text(request: Request) -> str | None:
    """What is searched for, in lower case: three characters or more."""
    text = request.query.get("search", "").strip().lower()
    if text and len(text) < SEARCH_LENGTH:
        raise invalid("search", f"The field search must have {SEARCH_LENGTH} characters or more.")
    return text or None


def day(request: Request, name: str) -> date | None:
    """A calendar day in the query; the time behind it, if any, does not count."""
    given = request.query.get(name)
    if not given:
        return None
    try:
        return date.fromisoformat(given[:10])
    except ValueError as error:
        raise invalid(name, f"The value '{given}' is not valid.") from error


def _whole(request: Request, name: str, usual: int) -> int:
    given = request.query.get(name)
    if not given:
        return usual
    try:
        return int(given)
    except ValueError as error:
        raise invalid(name, f"The value '{given}' is not valid.") from error


def decoded(text: str, field: str) -> bytes:
    """What base64 stands for."""
    try:
        return b64decode(text, validate=True)
    except (NotBase64, ValueError) as error:
        raise invalid(field, f"The field {field} is not base64.") from error
