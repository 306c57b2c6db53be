"""Schemas as those who generate clients from them need them.

What msgspec says of a type is what it decodes: everything with a default may be left out, and the default stands there.
A reader of answers wants to know what is always there. And generators take a property with a default for one that has
to be said, which is the contrary of what a body means by it; so defaults are told in words.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, cast

import msgspec
from msgspec import Struct
from msgspec import inspect as types

_NO_NAME: Final = re.compile(r"[^a-zA-Z0-9.\-_]")


def adapt(components: dict[str, Any], answers: list[Any], bodies: list[Any]) -> None:
    """Requires what answers always have, and says the defaults of bodies in words."""
    taken = {struct.cls for struct in structs(bodies)}
    for struct in structs(answers):
        schema = component_of(components, struct.cls)
        if schema is not None and struct.cls not in taken and not _omits_defaults(struct.cls):
            always = [field.encode_name for field in struct.fields if field.required or _has_default(field)]
            tag = [struct.tag_field] if struct.tag_field is not None else []
            schema["required"] = [*tag, *always]
    for schema in components.values():
        for described in schema.get("properties", {}).values():
            _say_default(described)


def say_exactly_one(found: Any) -> None:
    """Of a union that a word tells apart exactly one type fits: generators make something usable of that alone."""
    match found:
        case {"anyOf": choices, "discriminator": _}:
            del found["anyOf"]
            found["oneOf"] = choices
            say_exactly_one(choices)
        case dict():
            for inner in cast(dict[str, Any], found).values():
                say_exactly_one(inner)
        case list():
            for inner in cast(list[object], found):
                say_exactly_one(inner)
        case _:
            pass


def structs(wanted: Iterable[Any]) -> Iterator[types.StructType]:
    """Every Struct that the types are made of, each once."""
    return (found for found in named(wanted) if isinstance(found, types.StructType))


def named(wanted: Iterable[Any]) -> Iterator[types.StructType | types.EnumType]:
    """Everything with a name that the types are made of, each once."""
    return (found for found in types_in(wanted) if isinstance(found, types.StructType | types.EnumType))


def types_in(wanted: Iterable[Any]) -> Iterator[types.Type]:
    """Everything that the types are made of; what has a name once."""
    seen: set[Any] = set()
    waiting = list(types.multi_type_info(wanted))
    while waiting:
        found = waiting.pop()
        match found:
            case types.StructType(cls=cls) | types.EnumType(cls=cls) if cls in seen:
                continue
            case types.StructType(cls=cls, fields=fields):
                seen.add(cls)
                waiting += [field.type for field in fields]
            case types.EnumType(cls=cls):
                seen.add(cls)
            case types.UnionType(types=inner):
                waiting += inner
            case types.ListType(item_type=inner) | types.VarTupleType(item_type=inner):
                waiting.append(inner)
            case types.DictType(value_type=inner):
                waiting.append(inner)
            case types.Metadata(type=inner):
                waiting.append(inner)
            case _:
                pass
        yield found


def component_of(components: dict[str, Any], cls: Any) -> dict[str, Any] | None:
    """The schema of a Struct or an enum, under one of the names that msgspec may have given it."""
    plain = origin(cls)
    arguments = ", ".join(one.__name__ for one in getattr(cls, "__args__", ()))
    short = f"{plain.__name__}[{arguments}]" if arguments else plain.__name__
    for name in (f"{plain.__module__}.{plain.__qualname__}", short):
        found: dict[str, Any] | None = components.get(_NO_NAME.sub("_", name))
        if found is not None:
            return found
    return None


def origin(cls: Any) -> type[Any]:
    """`Page` of `Page[Client]`; any other type is its own."""
    found: type[Any] = getattr(cls, "__origin__", cls)
    return found


def _omits_defaults(cls: type[Struct]) -> bool:
    return bool(origin(cls).__struct_config__.omit_defaults)


def _has_default(field: types.Field) -> bool:
    return field.default is not msgspec.NODEFAULT or field.default_factory is not msgspec.NODEFAULT


def _say_default(described: dict[str, Any]) -> None:
    default = described.pop("default", None)
    if default not in (None, "", (), [], {}) and "enum" not in described:
        said = f"`{msgspec.json.encode(default).decode()}` where it is left out."
        described["description"] = " ".join(filter(None, (described.get("description"), said)))
