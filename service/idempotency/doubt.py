"""Whether a try that ended without an answer worth keeping may have done its write all the same.

A try that dies says nothing, so a claim is in doubt from its beginning; only an end that is sure takes the doubt away.
What is in doubt is sent again only where the vendor, by its own key, does it once. Otherwise it is looked for.
"""

from typing import Final

from service.api.call import Call
from service.errors import INTERNAL, METERING_UNAVAILABLE, OUTCOME_UNKNOWN, VENDOR_TIMEOUT, VENDOR_UNREADABLE

_AFTER_THE_WRITE: Final = frozenset(
    {OUTCOME_UNKNOWN, VENDOR_TIMEOUT, VENDOR_UNREADABLE, METERING_UNAVAILABLE, INTERNAL}
)
"""Problems that can come once the vendor has done what was asked."""
_NOT_TAKEN: Final = 503
"""The one failure on its side by which a vendor says that it has not begun."""


def leaves_doubt(call: Call) -> bool:
    """Of a call that has ended, without an answer that is kept."""
    if call.leg.writes == 0:
        return False
    if call.leg.written:  # a part of it is done, whatever came after
        return True
    problem = call.problem
    if problem is None or problem.kind in _AFTER_THE_WRITE:
        return True
    status = None if problem.vendor is None else problem.vendor.http_status
    return status is not None and status >= 500 and status != _NOT_TAKEN
