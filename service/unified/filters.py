"""What a list is filtered by: the vendor's own filters, each value checked before the vendor is asked."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from service import ids
from service.api.query import invalid, text
from service.connectors.sdk.binding import Binding, Filter
from service.errors import UNSUPPORTED_FILTER, ApiProblem, FieldError

MAX_CHOICES: Final = 20


def filter_values(filter_name: str, value: str, binding: Binding[Any, Any, Any]) -> tuple[str, ...]:
    """The values asked for; a problem for a filter that the vendor lacks, or for a value that it does not take."""
    name, rule = f"filter[{filter_name}]", binding.filters.get(filter_name)
    if rule is None:
        names = ", ".join(f"filter[{known}]" for known in binding.filters) or "none"
        raise ApiProblem(
            UNSUPPORTED_FILTER,
            f"The vendor cannot filter by `{name[:80]}`. It can by: {names}.",
            errors=(FieldError(f"query/{name[:80]}", "unsupported", f"Supported: {names}."),),
        )
    values = tuple(value.split(",")) if takes_choices(filter_name, binding) else (value,)
    refuse_repeated(name, values)
    if len(values) > MAX_CHOICES:
        raise invalid(name, "too_many", f"At most {MAX_CHOICES} values.")
    for one in values:
        _check_filter_value(name, one, rule)
    return values


def takes_choices(filter_name: str, binding: Binding[Any, Any, Any]) -> bool:
    """True of a filter by some words out of several; all others take one value."""
    rule = binding.filters.get(filter_name)
    return rule is not None and rule.kind == "choice"


def _check_filter_value(name: str, value: str, rule: Filter) -> None:
    text(name, value)
    match rule.kind:
        case "choice" if value not in rule.choices:
            raise invalid(name, "choice", f"One of: {', '.join(rule.choices)}.")
        case "date":
            _date(name, value)
        case "reference" if not value.startswith(rule.prefix):
            raise invalid(name, "reference", f"An id that starts with `{rule.prefix}`.")
        case _:
            pass


def remote_filters(
    filters: Mapping[str, tuple[str, ...]], binding: Binding[Any, Any, Any], home: ids.RecordId
) -> dict[str, tuple[str, ...]]:
    """The filters with our ids turned into remote ids; a problem for an id of another connection or account."""
    remote: dict[str, tuple[str, ...]] = {}
    for name, values in filters.items():
        rule = binding.filters[name]
        remote[name] = (
            tuple(_remote_id(name, value, rule.prefix, home) for value in values)
            if rule.kind == "reference"
            else values
        )
    return remote


def _remote_id(name: str, value: str, prefix: str, home: ids.RecordId) -> str:
    try:
        found = ids.parse_record_id(prefix, value)
    except ids.MalformedIdError:
        raise invalid(f"filter[{name}]", "reference", f"An id that starts with `{prefix}`.") from None
    if (found.connection, found.account) != (home.connection, home.account):
        raise invalid(f"filter[{name}]", "reference", "An id from the connection that is being listed.")
    return found.remote_id


def _date(name: str, value: str) -> None:
    try:
        parsed = date.fromisoformat(value)
    except ValueError:
        parsed = None
    if parsed is None or parsed.isoformat() != value:
        raise invalid(name, "date", "A day, such as 2026-11-20.")


def refuse_repeated(name: str, values: tuple[str, ...]) -> None:
    if len(set(values)) < len(values):
        raise invalid(name, "repeated", "Name each value once.")
