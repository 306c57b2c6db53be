"""QuickBooks' query language: `select * from Customer where … orderby … startposition 1 maxresults 51`.

No OR, no joins, one column to order by. Values are always quoted; a backslash escapes a quote.
Source: https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/data-queries,
read 2026-11-20.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from service.connectors.sdk.binding import Query
from service.connectors.sdk.flow import Request
from service.connectors.sdk.paging import offset_start
from service.connectors.sdk.references import invalid

FIRST_ROW: Final = 1
MINOR_VERSION: Final = ("minorversion", "75")

Conditions = Mapping[str, Callable[[tuple[str, ...]], str]]
"""By filter name: what turns the values asked for into one condition, or "" for none."""

_ESCAPED: Final = str.maketrans({"'": "\\'", "\\": "\\\\"})
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def literal(value: str) -> str:
    """The value as a quoted literal that cannot end early. Raises ValueError for control characters."""
    if _CONTROL.search(value):
        raise ValueError("Control characters cannot be searched for.")
    return f"'{value.translate(_ESCAPED)}'"


def compares(column: str, operator: str = "=") -> Callable[[tuple[str, ...]], str]:
    """A condition on one value: `column operator 'value'`."""
    return lambda values: f"{column} {operator} {literal(values[0])}"


def contains(column: str) -> Callable[[tuple[str, ...]], str]:
    """A condition on a part of a text. `%` is the language's only wildcard and cannot be escaped, so it is refused."""

    def condition(values: tuple[str, ...]) -> str:
        if "%" in values[0]:
            raise ValueError("A percent sign cannot be searched for.")
        return f"{column} LIKE {literal(f'%{values[0]}%')}"

    return condition


def is_active(values: tuple[str, ...]) -> str:
    """The condition behind the filter `active`, whose values are the words true and false."""
    return f"Active IN ({','.join(values)})"


def select(
    entity: str, query: Query, conditions: Conditions, columns: Mapping[str, str], always: tuple[str, ...] = ()
) -> Request:
    """The call for one page, asking for a row more than wanted: that row proves there is another page.

    Without a sort rows come in the order of their ids, which no write changes, so that pages do not shift.
    Raises Invalid at the filter for a value that the language cannot express.
    """
    where = [*always, *(_condition(conditions, name, values) for name, values in query.filters.items())]
    if query.updated_after is not None:
        where.append(f"MetaData.LastUpdatedTime >= {literal(_instant(query.updated_after))}")
    told = [condition for condition in where if condition]
    parts = [f"select * from {entity}"]  # noqa: S608 (every value in it is a literal)
    if told:
        parts.append(f"where {' and '.join(told)}")
    parts.append(f"orderby {_order(query, columns)}")
    parts.append(f"startposition {offset_start(query, FIRST_ROW)} maxresults {query.limit + 1}")
    return Request(method="GET", path="/query", query=(("query", " ".join(parts)), MINOR_VERSION), lane="read")


def sorts(columns: Mapping[str, str]) -> tuple[str, ...]:
    """What a binding offers to sort by: each column up and down."""
    return tuple(name for column in columns for name in (column, f"-{column}"))


def _condition(conditions: Conditions, name: str, values: tuple[str, ...]) -> str:
    try:
        return conditions[name](values)
    except ValueError as error:
        raise invalid(f"/filter/{name}", "not_searchable", str(error)) from None


def _order(query: Query, columns: Mapping[str, str]) -> str:
    if query.sort is None:
        return "Id ASC"
    direction = "DESC" if query.sort.startswith("-") else "ASC"
    return f"{columns[query.sort.removeprefix('-')]} {direction}"


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="seconds")
