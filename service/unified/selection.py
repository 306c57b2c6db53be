"""What a caller asks of a list or a record, read strictly: what the vendor cannot do is a problem, never ignored."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from service.api.query import (
    DEFAULT_LIMIT,
    PAGING,
    boolean,
    instant,
    pairs,
    unknown,
    unsupported,
    whole_number,
)
from service.connectors.sdk.binding import Binding
from service.errors import UNSUPPORTED_FILTER, UNSUPPORTED_SELECTION, UNSUPPORTED_SORT, ApiProblem, FieldError
from service.unified.filters import filter_values, refuse_repeated, takes_choices
from service.unified.noun import Noun

LIST_PARAMETERS: Final = (
    "limit", "cursor", "sort", "updated_after", "include_deleted", "fields", "include", "expand", "max_age",
)  # fmt: skip
RECORD_PARAMETERS: Final = ("fields", "include", "expand", "max_age")
INCLUDES: Final = ("raw", "unmapped")

_SEVERAL: Final = frozenset({"fields", "include", "expand"})
_FILTER = re.compile(r"filter\[([a-z_]+)\]")
_max_age = whole_number(0, 86_400)


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

    def takes_several(name: str) -> bool:
        found = _FILTER.fullmatch(name)
        return name in _SEVERAL if found is None else takes_choices(found[1], binding)

    return selected(pairs(query_string, takes_several), noun, binding, allowed)


def selected(
    said: list[tuple[str, str]], noun: Noun, binding: Binding[Any, Any, Any], allowed: tuple[str, ...]
) -> Selection:
    """The selection in names and texts."""
    known: dict[str, Any] = {}
    filters: dict[str, tuple[str, ...]] = {}
    for name, value in said:
        found = _FILTER.fullmatch(name)
        if found is not None and allowed is LIST_PARAMETERS:
            filters[found[1]] = filter_values(found[1], value, binding)
        elif name not in allowed:
            raise unknown(name, _known(allowed, binding))
        elif name == "max_age":
            _max_age(name, value)
        else:
            known[name] = _READERS[name](name, value, noun, binding)
    return Selection(filters=filters, **known)


def _limit(name: str, value: str, _noun: Noun, _binding: Binding[Any, Any, Any]) -> int:
    return int(PAGING["limit"](name, value))


def _cursor(name: str, value: str, _noun: Noun, _binding: Binding[Any, Any, Any]) -> str:
    return str(PAGING["cursor"](name, value))


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
        raise unsupported(UNSUPPORTED_FILTER, name, "The vendor cannot say what changed since an instant.")
    return instant(name, value)


def _include_deleted(name: str, value: str, _noun: Noun, binding: Binding[Any, Any, Any]) -> bool:
    asked = boolean(name, value)
    if asked and not binding.include_deleted:
        raise unsupported(UNSUPPORTED_FILTER, name, "The vendor does not show deleted records.")
    return asked


def _fields(name: str, value: str, noun: Noun, _binding: Binding[Any, Any, Any]) -> tuple[str, ...]:
    return _subset(name, value, noun.fields)


def _include(name: str, value: str, noun: Noun, binding: Binding[Any, Any, Any]) -> tuple[str, ...]:
    if not binding.raw:
        why = f"The vendor has no records of {noun.name}: they are made of other ones, so there is nothing to include."
        raise unsupported(UNSUPPORTED_SELECTION, name, why)
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
    refuse_repeated(name, asked)
    for one in asked:
        if one not in allowed:
            names = ", ".join(allowed) or "none"
            raise unsupported(UNSUPPORTED_SELECTION, name, f"Choose from: {names}.")
    return asked


def _known(allowed: tuple[str, ...], binding: Binding[Any, Any, Any]) -> list[str]:
    return [*allowed, *(f"filter[{known}]" for known in binding.filters if allowed is LIST_PARAMETERS)]
