"""Operations on the values that a client has in the practice's own fields: texts, whatever the field's kind."""

from datetime import date
from decimal import Decimal, InvalidOperation

from service.sandbox.http import Json, Request, Response, Router, json_response
from service.sandbox.sodium import wire
from service.sandbox.sodium.collection import Path
from service.sandbox.sodium.errors import invalid
from service.sandbox.sodium.firm import Firm

_PATH = "/clients/{client}/custom-field-values"


class ValueBody(wire.Body, frozen=True):
    """The value of one custom field, as a text whatever its type; fields that are not named stay."""

    field_code: str
    value: str | None = None


class CustomValues:
    """The values of custom fields, by client."""

    def __init__(self, firm: Firm, router: Router) -> None:
        self._firm = firm
        router.add("GET", _PATH, self._get_values)
        router.add("PUT", _PATH, self._put_values)

    def _get_values(self, request: Request, path: Path) -> Response:
        fields = [self._firm.custom_fields.table[at] for at in self._firm.custom_fields.all()]
        values = custom_values(self._firm, path["client"])
        shown: list[Json] = [
            {"fieldCode": field["code"], "value": values.get(field["code"])}
            for field in fields
            if not field["isArchived"]
        ]
        return json_response(200, shown)

    def _put_values(self, request: Request, path: Path) -> Response:
        custom_values(self._firm, path["client"])
        for at, wished in enumerate(wire.read(request, list[ValueBody])):
            set_custom_value(self._firm, path["client"], wished.field_code, wished.value, f"[{at}]")
        return Response(204)


def custom_values(firm: Firm, client: str) -> dict[str, str]:
    """The values of custom fields a client has, by the field's code."""
    position = firm.clients.position(client)
    kept: dict[str, str] | None = firm.kept.get(("values", client))
    if kept is not None:
        return kept
    return firm.people.custom_values(position) if position < firm.clients.table.seeded else {}


def set_custom_value(firm: Firm, client: str, code: str, value: str | None, where: str) -> None:
    """Writes one value, a text that says what the field wants; null empties it."""
    field = firm.must_find(firm.custom_fields, code, f"{where}.fieldCode")
    if value is not None and not _fits(field, value):
        raise invalid(f"{where}.value", f"The value is no {field['dataType']}.")
    values = {**custom_values(firm, client), code: value}
    firm.kept["values", client] = {name: found for name, found in values.items() if found is not None}


def as_text(value: object) -> str | None:
    """How an answer to a form is kept as the value of a field."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return str(value)


def _fits(field: Json, value: str) -> bool:
    kind, options = field["dataType"], field["options"]
    if kind == "MultiSelect":
        return all(each.strip() in options for each in value.split(","))
    if kind == "Boolean":
        return value in {"true", "false"}
    if kind in {"Number", "Date"}:
        try:
            _ = Decimal(value) if kind == "Number" else date.fromisoformat(value[:10])
        except (ValueError, InvalidOperation):
            return False
        return True
    return kind != "Select" or value in options
