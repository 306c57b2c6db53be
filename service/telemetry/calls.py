"""What telemetry needs to know of one call, told once when it has been answered."""

import re
from uuid import UUID

from msgspec import Struct

NAME = re.compile(r"[a-z0-9/][A-Za-z0-9_.:/{}-]{0,99}")
"""What a name of ours looks like, and a person's or a client's does not."""


class CallRecord(Struct, kw_only=True, gc=False):
    """One answered call. Durations are nanoseconds; a leg that did not happen has 0.

    `operation`, `route`, `outcome`, `vendor`, `error_code` and `fault` are names from our own code, never words from a
    request or a vendor: they become labels of metrics and fields of logs.
    """

    request_id: UUID
    operation: str
    method: str
    route: str
    """The template, such as `/v1/clients/{id}`: never the path itself."""
    status: int
    outcome: str
    """Why the call was or was not billed."""
    started_at_ns: int
    """Wall clock, since 1970."""
    duration_ns: int

    org_id: UUID | None = None
    key_id: UUID | None = None
    connection_id: UUID | None = None
    vendor: str | None = None

    admission_ns: int = 0
    waited_ns: int = 0
    """For the vendor's budget and between retries; outside `vendor_ns`."""
    vendor_ns: int = 0
    mapping_ns: int = 0
    metering_ns: int = 0
    vendor_at_ns: int | None = None
    """Where the leg began, counted from the call's start. None: laid after the leg before it."""
    mapping_at_ns: int | None = None

    vendor_calls: int = 0
    retries: int = 0
    refreshes: int = 0
    rows: int = 0
    """Records in the answer."""
    units: int = 0
    metered: bool = False
    """A usage row was made durable."""
    error_code: str | None = None
    fault: str | None = None
    """What the vendor did, as `fault_kind` names it."""
    traceparent: str | None = None
    """As it came in (W3C Trace Context); anything malformed counts as absent."""


def as_name(text: str | None) -> str:
    """`text` if it may be shown as a label; "other" for anything that is not one of our names."""
    if text is None:
        return "none"
    return text if NAME.fullmatch(text) else "other"


def fault_kind(fault: BaseException) -> str:
    """The class of a fault as a label: `RateLimited` → `rate_limited`."""
    name = type(fault).__name__
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
