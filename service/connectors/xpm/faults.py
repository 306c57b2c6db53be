"""What Xero Practice Manager's answers mean.

    <Response><Status>ERROR</Status><ErrorDescription>…     HTTP 500, or 200: `Status` is looked at in every answer

Source: https://developer.xero.com/documentation/api/practice-manager-3-1/overview-practice-manager, read 2026-11-20.
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
from service.connectors.sdk.retry_after import retry_after_s


def classify(request: Request, response: Response) -> VendorFault | None:
    """The fault in an answer, or None."""
    said = _read(response.body)
    if 200 <= response.status < 300:
        if said is None or said.Status is None or said.Status.upper() == "OK":
            return None
        return Refused(_message(said), status=response.status, code=said.Status[:40])
    kind = Unavailable if response.status >= 500 else _BY_STATUS.get(response.status, Refused)
    return kind(
        _message(said),
        status=response.status,
        code=response.headers.get("x-rate-limit-problem"),
        retry_after_s=retry_after_s(response),
    )


class _Said(Struct, frozen=True):
    Status: str | None = None
    ErrorDescription: str | None = None


class _Envelope(Struct, frozen=True):
    Response: _Said


_decode: Final = msgspec.json.Decoder(_Envelope).decode
_BY_STATUS: Final[Mapping[int, type[VendorFault]]] = {
    400: Invalid,
    401: CredentialsExpired,
    403: ConnectionRefused,
    404: NotFound,
    409: Conflict,
    429: RateLimited,
}


def _read(body: bytes) -> _Said | None:
    try:
        return _decode(body).Response
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _message(said: _Said | None) -> str:
    text = None if said is None else said.ErrorDescription
    return (text or "a fault without a description")[:500]
