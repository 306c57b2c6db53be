"""What Ignition's answers mean: `{"errors": [{status, detail}]}` (third party).

Source: https://developers.ignitionapp.com/docs/reporting and two public clients, read 2026-11-20.
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
    kind = Unavailable if status >= 500 else _BY_STATUS.get(status, Refused)
    return kind(_detail(response.body)[:500], status=status, retry_after_s=until_reset_s(response))


class _Error(Struct, frozen=True):
    detail: str | None = None


class _Errors(Struct, frozen=True):
    errors: tuple[_Error, ...] = ()


_decode: Final = msgspec.json.Decoder(_Errors).decode
_BY_STATUS: Final[Mapping[int, type[VendorFault]]] = {
    400: Invalid,
    401: CredentialsExpired,
    403: ConnectionRefused,
    404: NotFound,
    409: Conflict,
    422: Invalid,
    429: RateLimited,
}


def _detail(body: bytes) -> str:
    try:
        errors = _decode(body).errors
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        errors = ()
    return next((error.detail for error in errors if error.detail), "a fault without a description")
