"""What Sodium's answers mean. Nothing is published about error bodies: two shapes are read, both `assumed`.

{"message"}                                        as the public MCP client reads it
{"type", "title", "detail", "errors": {field: []}} what the vendor's framework writes by itself (RFC 9457)
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from service.connectors.sdk.faults import Conflict, FieldFault, Invalid, VendorFault, kind_of_status
from service.connectors.sdk.flow import Request, Response
from service.connectors.sdk.retry_after import retry_after_s


def classify(request: Request, response: Response) -> VendorFault | None:
    """The fault in an answer, or None. A good answer leaves by its status."""
    status = response.status
    if 200 <= status < 300:
        return None
    kind = kind_of_status(status, _OWN)
    error = _read_error(response.body)
    return kind(
        (error.text or f"HTTP {status} without a fault we know")[:500],
        status=status,
        code=error.code,
        retry_after_s=retry_after_s(response),
        fields=_fields(request.path, error.names) if kind is Invalid else (),
    )


_OWN: Final[Mapping[int, type[VendorFault]]] = {412: Conflict}


class _Error(Struct, frozen=True):
    text: str = ""
    code: str | None = None
    names: tuple[str, ...] = ()


_NOTHING: Final = _Error()


def _read_error(body: bytes) -> _Error:
    """What can be read of an error body; nothing is required of it, and nothing in it can make this fail."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _NOTHING
    if not isinstance(found, dict):
        return _NOTHING
    wire: dict[str, Any] = {str(name).lower(): value for name, value in found.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    texts = (_text(wire.get(name)) for name in ("message", "title", "detail"))
    errors: Any = wire.get("errors")
    return _Error(
        ": ".join(text for text in texts if text),
        _text(wire.get("code"))[:80] or None,
        tuple(str(name) for name in errors) if isinstance(errors, dict) else (),  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


_COMMON: Final = {"name": "/name", "title": "/title", "description": "/description", "status": "/status"}
_PERSON: Final = {
    "title": "/title",
    "firstname": "/given_name",
    "middlename": "/middle_name",
    "lastname": "/family_name",
    "email": "/emails",
    "phone": "/phones",
    "mobile": "/phones",
    "types": "/roles",
}
_POINTERS: Final[Mapping[str, Mapping[str, str]]] = {
    "clientcontact": _PERSON,
    "contacts": _PERSON,
    "clientdocument": {"title": "/name", "summary": "/summary", "reviewstatus": "/review"},
    "documentrequest": {**_COMMON, "deadline": "/due_on", "reviewnote": "/review_note", "accepted": "/status"},
    "engagements": {
        "clientcode": "/client",
        "date": "/dated_on",
        "type": "/kind_native",
        "clientbillableservicecodes": "/services",
    },
    "tasks": {
        **_COMMON,
        "startdate": "/start_on",
        "duedate": "/due_on",
        "timeestimate": "/budget_minutes",
        "assignedusercode": "/assignees",
        "clientcodes": "/client",
    },
    "clients": {
        "name": "/display_name",
        "type": "/kind",
        "status": "/status",
        "internalreference": "/external_id",
        "managercode": "/manager",
        "partnercode": "/partner",
        "email": "/emails",
        "telephone": "/phones",
    },
}
"""By the collection in the path, the innermost first: the unified pointer for the vendor's field, in lower case."""


def _fields(path: str, names: tuple[str, ...]) -> tuple[FieldFault, ...]:
    """The fields that were refused, without the vendor's text: it may quote what a client is called."""
    collection = next((name for name in reversed(path.split("/")) if name in _POINTERS), "")
    pointers = _POINTERS.get(collection, {})
    found = dict.fromkeys(pointers.get(name.rpartition(".")[2].lower(), "") for name in names)
    return tuple(FieldFault(pointer, "invalid", "The vendor refused this value.") for pointer in found if pointer)
