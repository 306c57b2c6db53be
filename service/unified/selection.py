"""What a caller asks of a list or a record, read strictly: what the vendor cannot do is a problem, never ignored."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from service import ids
from service.connectors.sdk.binding import Binding, Filter
from service.errors import (
    INVALID_PARAMETER,
    UNKNOWN_PARAMETER,
    UNSUPPORTED_FILTER,
    UNSUPPORTED_SELECTION,
    UNSUPPORTED_SORT,
    ApiProblem,
    FieldError,
    Kind,
)
from service.unified.noun import Noun

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 200
MAX_TEXT_CHARACTERS: Final = 200
MAX_CHOICES: Final = 20
LIST_PARAMETERS: Final = (
    "limit", "cursor", "sort", "updated_after", "include_deleted", "fields", "include", "expand", "max_age",
)  # fmt: skip
RECORD_PARAMETERS: Final = ("fields", "include", "expand", "max_age")
INCLUDES: Final = ("raw", "unmapped")

_FILTER = re.compile(r"filter\[([a-z_]+)\]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Selection(Struct, frozen=True, kw_only=True):
    """A checked list or record request."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    filters: Mapping[str, tuple[str, ...]] = {}
    updated_after: datetime | None = None
    include_deleted: bool = False
    sort: str | None = None
    fields: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()

    @property
    def is_plain(self) -> bool:
        """True when records go out whole, with nothing added."""
        return not (self.fields or self.include or self.expand)

    def fingerprint(self) -> bytes:
        """What a cursor is bound to: everything that decides which rows come in which order."""
        parts = (sorted(self.filters.items()), self.updated_after, self.include_deleted, self.sort)
        return msgspec.json.encode(parts)


_PLAIN = Selection()


def read_selection(
    query_string: bytes, noun: Noun, binding: Binding[Any, Any, Any], allowed: tuple[str, ...]
) -> Selection:
    """The selection in a query string. Values of `reference` filters are still ids of ours."""
    if not query_string:
        return _PLAIN
    known: dict[str, Any] = {}
    filters: dict[str, tuple[str, ...]] = {}
    for name, value in _pairs(query_string):
        found = _FILTER.fullmatch(name)
        if found is not None and allowed is LIST_PARAMETERS:
            filters[found[1]] = _filter_values(name, value, binding, found[1])
        elif name not in allowed:
            raise _unknown(name, allowed, binding)
        elif name == "max_age":
            _whole_number(name, value, 0, 86_400)
        else:
            known[name] = _READERS[name](name, value, noun, binding)
    if "limit" in known:
        known["limit"] = min(known["limit"], binding.max_page)
    return Selection(filters=filters, **known)


def remote_filters(
    selection: Selection, binding: Binding[Any, Any, Any], home: ids.RecordId
) -> dict[str, tuple[str, ...]]:
    """The filters with our ids turned into remote ids; a problem for an id of another connection or account."""
    remote: dict[str, tuple[str, ...]] = {}
    for name, values in selection.filters.items():
        rule = binding.filters[name]
        remote[name] = (
            tuple(_remote_id(name, value, rule.prefix, home) for value in values)
            if rule.kind == "reference"
            else values
        )
    return remote


def _pairs(query_string: bytes) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50)
    except (UnicodeDecodeError, ValueError):
        raise ApiProblem(INVALID_PARAMETER, "The query string is not percent-encoded UTF-8 text.") from None
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise _invalid(name, "repeated", "Give it once; several values are separated by commas.")
    return pairs


def _filter_values(name: str, value: str, binding: Binding[Any, Any, Any], filter_name: str) -> tuple[str, ...]:
    rule = binding.filters.get(filter_name)
    if rule is None:
        names = ", ".join(f"filter[{known}]" for known in binding.filters) or "none"
        raise ApiProblem(
            UNSUPPORTED_FILTER,
            f"The vendor cannot filter by `{name[:80]}`. It can by: {names}.",
            errors=(FieldError(f"query/{name[:80]}", "unsupported", f"Supported: {names}."),),
        )
    values = tuple(value.split(",")) if rule.kind == "choice" else (value,)
    if len(values) > MAX_CHOICES:
        raise _invalid(name, "too_many", f"At most {MAX_CHOICES} values.")
    for one in values:
        _check_filter_value(name, one, rule)
    return values


def _check_filter_value(name: str, value: str, rule: Filter) -> None:
    if not value or len(value) > MAX_TEXT_CHARACTERS or _CONTROL.search(value):
        raise _invalid(name, "length", f"1 to {MAX_TEXT_CHARACTERS} printable characters.")
    match rule.kind:
        case "choice" if value not in rule.choices:
            raise _invalid(name, "choice", f"One of: {', '.join(rule.choices)}.")
        case "date":
            _date(name, value)
        case "reference" if not value.startswith(rule.prefix):
            raise _invalid(name, "reference", f"An id that starts with `{rule.prefix}`.")
        case _:
            pass


