"""What TaxDome's answers mean: `{"error": code, "message": text}` (assumed)."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from service.connectors.sdk.codec import lenient_reader
from service.connectors.sdk.faults import ConnectionRefused, NotFound, Refused, VendorFault, kind_of_status
from service.connectors.sdk.flow import Request, Response
from service.connectors.sdk.retry_after import retry_after_s

ACCOUNT_SWITCH: Final = "account_switch"


def classify(request: Request, response: Response) -> VendorFault | None:
    """The fault in an answer, or None. The file of a signed address is refused in its own host's words."""
    status = response.status
    if 200 <= status < 300:
        return None
    error = _read_error(response.body)
    kind = kind_of_status(status, _OWN if request.address is None else _OF_FILE)
    return kind(
        (error.message or f"HTTP {status} without a fault we know")[:500],
        status=status,
        code=error.error[:80] if error.error else None,
        retry_after_s=retry_after_s(response),
    )


def code_of(response: Response) -> str | None:
    """The code of the fault that an answer tells of, whatever its status; None where it tells of none."""
    error = _read_error(response.body).error
    return error[:80] if error else None


class _Error(Struct, frozen=True):
    error: str | None = None
    message: str | None = None


_read_error: Final = lenient_reader(_Error, _Error())
_OWN: Final[Mapping[int, type[VendorFault]]] = {410: NotFound, 423: ConnectionRefused}
_OF_FILE: Final[Mapping[int, type[VendorFault]]] = {400: Refused, 401: Refused, 403: Refused, 410: NotFound}
"""Without our credentials a 401 or 403 says that the address has run out, not that the connection has."""
