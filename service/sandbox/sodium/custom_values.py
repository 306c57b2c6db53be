"""Operations on the values that a client has in the practice's own fields."""

import msgspec

from service.sandbox.http import Json, Request, Response, Router, json_response
from service.sandbox.sodium import wire
from service.sandbox.sodium.collection import Path
from service.sandbox.sodium.errors import invalid
from service.sandbox.sodium.firm import Firm

_CLIENT = "/clients/{client}"


class ValueBody(wire.Body, frozen=True):
    """The value of one custom field."""

    code: str
    value: object = None


class ValuesBody(wire.Body, frozen=True):
    """Values of custom fields; those not named stay."""

    values: list[ValueBody]


class CustomValues:
    """The values of custom fields, by client."""

    def __init__(self, firm: Firm, router: Router) -> None:
        self._firm = firm
        router.add("GET", f"{_CLIENT}/customfields", self._get_values)
        router.add("PUT", f"{_CLIENT}/customfields", self._put_values)

    def _get_values(self, request: Request, path: Path) -> Response:
        fields = [self._firm.custom_fields.table[at] for at in self._firm.custom_fields.all()]
        values = custom_values(self._firm, path["client"])
        shown: list[Json] = [
            {**field, "value": values.get(field["code"])} for field in fields if not field["isArchived"]
        ]
        return json_response(200, shown)

    def _put_values(self, request: Request, path: Path) -> Response:
        custom_values(self._firm, path["client"])
        for at, wished in enumerate(wire.read(request, ValuesBody).values):
            set_custom_value(self._firm, path["client"], wished.code, wished.value, f"values[{at}]")
        return self._get_values(request, path)


def custom_values(firm: Firm, client: str) -> dict[str, object]:
    """The values of custom fields a client has, by the field's code."""
    position = firm.clients.position(client)
    kept: dict[str, object] | None = firm.kept.get(("values", client))
    if kept is not None:
        return kept
    return firm.people.custom_values(position) if position < firm.clients.table.seeded else {}


def set_custom_value(firm: Firm, client: str, code: str, value: object, where: str) -> None:
    """Writes one value, of the type the field wants; null empties it."""
    field = firm.must_find(firm.custom_fields, code, f"{where}.code")
    if value is not None and not _fits(field, value):
        raise invalid(f"{where}.value", f"The value is no {field['dataType']}.")
    values = {**custom_values(firm, client), code: value}
    firm.kept["values", client] = {name: found for name, found in values.items() if found is not None}


def _fits(field: Json, value: object) -> bool:
    kind, options = field["dataType"], field["options"]
    if kind == "MultiSelect":
        return isinstance(value, list) and all(each in options for each in value)  # pyright: ignore[reportUnknownVariableType]
    if kind == "Number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "Boolean":
        return isinstance(value, bool)
    if kind == "Date":
        try:
            msgspec.convert(value, type=str)
            return len(str(value)) >= 10 and str(value)[:4].isdigit()
        except msgspec.ValidationError:
            return False
    return isinstance(value, str) and (kind != "Select" or value in options)
