"""What a body or an answer holds, field by field, out of the contract's schemas."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from msgspec import Struct

Schema: TypeAlias = Mapping[str, Any]

_DEEPEST: Final = 2


class Field(Struct, frozen=True):
    """One property of a record."""

    name: str
    kind: str
    description: str
    depth: int
    required: bool


def fields_of(schema: Schema, schemas: Mapping[str, Schema]) -> list[Field]:
    """The properties, each followed by its own, three levels deep; a type within itself is not unfolded again."""
    return _fields(schema, schemas, 0, ())


def _fields(schema: Schema, schemas: Mapping[str, Schema], depth: int, seen: tuple[str, ...]) -> list[Field]:
    reference = schema.get("$ref")
    if reference is not None:
        if reference in seen:
            return []
        schema, seen = schemas[reference.rpartition("/")[2]], (*seen, reference)
    if depth > _DEEPEST or not schema:
        return []
    if schema.get("type") == "array":
        return _fields(schema.get("items", {}), schemas, depth, seen)
    found: list[Field] = []
    required = set(schema.get("required", ()))
    for name, inner in schema.get("properties", {}).items():
        found.append(Field(name, _kind(inner), str(inner.get("description", "")), depth, name in required))
        for nested in _nested(inner):
            if nested.get("$ref") not in seen:
                found += _fields(nested, schemas, depth + 1, seen)
    return found


def _kind(schema: Schema) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(_kind(one) for one in schema[several]))
    if "enum" in schema:
        return "one of " + ", ".join(str(one) for one in schema["enum"])
    if "const" in schema:
        return f'"{schema["const"]}"'
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("format") or kind)


def _nested(schema: Schema) -> list[Schema]:
    if "$ref" in schema:
        return [schema]
    if schema.get("type") == "array":
        return _nested(schema.get("items", {}))
    return [one for several in ("anyOf", "oneOf") for inner in schema.get(several, ()) for one in _nested(inner)]
