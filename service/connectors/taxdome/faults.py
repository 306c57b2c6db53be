"""What TaxDome's answers mean: `{"error": code, "message": text}` (assumed)."""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from service.connectors.sdk.faults import (
    Conflict,
    ConnectionRefused,
    CredentialsExpired,
    Invalid,
    NotFound,
    RateLimited,
    Refused,
    Unavailable,
    VendorFault,
)
from service.connectors.sdk.flow import Request, Response
from service.connectors.sdk.retry_after import retry_after_s

ACCOUNT_SWITCH: Final = "account_switch"


def classify(request: Request, response: Response) -> VendorFault | None:
    """The fault in an answer, or None. The file of a signed address is refused in its own host's words."""
    status = response.status
    if 200 <= status < 300:
        return None
    error = _read_error(response.body)
    by_status = _BY_STATUS if request.address is None else _BY_STATUS_OF_FILE
    kind = Unavailable if status >= 500 else by_status.get(status, Refused)
    return kind(
        (error.message or f"HTTP {status} without a fault we know")[:500],
        status=status,
        code=error.error[:80] if error.error else None,
        retry_after_s=retry_after_s(response),
    )


def code_of(response: Response) -> str | None:
    """The code of the fault that an answer tells of, whatever its status; None where it tells of none."""
    error = _read_error(response.body).error
    return error[:80] if error else None


class _Error(Struct, frozen=True):
    error: str | None = None
    message: str | None = None


_decode: Final = msgspec.json.Decoder(_Error).decode
_NOTHING: Final = _Error()
_BY_STATUS: Final[Mapping[int, type[VendorFault]]] = {
    400: Invalid,
    401: CredentialsExpired,
    403: ConnectionRefused,
    404: NotFound,
    409: Conflict,
    410: NotFound,
    422: Invalid,
    423: ConnectionRefused,
    429: RateLimited,
}
_BY_STATUS_OF_FILE: Final[Mapping[int, type[VendorFault]]] = {404: NotFound, 410: NotFound, 429: RateLimited}
"""Without our credentials a 401 or 403 says that the address has run out, not that the connection has."""


def _read_error(body: bytes) -> _Error:
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _NOTHING
