"""What Senta's answers mean. Nothing is told of its error bodies, so statuses alone are read (assumed)."""

from collections.abc import Mapping
from typing import Final

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
    return kind(f"HTTP {status}", status=status, retry_after_s=retry_after_s(response))


_BY_STATUS: Final[Mapping[int, type[VendorFault]]] = {
    400: Invalid,
    401: CredentialsExpired,
    403: ConnectionRefused,
    404: NotFound,
    409: Conflict,
    422: Invalid,
    429: RateLimited,
}
