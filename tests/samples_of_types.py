"""A value for each type that a body of the API may have."""

from typing import Any, Final

from msgspec.inspect import EnumType, ListType, Metadata, StructType, Type, UnionType


def sample(described: Type) -> Any:
    """A value that the API itself takes."""
    if isinstance(described, UnionType):
        return sample(next(one for one in described.types if type(one).__name__ not in ("NoneType", "UnsetType")))
    if isinstance(described, Metadata):
        return sample(described.type)
    if isinstance(described, StructType):
        return {field.encode_name: sample(field.type) for field in described.fields if field.required}
    if isinstance(described, EnumType):
        return next(iter(described.cls)).value
    if isinstance(described, ListType):
        return []
    return _PLAIN[type(described).__name__]


_PLAIN: Final[dict[str, Any]] = {
    "StrType": "USD",
    "IntType": 1,
    "BoolType": True,
    "DateType": "2026-11-20",
    "DateTimeType": "2026-11-20T08:00:00Z",
    "DecimalType": "1",
    "DictType": {},
    "AnyType": "x",
}
