"""What Financial Cents' answers mean. Bodies are read as its framework writes them (assumed): `{message, errors}`.

Sources, read 2026-11-20: https://documenter.gw.postman.com/view/metadata/2s9Y5bQ1UV, and for statuses
https://raw.githubusercontent.com/jentic/jentic-public-apis/refs/heads/main/apis/openapi/financial-cents.com/main/1.0.0/openapi.json
"""

from typing import Final

from msgspec import Struct

from service.connectors.sdk.codec import lenient_reader
from service.connectors.sdk.faults import VendorFault, kind_of_status
from service.connectors.sdk.flow import Request, Response
from service.connectors.sdk.retry_after import retry_after_s


def classify(request: Request, response: Response) -> VendorFault | None:
    """The fault in an answer, or None. A good answer leaves by its status."""
    del request
    status = response.status
    if 200 <= status < 300:
        return None
    kind = kind_of_status(status)
    message = _read(response.body).message or f"HTTP {status} without a fault we know"
    return kind(message[:500], status=status, retry_after_s=retry_after_s(response))


class _Body(Struct, frozen=True):
    message: str = ""


_read: Final = lenient_reader(_Body, _Body())
