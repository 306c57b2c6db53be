"""What the answers of Canopy's public API mean: `{"errors": {code, message, userMessage, httpStatusCode, details}}`.

Codes are numbers of which no list is public; the status says what to do. Details are free texts and may quote a client,
so they go nowhere.
"""

from typing import Final

from msgspec import Struct

from service.connectors.sdk.codec import lenient_reader
from service.connectors.sdk.faults import VendorFault, kind_of_status
from service.connectors.sdk.flow import Request, Response
from service.connectors.sdk.retry_after import retry_after_s


class _Errors(Struct, frozen=True):
    code: int | str | None = None
    message: str | None = None


class _Envelope(Struct, frozen=True):
    errors: _Errors = _Errors()


_read: Final = lenient_reader(_Envelope, _Envelope())


def classify(request: Request, response: Response) -> VendorFault | None:
    """The fault in an answer, or None."""
    status = response.status
    if 200 <= status < 300:
        return None
    said = _read(response.body).errors
    return kind_of_status(status)(
        (said.message or f"HTTP {status} without a fault we know")[:500],
        status=status,
        code=None if said.code is None else str(said.code)[:80],
        retry_after_s=retry_after_s(response),
    )
