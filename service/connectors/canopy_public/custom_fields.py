"""The fields that a firm added to its clients, and their values at one client.

A value goes by the id of its field: names can change and need not be unique.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from service.connectors.canopy_public.wire import DOC
from service.connectors.sdk.binding import Binding, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.flow import Flow, Request
from service.connectors.sdk.paging import converted, offset_start
from service.connectors.sdk.references import invalid
from service.ids import Book
from service.resources.common import Meta
from service.resources.service_item import CustomField, CustomFieldKind


class WireChoice(Struct, frozen=True, gc=False):
    value: str | None = None


class WireDefinition(Struct, frozen=True, gc=False):
    id: str
    name: str
    type: str
    dropdown_values: list[WireChoice] | None = None


class WireValue(Struct, frozen=True, gc=False):
    """`value` of a text or a date, `dropdown_values` of what is chosen."""

    field_id: str
    type: str | None = None
    value: str | None = None
    dropdown_values: list[WireChoice] | None = None


class WriteChoice(Struct, frozen=True):
    value: str


class WriteValue(Struct, frozen=True):
    field_id: str
    value: str | UnsetType = UNSET
    dropdown_values: list[WriteChoice] | UnsetType = UNSET


UNSUPPORTED: Final = ("group", "required", "version")
_META: Final = Meta(unsupported=UNSUPPORTED)
_KINDS: Final = {
    "text": CustomFieldKind.TEXT,
    "date": CustomFieldKind.DATE,
    "dropdown": CustomFieldKind.SELECT,
    "multiselect": CustomFieldKind.MULTI_SELECT,
}


def to_custom_field(wire: WireDefinition, book: Book) -> CustomField:
    """The definition of a field."""
    return CustomField(
        id=book.ref("cfd_", wire.id),
        remote_id=wire.id,
        connection=book.connection,
        account=book.account,
        name=wire.name,
        kind=_KINDS.get(wire.type, CustomFieldKind.OTHER),
        kind_native=wire.type,
        choices=_texts(wire.dropdown_values),
        meta=_META,
    )


def to_values(wire: list[WireValue] | None | UnsetType) -> dict[str, Any] | UnsetType:
    """By the id of the field: a text, a day as text, what is chosen, or all that is."""
    if isinstance(wire, UnsetType):
        return UNSET
    return {one.field_id: _value(one) for one in wire or ()}


def _value(wire: WireValue) -> str | list[str] | None:
    if wire.dropdown_values is None:
        return wire.value
    chosen = _texts(wire.dropdown_values)
    return chosen if wire.type == "multiselect" else (chosen[0] if chosen else None)


def _texts(choices: list[WireChoice] | None) -> list[str]:
    return [choice.value for choice in choices or () if choice.value is not None]


def from_values(values: Mapping[str, Any] | UnsetType, kinds: Mapping[str, str]) -> list[WriteValue] | UnsetType:
    """What is to be written, by the sort of each field. Raises Invalid for a field or a value that cannot be."""
    if isinstance(values, UnsetType):
        return UNSET
    return [_written(field, value, kinds.get(field)) for field, value in values.items()]


def _written(field: str, value: object, kind: str | None) -> WriteValue:
    at = f"/custom_fields/{field.replace('~', '~0').replace('/', '~1')}"
    if kind is None:
        raise invalid(at, "unknown_reference", "Canopy has no custom field of this id; /v1/custom_fields lists them.")
    if kind == "multiselect":
        chosen = _chosen(value)
        if chosen:
            return WriteValue(field, dropdown_values=chosen)
        raise invalid(at, "invalid", "Give a list of the choices that apply, at least one: Canopy cannot empty it.")
    if not isinstance(value, str):
        raise invalid(at, "invalid", "Give a text: Canopy cannot empty a custom field.")
    if kind == "dropdown":
        return WriteValue(field, dropdown_values=[WriteChoice(value)])
    return WriteValue(field, value=value)


def _chosen(value: object) -> list[WriteChoice]:
    """Empty for what is no list of texts."""
    try:
        return [WriteChoice(text) for text in msgspec.convert(value, list[str])]
    except msgspec.ValidationError:
        return []


class _List(Struct, frozen=True, gc=False):
    custom_fields: list[WireDefinition]


_read: Final = json_reader(_List)


def definitions() -> Flow[Mapping[str, str]]:
    """The sort of every field, by its id."""
    found = _read((yield Request(method="GET", path="/custom_fields", lane="read", aside=True)))
    return {one.id: one.type for one in found.custom_fields}


def page(query: Query, book: Book) -> Flow[RemotePage[CustomField]]:
    """A part of the list, which the vendor gives whole."""
    found = _read((yield Request(method="GET", path="/custom_fields", lane="read"))).custom_fields
    start = offset_start(query, 0)
    end = start + query.limit
    records = converted(found, to_custom_field, book, "$.custom_fields")
    return RemotePage(records[start:end], str(end) if end < len(records) else None)


BINDING: Final = Binding[CustomField, Any, Any](
    doc=DOC,
    wire=Wire(WireDefinition, many=("custom_fields",)),
    raw=False,
    unsupported=UNSUPPORTED,
    page=page,
    paging="emulated",
    notes="The vendor gives all definitions at once, so each page of ours reads them all; there is nothing raw to "
    "include.",
)
