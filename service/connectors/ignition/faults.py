"""What Ignition's answers mean: `{"errors": [{status, detail}]}` (third party).

Source: https://developers.ignitionapp.com/docs/reporting and two public clients, read 2026-11-20.
"""

from typing import Final

from msgspec import Struct

from service.connectors.sdk.codec import lenient_reader
from service.connectors.sdk.faults import VendorFault, kind_of_status
from service.connectors.sdk.flow import Request, Response
from service.connectors.sdk.retry_after import until_reset_s


def classify(request: Request, response: Response) -> VendorFault | None:
    """The fault in an answer, or None."""
    status = response.status
    if 200 <= status < 300:
        return None
    kind = kind_of_status(status)
    return kind(_detail(response.body)[:500], status=status, retry_after_s=until_reset_s(response))


class _Error(Struct, frozen=True):
    detail: str | None = None


class _Errors(Struct, frozen=True):
    errors: tuple[_Error, ...] = ()


_read: Final = lenient_reader(_Errors, _Errors())


def _detail(body: bytes) -> str:
    return next((error.detail for error in _read(body).errors if error.detail), "a fault without a description")
