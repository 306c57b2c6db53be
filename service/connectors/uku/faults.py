"""What Uku's answers mean: `{"error": {code, message, details}}`; a fault of the credentials may be HTTP 400.

Source: https://app.getuku.com/api/v3/docs and the vendor's own command line client, read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from service.connectors.sdk.codec import lenient_reader
from service.connectors.sdk.faults import (
    Conflict,
    ConnectionRefused,
    CredentialsExpired,
    StaleVersion,
    VendorFault,
    kind_of_status,
)
from service.connectors.sdk.flow import Request, Response
from service.connectors.sdk.retry_after import until_reset_s


def classify(request: Request, response: Response) -> VendorFault | None:
    """The fault in an answer, or None."""
    status = response.status
    if 200 <= status < 300:
        return None
    error = _read(response.body).error
    kind = _BY_CODE.get(error.code or "") or kind_of_status(status, _OWN)
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


_read: Final = lenient_reader(_Envelope, _Envelope(_Error()))
_BY_CODE: Final[Mapping[str, type[VendorFault]]] = {
    "MISSING_AUTH": CredentialsExpired,
    "MISSING_COMPANY": ConnectionRefused,
    "INVALID_COMPANY": ConnectionRefused,
}
"""The three that are told as if the request were malformed."""
_OWN: Final[Mapping[int, type[VendorFault]]] = {412: StaleVersion, 428: Conflict}