def _remote_id(name: str, value: str, prefix: str, home: ids.RecordId) -> str:
    try:
        found = ids.parse_record_id(prefix, value)
    except ids.MalformedIdError:
        raise _invalid(f"filter[{name}]", "reference", f"An id that starts with `{prefix}`.") from None
    if (found.connection, found.account) != (home.connection, home.account):
        raise _invalid(f"filter[{name}]", "reference", "An id from the connection that is being listed.")
    return found.remote_id


def _limit(name: str, value: str, _noun: Noun, _binding: Binding[Any, Any, Any]) -> int:
    return _whole_number(name, value, 1, MAX_LIMIT)


def _cursor(name: str, value: str, _noun: Noun, _binding: Binding[Any, Any, Any]) -> str:
    if not value:
        raise _invalid(name, "empty", "Leave `cursor` out to start at the beginning.")
    return value


def _sort(name: str, value: str, _noun: Noun, binding: Binding[Any, Any, Any]) -> str:
    if value not in binding.sorts:
        sorts = ", ".join(binding.sorts) or "none"
        raise ApiProblem(
            UNSUPPORTED_SORT,
            f"The vendor cannot sort like this. It can by: {sorts}.",
            errors=(FieldError(f"query/{name}", "unsupported", f"Supported: {sorts}."),),
        )
    return value


def _updated_after(name: str, value: str, _noun: Noun, binding: Binding[Any, Any, Any]) -> datetime:
    if not binding.updated_after:
        raise _unsupported(UNSUPPORTED_FILTER, name, "The vendor cannot say what changed since an instant.")
    try:
        instant = msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        raise _invalid(name, "instant", "An RFC 3339 instant, such as 2026-11-01T00:00:00Z.") from None
    if instant.tzinfo is None:
        raise _invalid(name, "instant", "Needs an offset, such as Z.")
    return instant.astimezone(UTC)


def _include_deleted(name: str, value: str, _noun: Noun, binding: Binding[Any, Any, Any]) -> bool:
    if value not in ("true", "false"):
        raise _invalid(name, "boolean", "`true` or `false`.")
    if value == "true" and not binding.include_deleted:
        raise _unsupported(UNSUPPORTED_FILTER, name, "The vendor does not show deleted records.")
    return value == "true"


def _fields(name: str, value: str, noun: Noun, _binding: Binding[Any, Any, Any]) -> tuple[str, ...]:
    return _subset(name, value, noun.fields)


def _include(name: str, value: str, _noun: Noun, _binding: Binding[Any, Any, Any]) -> tuple[str, ...]:
    return _subset(name, value, INCLUDES)


def _expand(name: str, value: str, noun: Noun, _binding: Binding[Any, Any, Any]) -> tuple[str, ...]:
    return _subset(name, value, tuple(noun.references))


_READERS: Final = {
    "limit": _limit,
    "cursor": _cursor,
    "sort": _sort,
    "updated_after": _updated_after,
    "include_deleted": _include_deleted,
    "fields": _fields,
    "include": _include,
    "expand": _expand,
}


def _subset(name: str, value: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    asked = tuple(value.split(","))
    for one in asked:
        if one not in allowed:
            names = ", ".join(allowed) or "none"
            raise _unsupported(UNSUPPORTED_SELECTION, name, f"Choose from: {names}.")
    return asked


def _whole_number(name: str, value: str, least: int, most: int) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 10 and least <= int(value) <= most):
        raise _invalid(name, "range", f"A whole number from {least} to {most}.")
    return int(value)


def _date(name: str, value: str) -> None:
    try:
        parsed = date.fromisoformat(value)
    except ValueError:
        parsed = None
    if parsed is None or parsed.isoformat() != value:
        raise _invalid(name, "date", "A day, such as 2026-11-20.")


def _invalid(name: str, code: str, message: str) -> ApiProblem:
    shown = name[:80]
    return ApiProblem(INVALID_PARAMETER, f"`{shown}`: {message}", errors=(FieldError(f"query/{shown}", code, message),))


def _unsupported(kind: Kind, name: str, message: str) -> ApiProblem:
    return ApiProblem(kind, f"`{name}`: {message}", errors=(FieldError(f"query/{name}", "unsupported", message),))


def _unknown(name: str, allowed: tuple[str, ...], binding: Binding[Any, Any, Any]) -> ApiProblem:
    names = list(allowed)
    if allowed is LIST_PARAMETERS:
        names += [f"filter[{known}]" for known in binding.filters]
    message = f"Known here: {', '.join(names) or 'none'}."
    return ApiProblem(
        UNKNOWN_PARAMETER,
        f"`{name[:80]}` is not a parameter of this call.",
        errors=(FieldError(f"query/{name[:80]}", "unknown", message),),
    )
