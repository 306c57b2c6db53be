"""What Canopy's answers mean: `{"error": {code, message, details: [{field, issue}], request_id}}` (assumed)."""

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from service.connectors.sdk.codec import lenient_reader
from service.connectors.sdk.faults import (
    Conflict,
    ConnectionRefused,
    CredentialsExpired,
    FieldFault,
    Invalid,
    NotFound,
    RateLimited,
    VendorFault,
    kind_of_status,
)
from service.connectors.sdk.flow import Request, Response
from service.connectors.sdk.retry_after import retry_after_s


def classify(request: Request, response: Response) -> VendorFault | None:
    """The fault in an answer, or None."""
    status = response.status
    if 200 <= status < 300:
        return None
    error = _read(response.body).error
    kind = _BY_CODE.get(error.code or "") or kind_of_status(status)
    return kind(
        (error.message or f"HTTP {status} without a fault we know")[:500],
        status=status,
        code=error.code,
        request_id=error.request_id,
        retry_after_s=retry_after_s(response),
        fields=_fields(request.path.split("/")[1], error),
    )


class _Detail(Struct, frozen=True):
    field: str
    issue: str = ""


class _Error(Struct, frozen=True):
    code: str | None = None
    message: str | None = None
    details: tuple[_Detail, ...] = ()
    request_id: str | None = None


class _Envelope(Struct, frozen=True):
    error: _Error = _Error()


_read: Final = lenient_reader(_Envelope, _Envelope())


_BY_CODE: Final[Mapping[str, type[VendorFault]]] = {
    "unauthorized": CredentialsExpired,
    "forbidden_scope": ConnectionRefused,
    "not_found": NotFound,
    "validation_failed": Invalid,
    "type_immutable": Conflict,
    "invoice_locked": Conflict,
    "idempotency_conflict": Conflict,
    "rate_limited": RateLimited,
}

_POINTERS: Final[Mapping[str, Mapping[str, str]]] = {
    "clients": {"filing_type": "kind"},
    "contacts": {"client_ids": "client", "first_name": "given_name", "last_name": "family_name"},
    "invoices": {"client_id": "client", "issue_date": "issued_on", "due_date": "due_on"},
    "payments": {"client_id": "client", "amount_cents": "amount", "received_at": "received_on"},
    "credits": {"client_id": "client", "amount_cents": "lines"},
    "documents": {"client_id": "client", "folder_id": "folder"},
    "engagements": {
        "client_id": "client",
        "items": "services",
        "start_date": "starts_on",
        "end_date": "ends_on",
    },
    "tasks": {
        "parent_id": "parent",
        "client_id": "client",
        "engagement_id": "engagement",
        "assignee_ids": "assignees",
        "start_date": "start_on",
        "due_date": "due_on",
    },
    "time_entries": {
        "user_id": "user",
        "client_id": "client",
        "task_id": "task",
        "service_item_id": "service_item",
        "date": "worked_on",
    },
}
"""By entity: what the unified record calls the vendor's field."""
_LOCKS: Final = {
    "invoices": FieldFault("/status", "invoice_locked", "An invoice that is paid or archived cannot be changed."),
    "time_entries": FieldFault("/invoice", "invoice_locked", "Time that stands on an invoice cannot be changed."),
}


def _fields(entity: str, error: _Error) -> tuple[FieldFault, ...]:
    """The fields at fault; what locks a record where the vendor names none."""
    if error.code == "invoice_locked" and not error.details and entity in _LOCKS:
        return (_LOCKS[entity],)
    names = _POINTERS.get(entity, {})
    code = error.code if error.code == "type_immutable" else "invalid"
    return tuple(FieldFault(_pointer(d.field, names), code or "invalid", d.issue[:200]) for d in error.details)


def _pointer(field: str, names: Mapping[str, str]) -> str:
    first, *rest = re.sub(r"\[(\d+)\]", r".\1", field.removeprefix("/")).split(".")
    return "/" + "/".join((names.get(first, first), *rest))
