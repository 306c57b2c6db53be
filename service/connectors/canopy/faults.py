"""What Canopy's answers mean: `{"error": {code, message, details: [{field, issue}], request_id}}` (assumed)."""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from service.connectors.sdk.faults import (
    Conflict,
    ConnectionRefused,
    CredentialsExpired,
    FieldFault,
    Invalid,
    NotFound,
    RateLimited,
    Refused,
    Unavailable,
    VendorFault,
)
from service.connectors.sdk.flow import Request, Response
from service.connectors.sdk.retry_after import retry_after_s


def classify(request: Request, response: Response) -> VendorFault | None:
    """The fault in an answer, or None."""
    status = response.status
    if 200 <= status < 300:
        return None
    error = _read_error(response.body)
    kind = _BY_CODE.get(error.code or "") or _by_status(status)
    return kind(
        (error.message or f"HTTP {status} without a fault we know")[:500],
        status=status,
        code=error.code,
        request_id=error.request_id,
        retry_after_s=retry_after_s(response),
        fields=tuple(FieldFault(_pointer(d.field), "invalid", d.issue[:200]) for d in error.details),
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
    error: _Error


_decode = msgspec.json.Decoder(_Envelope).decode

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
_BY_STATUS: Final[Mapping[int, type[VendorFault]]] = {
    400: Invalid,
    401: CredentialsExpired,
    403: ConnectionRefused,
    404: NotFound,
    409: Conflict,
    422: Invalid,
    429: RateLimited,
}


def _by_status(status: int) -> type[VendorFault]:
    return Unavailable if status >= 500 else _BY_STATUS.get(status, Refused)


def _pointer(field: str) -> str:
    return "/" + field.removeprefix("/").replace(".", "/")


def _read_error(body: bytes) -> _Error:
    try:
        return _decode(body).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Error()
