"""What Financial Cents' answers mean. Bodies are read as its framework writes them (assumed): `{message, errors}`.

Sources, read 2026-11-20: https://documenter.gw.postman.com/view/metadata/2s9Y5bQ1UV, and for statuses
https://raw.githubusercontent.com/jentic/jentic-public-apis/refs/heads/main/apis/openapi/financial-cents.com/main/1.0.0/openapi.json
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
    kind = Unavailable if status >= 500 else _BY_STATUS.get(status, Refused)
    message = _message(response.body) or f"HTTP {status} without a fault we know"
    return kind(message[:500], status=status, retry_after_s=retry_after_s(response))


_BY_STATUS: Final[Mapping[int, type[VendorFault]]] = {
    400: Invalid,
    401: CredentialsExpired,
    403: ConnectionRefused,
    404: NotFound,
    409: Conflict,
    422: Invalid,
    429: RateLimited,
}


class _Body(Struct, frozen=True):
    message: str = ""


_decode: Final = msgspec.json.Decoder(_Body).decode


def _message(body: bytes) -> str:
    """What can be read of an error body; nothing is required of it, and nothing in it can make this fail."""
    try:
        return _decode(body).message
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
