"""Answers queries over the tables: hidden inactive rows, typed comparisons, the array that vanishes past the end."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from service.sandbox.http import Json
from service.sandbox.quickbooks.errors import FaultError
from service.sandbox.quickbooks.query import Condition, Query
from service.sandbox.quickbooks.records import Cheap
from service.sandbox.quickbooks.schema import KNOWN, NAME_LISTS
from service.sandbox.quickbooks.wire import ref_value
from service.sandbox.table import Table

Getter: TypeAlias = Callable[[int], object]

_ACTIVE = Condition("Active", "=", ("true",))


def run(query: Query, tables: Mapping[str, Table], cheap: Cheap, singles: Mapping[str, Json]) -> Json:
    """The `QueryResponse` of a query."""
    if query.entity in singles:
        return {query.entity: [singles[query.entity]], "maxResults": 1}
    if query.entity not in tables:
        raise FaultError("4001", f"QueryValidationError: Invalid context declaration: {query.entity}")
    table = tables[query.entity]
    selection = _selection(query, table, cheap)
    if query.counts:
        return {"totalCount": len(selection)}
    found = selection[query.start - 1 : query.start - 1 + query.page_size]
    if len(found) == 0:
        return {}
    page: Json = {query.entity: [table[position] for position in found]}
    page |= {"startPosition": query.start, "maxResults": len(found)}
    if query.start == 1 and len(found) == len(selection):
        page["totalCount"] = len(found)
    return page


def _selection(query: Query, table: Table, cheap: Cheap) -> Sequence[int]:
    conditions = query.conditions
    if query.entity in NAME_LISTS and not any(condition.path == "Active" for condition in conditions):
        conditions = (*conditions, _ACTIVE)
    if all(_is_everything(condition) for condition in conditions):
        conditions = ()
    tests = [_test(query.entity, condition, table, cheap) for condition in conditions]

    def matches(position: int) -> bool:
        return all(test(position) for test in tests)

    key = None if query.order is None else _sort_key(query.entity, query.order.path, table, cheap)
    name = (query.entity, conditions, query.order)
    return table.select(name, matches if tests else None, key, bool(query.order and query.order.descending))


def _is_everything(condition: Condition) -> bool:
    return condition.path == "Active" and {value.lower() for value in condition.values} == {"true", "false"}


def _test(entity: str, condition: Condition, table: Table, cheap: Cheap) -> Callable[[int], bool]:
    get = _getter(entity, condition.path, table, cheap)
    compares = _comparison(condition)

    def test(position: int) -> bool:
        value = get(position)
        if isinstance(value, list):
            return any(compares(one) for one in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        return value is not None and compares(value)

    return test


def _comparison(condition: Condition) -> Callable[[object], bool]:
    match condition.operator:
        case "LIKE":
            pattern = re.compile(".*".join(map(re.escape, condition.values[0].split("%"))), re.IGNORECASE | re.DOTALL)
            return lambda value: pattern.fullmatch(str(value)) is not None
        case "IN":
            return lambda value: any(_order_of(value, literal) == 0 for literal in condition.values)
        case "=":
            return lambda value: _order_of(value, condition.values[0]) == 0
        case "<":
            return lambda value: _order_of(value, condition.values[0]) < 0
        case ">":
            return lambda value: _order_of(value, condition.values[0]) > 0
        case "<=":
            return lambda value: _order_of(value, condition.values[0]) <= 0
        case ">=":
            return lambda value: _order_of(value, condition.values[0]) >= 0


def _order_of(value: object, literal: str) -> int:
    """-1, 0 or 1 as the value lies before, at or behind the literal, compared as what the value is."""
    left: object
    right: object
    try:
        if isinstance(value, bool):
            left, right = value, {"true": True, "false": False}[literal.lower()]
        elif isinstance(value, int | float):
            left, right = Decimal(str(value)), Decimal(literal)
        elif isinstance(value, datetime):
            since = datetime.fromisoformat(literal)
            left, right = value, since if since.tzinfo else since.astimezone(value.tzinfo)
        else:
            left, right = str(value), literal
    except (KeyError, ValueError, InvalidOperation) as error:
        raise FaultError("4001", f"QueryValidationError: {literal!r} cannot be compared") from error
    return (left > right) - (left < right)  # type: ignore[operator]  # pyright: ignore


def _sort_key(entity: str, path: str, table: Table, cheap: Cheap) -> Callable[[int], object]:
    get = _getter(entity, path, table, cheap)

    def key(position: int) -> tuple[bool, object, int]:
        value = get(position)
        return (value is not None, 0 if value is None else value, position)

    return key


def _getter(entity: str, path: str, table: Table, cheap: Cheap) -> Getter:
    """Gives the property of a row that a path names; without building the row where that can be avoided."""
    names = path.split(".")
    if names[0] not in KNOWN[entity]:
        raise FaultError("4001", f"QueryValidationError: Property {path} not found for Entity {entity}")
    if path == "Id":
        return lambda position: int(table.id_at(position))
    if path == "MetaData.LastUpdatedTime":
        return lambda position: datetime.fromtimestamp(table.updated_s(position), UTC)
    shortcut = cheap.get((entity, path))

    def get(position: int) -> object:
        if shortcut is not None and not table.is_written(position):
            return shortcut(position)
        return _dig(table[position], names)

    return get


def _dig(row: Json, names: list[str]) -> object:
    value: object = row
    if names[0] == "AttachableRef":
        # Hangs on several things: a condition holds when it does so for one of them. `Type` is written either way.
        return [_dig(link, [name.replace("Type", "type") for name in names[1:]]) for link in row.get(names[0], [])]
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if names[0] == "MetaData" and isinstance(value, str):
        return datetime.fromisoformat(value)
    reference = ref_value(value)  # pyright: ignore[reportUnknownArgumentType]
    return value if reference is None else reference  # pyright: ignore[reportUnknownVariableType]
