"""What Uku's answers mean: `{"error": {code, message, details}}`; a fault of the credentials may be HTTP 400.

Source: https://app.getuku.com/api/v3/docs and the vendor's own command line client, read 2026-11-20.
"""

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
    StaleVersion,
    Unavailable,
    VendorFault,
)
from service.connectors.sdk.flow import Request, Response
from service.connectors.sdk.retry_after import until_reset_s


def classify(request: Request, response: Response) -> VendorFault | None:
    """The fault in an answer, or None."""
    status = response.status
    if 200 <= status < 300:
        return None
    error = _read(response.body)
    kind = _BY_CODE.get(error.code or "") or (Unavailable if status >= 500 else _BY_STATUS.get(status, Refused))
    return kind(
        (error.message or "a fault without a message")[:500],
        status=status,
        code=error.code,
        retry_after_s=until_reset_s(response),
    )


class _Error(Struct, frozen=True):
    code: str | None = None
    message: str | None = None


class _Envelope(Struct, frozen=True):
    error: _Error


_decode: Final = msgspec.json.Decoder(_Envelope).decode
_BY_CODE: Final[Mapping[str, type[VendorFault]]] = {
    "MISSING_AUTH": CredentialsExpired,
    "MISSING_COMPANY": ConnectionRefused,
    "INVALID_COMPANY": ConnectionRefused,
}
"""The three that are told as if the request were malformed."""
_BY_STATUS: Final[Mapping[int, type[VendorFault]]] = {
    400: Invalid,
    401: CredentialsExpired,
    403: ConnectionRefused,
    404: NotFound,
    409: Conflict,
    412: StaleVersion,
    422: Invalid,
    428: Conflict,
    429: RateLimited,
}


def _read(body: bytes) -> _Error:
    try:
        return _decode(body).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Error()
