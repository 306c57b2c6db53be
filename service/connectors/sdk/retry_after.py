"""How long a vendor asks us to stay away."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from service.connectors.sdk.flow import Response

_LONGEST_S = 86_400.0


def retry_after_s(response: Response) -> float | None:
    """`Retry-After` in seconds (RFC 9110, 10.2.3), or None where the vendor does not say.

    A date is measured against the answer's own `Date`, so that neither clock matters; without one it says nothing.
    """
    value = response.headers.get("retry-after")
    if value is None:
        return None
    try:
        wanted_s = float(value)
    except ValueError:
        until, sent = _date(value), _date(response.headers.get("date"))
        if until is None or sent is None:
            return None
        wanted_s = (until - sent).total_seconds()
    return min(max(wanted_s, 0.0), _LONGEST_S) if wanted_s == wanted_s else None


def until_reset_s(response: Response) -> float | None:
    """The same; where a 429 says nothing else, the seconds until its `X-RateLimit-Reset` by the answer's own `Date`.

    The reset is an instant, in seconds since 1970.
    """
    said, sent = retry_after_s(response), _date(response.headers.get("date"))
    reset = response.headers.get("x-ratelimit-reset")
    if said is not None or response.status != 429 or reset is None or sent is None:
        return said
    try:
        wanted_s = float(reset) - sent.timestamp()
    except ValueError:
        return None
    return min(max(wanted_s, 0.0), _LONGEST_S) if wanted_s == wanted_s else None


def _date(value: str | None) -> datetime | None:
    try:
        found = None if value is None else parsedate_to_datetime(value)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found
