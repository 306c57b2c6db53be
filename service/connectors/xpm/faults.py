"""What Xero Practice Manager's answers mean.

    <Response><Status>ERROR</Status><ErrorDescription>…     HTTP 500, or 200: `Status` is looked at in every answer

Source: https://developer.xero.com/documentation/api/practice-manager-3-1/overview-practice-manager, read 2026-11-20.
"""

from typing import Final

from msgspec import Struct

from service.connectors.sdk.codec import lenient_reader
from service.connectors.sdk.faults import Refused, VendorFault, kind_of_status
from service.connectors.sdk.flow import Request, Response
from service.connectors.sdk.retry_after import retry_after_s


def classify(request: Request, response: Response) -> VendorFault | None:
    """The fault in an answer, or None."""
    said = _read(response.body).Response
    if 200 <= response.status < 300:
        if said.Status is None or said.Status.upper() == "OK":
            return None
        return Refused(_message(said), status=response.status, code=said.Status[:40])
    kind = kind_of_status(response.status)
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


_read: Final = lenient_reader(_Envelope, _Envelope(_Said()))


def _message(said: _Said) -> str:
    return (said.ErrorDescription or "a fault without a description")[:500]
