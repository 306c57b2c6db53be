"""What Karbon's answers mean. Two shapes of error body are told apart by nothing but their names.

{"error": {"code", "message", "details"}}   most of them
{"statusCode", "message"}                   401, 429, and addresses that do not exist

Source: https://karbonhq.github.io/karbon-api-reference/KarbonAPI.json and the guides beside it, read 2026-11-20.
"""

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from service.connectors.sdk.codec import lenient_reader
from service.connectors.sdk.faults import Conflict, CredentialsExpired, NotFound, Refused, VendorFault, kind_of_status
from service.connectors.sdk.flow import Request, Response
from service.connectors.sdk.retry_after import retry_after_s


def classify(request: Request, response: Response) -> VendorFault | None:
    """The fault in an answer, or None. A good answer leaves by its status."""
    status = response.status
    if 200 <= status < 300:
        return None
    body = _read(response.body)
    error = body.error or _Error(message=body.message)
    kind = _BY_CODE.get(error.code or "") or kind_of_status(status)
    if request.method == "GET" and _MISSING.search(error.message or ""):
        kind = NotFound
    return kind(
        (error.message or f"HTTP {status} without a fault we know")[:500],
        status=status,
        code=error.code or None,
        retry_after_s=retry_after_s(response),
    )


_BY_CODE: Final[Mapping[str, type[VendorFault]]] = {
    "4001": CredentialsExpired,
    "4004": NotFound,
    "4020": Conflict,
    # One private or hidden record that the key may not see; the connection itself is well.
    "4021": Refused,
}


_MISSING: Final = re.compile(r"^No \w[\w ]* found for provided key")
"""The code of a key that nothing has is 4004 under HTTP 404, but 4002 under 400 for organizations."""


class _Error(Struct, frozen=True):
    code: str | None = None
    message: str | None = None


class _Body(Struct, frozen=True):
    error: _Error | None = None
    statusCode: str | int | None = None
    message: str | None = None


_read: Final = lenient_reader(_Body, _Body(), strict=False)
