"""What SmartVault's answers mean: `{"error": {"success": …}, "message": {…}}`, a failure also under HTTP 200.

What else stands in `error` nobody publishes; a token that is not good any more is HTTP 400 with `invalid_token` in it.
Source: https://developer.smartvault.com/api, https://sdk.smartvault.com/documentation/the-delegation-token/ and a
public client, read 2026-11-20.
"""

from typing import Final

from msgspec import Struct

from service.connectors.sdk.codec import lenient_reader
from service.connectors.sdk.faults import CredentialsExpired, Refused, VendorFault, kind_of_status
from service.connectors.sdk.flow import Request, Response
from service.connectors.sdk.retry_after import retry_after_s


def classify(request: Request, response: Response) -> VendorFault | None:
    """The fault in an answer, or None."""
    status = response.status
    is_good = 200 <= status < 300
    if is_good and not says_failure(response.body):
        return None
    kind: type[VendorFault] = Refused if is_good else kind_of_status(status)
    if status in (200, 400) and names_token(response.body):
        kind = CredentialsExpired
    return kind("the vendor said no", status=status, retry_after_s=retry_after_s(response))


def says_failure(body: bytes) -> bool:
    """Whether an answer says of itself that it failed."""
    said = _read(body).error
    return said is not None and said.success is False


def names_token(body: bytes) -> bool:
    """Whether a failure is about the token."""
    return b"invalid_token" in body


class _Said(Struct, frozen=True):
    success: bool | None = None


class _Envelope(Struct, frozen=True):
    error: _Said | None = None


_read: Final = lenient_reader(_Envelope, _Envelope())
