"""What Xero Practice Manager's answers mean.

    <Response><Status>ERROR</Status><ErrorDescription>…     HTTP 500, or 200: `Status` is looked at in every answer
    {"Title", "Status", "Detail"}                           HTTP 401 and 403, from what stands before all of Xero's APIs

A token without the scope that a call needs is HTTP 401, too: renewing it would not help.
Source: https://developer.xero.com/documentation/api/practice-manager-3-1/overview-practice-manager and
https://developer.xero.com/documentation/api/accounting/responsecodes, read 2026-11-20.
"""

import re
from typing import Final

from msgspec import Struct

from service.connectors.sdk.codec import lenient_reader
from service.connectors.sdk.faults import ConnectionRefused, NotFound, Refused, VendorFault, kind_of_status
from service.connectors.sdk.flow import Request, Response
from service.connectors.sdk.retry_after import retry_after_s


def classify(request: Request, response: Response) -> VendorFault | None:
    """The fault in an answer, or None."""
    body = _read(response.body)
    said = body.Response or _NOTHING
    is_good = 200 <= response.status < 300
    if is_good and (said.Status is None or said.Status.upper() == "OK"):
        return None
    kind = Refused if is_good else kind_of_status(response.status)
    if request.method == "GET" and _MISSING.search(said.ErrorDescription or ""):
        kind = NotFound
    elif response.status == 401 and (body.Detail or "").startswith(_NO_SCOPE):
        kind = ConnectionRefused
    return kind(
        (said.ErrorDescription or body.Detail or "a fault without a description")[:500],
        status=response.status,
        code=response.headers.get("x-rate-limit-problem") or (said.Status[:40] if said.Status else None),
        retry_after_s=retry_after_s(response),
    )


_NO_SCOPE: Final = "AuthorizationUnsuccessful"
_MISSING: Final = re.compile(r"\bnot (be )?found\b|\bdoes not exist\b|\binvalid \w+ (identifier|uuid)\b", re.IGNORECASE)
"""Assumed: nobody publishes what is said of an id that nothing has."""


class _Said(Struct, frozen=True):
    Status: str | None = None
    ErrorDescription: str | None = None


class _Body(Struct, frozen=True):
    Response: _Said | None = None
    Detail: str | None = None


_NOTHING: Final = _Said()
_read: Final = lenient_reader(_Body, _Body())
