"""The vendor's own records, for `include=raw`, and what of them the unified record leaves out, for `include=unmapped`.

Only read when asked for: the ordinary way decodes straight into Structs.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeGuard

import msgspec
from msgspec import Meta, Raw
from msgspec.inspect import ListType, Metadata, StructType, Type, UnionType, VarTupleType, type_info

from service.connectors.sdk.binding import Wire
from service.connectors.sdk.faults import Malformed

_MARK: Final = {"unmapped": True}
UNMAPPED: Final = Meta(extra=_MARK)
"""Annotates a wire field that is read, but has no place of its own in the unified record: it stays unmapped."""

_read = msgspec.json.Decoder(float_hook=lambda digits: Raw(digits.encode())).decode
"""Decimals stay as the digits that came: neither rounded by a float nor turned into text."""


_write: Final = msgspec.json.Encoder().encode


def raw_records(body: bytes, wire: Wire, *, many: bool, redact: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """The records in a vendor's answer, in its order, without the names in `redact` at any depth.

    A list may hold more rows than the page that was made of it (the row that proves there is more).
    """
    try:
        found: object = _read(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("not JSON") from None
    for names in wire.many if many else wire.one:
        held: Mapping[str, Any] = found if _is_object(found) else {}
        found = next((held[name] for name in names.split("|") if name in held), None)
    rows = found if _is_array(found) else [found]
    return [_without(row, redact) for row in rows if _is_object(row)]


def redacted(body: bytes, redact: frozenset[str]) -> bytes:
    """A whole JSON answer without the names in `redact`, at any depth. Raises Malformed for what is not JSON."""
    try:
        return _write(_without(_read(body), redact))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("not JSON") from None


def unmapped(record: Mapping[str, Any], wire_type: type[Any], redact: frozenset[str] = frozenset()) -> dict[str, Any]:
    """What of `record` the wire Struct does not declare, at any depth; empty when the mapping covers it all.

    In a list of objects each keeps its place as long as any of them has something left: `[{}, {"Lat": …}]`.
    """
    return _left_over(record, _shape(wire_type), redact)


_Shape = Mapping[str, "type[Any] | None"]
"""By vendor name: the Struct (of the items) inside, or None for a plain value that is mapped whole."""


def _left_over(record: Mapping[str, Any], shape: _Shape, redact: frozenset[str]) -> dict[str, Any]:
    left: dict[str, Any] = {}
    for name, value in record.items():
        if name in redact:
            continue
        if name not in shape:
            left[name] = _without(value, redact)
        elif (inner := shape[name]) is not None:
            rest = _left_inside(value, _shape(inner), redact)
            if rest:
                left[name] = rest
    return left


def _left_inside(value: object, shape: _Shape, redact: frozenset[str]) -> Any:
    if _is_object(value):
        return _left_over(value, shape, redact)
    if _is_array(value):
        rests = [_left_inside(item, shape, redact) for item in value]
        return rests if any(rests) else None
    return None


def _without(value: Any, redact: frozenset[str]) -> Any:
    if _is_object(value):
        return {name: _without(inner, redact) for name, inner in value.items() if name not in redact}
    if _is_array(value):
        return [_without(item, redact) for item in value]
    return value


_SHAPES: Final[dict[type[Any], _Shape]] = {}


def _shape(wire_type: type[Any]) -> _Shape:
    known = _SHAPES.get(wire_type)
    if known is None:
        described = type_info(wire_type)
        assert isinstance(described, StructType)
        known = _SHAPES[wire_type] = {
            field.encode_name: next(_structs(field.type), None)
            for field in described.fields
            if not _is_marked(field.type)
        }
    return known


def _structs(described: Type) -> Iterator[type[Any]]:
    if isinstance(described, StructType):
        yield described.cls
    elif isinstance(described, Metadata):
        yield from _structs(described.type)
    elif isinstance(described, ListType | VarTupleType):
        yield from _structs(described.item_type)
    elif isinstance(described, UnionType):
        for option in described.types:
            yield from _structs(option)


def _is_marked(described: Type) -> bool:
    return isinstance(described, Metadata) and described.extra == _MARK  # pyright: ignore[reportUnknownMemberType]


def _is_object(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, dict)


def _is_array(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)
