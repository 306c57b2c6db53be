"""The custom fields this firm has defined, one of each type, and what a call may write into them."""

from collections.abc import Sequence
from datetime import date

import msgspec
from msgspec import UNSET, UnsetType

from service.sandbox.canopy_public.errors import invalid
from service.sandbox.http import Json


class Option(msgspec.Struct, frozen=True):
    """One value of a dropdown or multiselect."""

    id: str
    value: str


class Field(msgspec.Struct, frozen=True, omit_defaults=True):
    """One custom field; only those to choose from have `dropdown_values`."""

    id: str
    name: str
    type: str
    dropdown_values: tuple[Option, ...] = ()


_TIERS = Option("KLRX", "Gold"), Option("KLRY", "Silver"), Option("KLRZ", "Bronze")
_PACKAGES = Option("KPTX", "Tax"), Option("KPBK", "Books"), Option("KPPY", "Payroll")
FIELDS = (
    Field("DQ4V", "Referred by", "text"),
    Field("D7WK", "Engagement letter signed", "date"),
    Field("DR2M", "Tier", "dropdown", _TIERS),
    Field("D9PB", "Packages", "multiselect", _PACKAGES),
)
_BY_ID = {field.id: field for field in FIELDS}


class OptionWish(msgspec.Struct, frozen=True):
    """A chosen value, by its id, its text or both."""

    id: str | UnsetType = UNSET
    value: str | UnsetType = UNSET


class FieldWish(msgspec.Struct, frozen=True):
    """A custom field of a client to write: `value` of a text or date, `dropdown_values` of the other two."""

    field_id: str
    field_name: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    value: str | UnsetType = UNSET
    dropdown_values: Sequence[OptionWish] | UnsetType = UNSET


def shown(field: Field, value: str | Sequence[Option]) -> Json:
    """A custom field as a client has it."""
    named = {"field_id": field.id, "field_name": field.name, "type": field.type}
    if isinstance(value, str):
        return {**named, "value": value}
    return {**named, "dropdown_values": msgspec.to_builtins(value)}


def accepted(wish: FieldWish) -> Json:
    """A custom field as it is kept; RefusalError where the firm has no such field or value."""
    field = _BY_ID.get(wish.field_id)
    if field is None:
        raise invalid(f"there is no custom field {wish.field_id}")
    if wish.type not in (UNSET, field.type):
        raise invalid(f"the type of custom field {field.id} is {field.type}")
    if not field.dropdown_values:
        return shown(field, _text(field, wish))
    chosen = wish.dropdown_values
    if chosen is UNSET or not chosen or (field.type == "dropdown" and len(chosen) > 1):
        raise invalid(f"dropdown_values of custom field {field.id} are missing or too many")
    return shown(field, [_option(field, option) for option in chosen])


def _text(field: Field, wish: FieldWish) -> str:
    if wish.value is UNSET:
        raise invalid(f"value of custom field {field.id} is missing")
    if field.type == "date":
        try:
            date.fromisoformat(wish.value)
        except ValueError as error:
            raise invalid(f"value of custom field {field.id} is no date") from error
    return wish.value


def _option(field: Field, wish: OptionWish) -> Option:
    if wish == OptionWish():
        raise invalid(f"a value of custom field {field.id} says nothing")
    for option in field.dropdown_values:
        if wish.id in (UNSET, option.id) and wish.value in (UNSET, option.value):
            return option
    raise invalid(f"custom field {field.id} has no such value")
