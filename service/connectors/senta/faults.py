"""What Senta's answers mean. Nothing is told of its error bodies, so statuses alone are read (assumed)."""

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
    return kind(f"HTTP {status}", status=status, retry_after_s=retry_after_s(response))
