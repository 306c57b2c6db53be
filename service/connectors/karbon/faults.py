"""What Karbon's answers mean. Two shapes of error body are told apart by nothing but their names.

{"error": {"code", "message", "details"}}   most of them
{"statusCode", "message"}                   401, 429, and addresses that do not exist

Source: https://karbonhq.github.io/karbon-api-reference/KarbonAPI.json and the guides beside it, read 2026-11-20.
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
    """The fault in an answer, or None. A good answer leaves by its status."""
    del request
    status = response.status
    if 200 <= status < 300:
        return None
    error = _read_error(response.body)
    kind = _BY_CODE.get(error.code) or (Unavailable if status >= 500 else _BY_STATUS.get(status, Refused))
    return kind(
        (error.message or f"HTTP {status} without a fault we know")[:500],
        status=status,
        code=error.code or None,
        retry_after_s=retry_after_s(response),
    )


_BY_STATUS: Final[Mapping[int, type[VendorFault]]] = {
    400: Invalid,
    401: CredentialsExpired,
    403: ConnectionRefused,
    404: NotFound,
    409: Conflict,
    422: Invalid,
    429: RateLimited,
}
_BY_CODE: Final[Mapping[str, type[VendorFault]]] = {
    "4001": CredentialsExpired,
    "4004": NotFound,
    "4020": Conflict,
    # One private or hidden record that the key may not see; the connection itself is well.
    "4021": Refused,
}


class _Error(Struct, frozen=True):
    code: str = ""
    message: str = ""


class _Body(Struct, frozen=True):
    error: _Error | None = None
    statusCode: str | int | None = None
    message: str = ""


_decode: Final = msgspec.json.Decoder(_Body, strict=False).decode
_NOTHING: Final = _Error()


def _read_error(body: bytes) -> _Error:
    """What can be read of an error body; nothing is required of it, and nothing in it can make this fail."""
    try:
        found = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _NOTHING
    return found.error or _Error(message=found.message)
