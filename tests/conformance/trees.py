"""Walking JSON by dotted paths, which lead through objects and through every element of lists."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import date, datetime
from typing import Any, TypeGuard

import msgspec

from tests.conformance.subject import Row


def put(value: object, path: str, to: object) -> None:
    """Sets what the path leads to; where the way there is missing nothing happens."""
    name, _, rest = path.partition(".")
    for holder in _holders(value):
        if rest:
            put(holder.get(name), rest, to)
        else:
            holder[name] = to


def look_up(value: Any, path: str) -> Any:
    """What the path leads to, through objects alone."""
    for name in path.split("."):
        value = value[name]
    return value


def drop(value: object, path: str) -> None:
    """Removes what the path leads to."""
    name, _, rest = path.partition(".")
    for holder in _holders(value):
        if rest:
            drop(holder.get(name), rest)
        else:
            holder.pop(name, None)


def turn(value: object, path: str) -> None:
    """Changes what the path leads to into another value of its sort."""
    name, _, rest = path.partition(".")
    for holder in _holders(value):
        if name in holder:
            if rest:
                turn(holder[name], rest)
            else:
                holder[name] = _other(holder[name])


def has(value: object, path: str) -> bool:
    """Whether the path leads to anything but null."""
    name, _, rest = path.partition(".")
    found = [holder[name] for holder in _holders(value) if holder.get(name) is not None]
    return any(has(inner, rest) for inner in found) if rest else bool(found)


def paths(value: object, at: str = "") -> Iterator[str]:
    """The path of every plain value that is not null."""
    if is_object(value):
        for name, inner in value.items():
            yield from paths(inner, f"{at}.{name}" if at else name)
    elif is_array(value):
        for inner in value:
            yield from paths(inner, at)
    elif value is not None:
        yield at


def texts(value: object) -> Iterator[str]:
    """Every text in it."""
    if isinstance(value, str):
        yield value
    elif is_object(value) or is_array(value):
        for inner in value.values() if is_object(value) else value:
            yield from texts(inner)


def without(value: Any, names: frozenset[str]) -> Any:
    """A copy without these names at any depth."""
    if is_object(value):
        return {name: without(inner, names) for name, inner in value.items() if name not in names}
    if is_array(value):
        return [without(inner, names) for inner in value]
    return deepcopy(value)


def is_object(value: object) -> TypeGuard[Row]:
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _holders(value: object) -> Iterator[Row]:
    if is_object(value):
        yield value
    elif is_array(value):
        for inner in value:
            yield from _holders(inner)


def _other(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            for kind, moved in ((datetime, "2001-02-03T04:05:06Z"), (date, "2001-02-03")):
                try:
                    msgspec.convert(value, kind)
                except msgspec.ValidationError:
                    continue
                return moved
            return value + "x"
        case _:
            return ["changed"] if is_array(value) else value
