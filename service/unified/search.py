"""A list that is asked for by a body: what its parameters are, as JSON."""

import re
from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from service.api.bodies import decode_body
from service.api.query import invalid
from service.connectors.sdk.binding import Binding
from service.errors import ApiProblem, FieldError
from service.unified.noun import Noun
from service.unified.selection import LIST_PARAMETERS, Selection, selected

_Names = Annotated[list[str], Meta(min_length=1)]
_POINTER: Final = re.compile(r"query/(\w+)(?:\[(\w+)\])?")


class Search(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `GET` takes as parameters, as a body."""

    filter: dict[str, str | list[str]] = {}
    """By the filter's name, such as `status`; several values where the filter takes several."""
    limit: int | None = None
    cursor: str | None = None
    sort: str | None = None
    updated_after: str | None = None
    """An RFC 3339 instant."""
    include_deleted: bool = False
    fields: _Names | UnsetType = UNSET
    include: _Names | UnsetType = UNSET
    expand: _Names | UnsetType = UNSET


def read_search(body: bytes, noun: Noun, binding: Binding[Any, Any, Any]) -> Selection:
    """The selection in a search's body: read as strictly as a query string, and alike."""
    search: Search = decode_body(body, Search)
    single = {
        "limit": search.limit,
        "cursor": search.cursor,
        "sort": search.sort,
        "updated_after": search.updated_after,
        "include_deleted": "true" if search.include_deleted else None,
    }
    several = {"fields": search.fields, "include": search.include, "expand": search.expand}
    said = [
        *((f"filter[{name}]", _joined(name, value, binding)) for name, value in search.filter.items()),
        *((name, str(value)) for name, value in single.items() if value is not None),
        *((name, ",".join(values)) for name, values in several.items() if not isinstance(values, UnsetType)),
    ]
    return selected(said, noun, binding, LIST_PARAMETERS)


def in_body(problem: ApiProblem) -> ApiProblem:
    """The problem of a list, which points at its query, as one of a search, which points into its body."""
    problem.errors = tuple(_in_body(error) for error in problem.errors)
    return problem


def _in_body(error: FieldError) -> FieldError:
    found = _POINTER.fullmatch(error.pointer)
    if found is None:
        return error
    return FieldError("/".join(("", *filter(None, found.groups()))), error.code, error.message)


def _joined(name: str, value: str | list[str], binding: Binding[Any, Any, Any]) -> str:
    """As it stands in a query. A list is one of choices; of other values it would be read as one value."""
    if isinstance(value, str):
        return value
    rule = binding.filters.get(name)
    if rule is not None and rule.kind != "choice" and len(value) > 1:
        raise invalid(f"filter[{name}]", "single", "It takes one value.")
    return ",".join(value)
