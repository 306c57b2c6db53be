"""What a vendor's records look like: which fields that we read they have, and of what sort. Never their values."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

SURE_AFTER: Final = 5
"""A field counts as always there once so many records all had it."""
_SORTS: Final[dict[type[Any], str]] = {
    bool: "boolean",
    int: "number",
    float: "number",
    str: "text",
    list: "list",
    dict: "object",
}


class Field(Struct, frozen=True):
    """One field: the JSON sorts it was seen with, null aside, and whether every record had it."""

    sorts: tuple[str, ...]
    always: bool


class Shape(Struct, frozen=True):
    """What was learned from so many records."""

    records: int = 0
    fields: dict[str, Field] = {}


class Difference(Struct, frozen=True):
    path: str
    was: str
    is_gone: bool


def read_fields(wire: type[Any]) -> frozenset[str]:
    """The fields of the vendor's record that the connector reads, by the vendor's own names."""
    return frozenset(field.encode_name for field in msgspec.structs.fields(wire))


def observe(records: Sequence[Mapping[str, object]], names: Iterable[str]) -> Shape:
    """The shape of these records."""
    fields: dict[str, Field] = {}
    for name in sorted(names):
        values = [record[name] for record in records if name in record]
        if values:
            sorts = {_SORTS[type(value)] for value in values if value is not None}
            fields[name] = Field(tuple(sorted(sorts)), len(values) == len(records))
    return Shape(len(records), fields)


def differences(known: Shape, seen: Shape) -> list[Difference]:
    """What the connector could rely on and cannot any more. A field that is new is none: nobody reads it."""
    if not seen.records:
        return []
    found: list[Difference] = []
    for name, before in known.fields.items():
        now = seen.fields.get(name)
        was = " or ".join(before.sorts) or "null"
        if now is None:
            if before.always and known.records >= SURE_AFTER:
                found.append(Difference(f"$.{name}", was, is_gone=True))
        elif before.sorts and not set(now.sorts) <= set(before.sorts):
            found.append(Difference(f"$.{name}", was, is_gone=False))
    return found


def learned(known: Shape, seen: Shape) -> Shape:
    """Both together."""
    fields: dict[str, Field] = {}
    for name in {**known.fields, **seen.fields}:
        before, now = known.fields.get(name), seen.fields.get(name)
        sorts = {*(before.sorts if before else ()), *(now.sorts if now else ())}
        always = (before.always if before else not known.records) and (now.always if now else not seen.records)
        fields[name] = Field(tuple(sorted(sorts)), always)
    return Shape(known.records + seen.records, fields)
