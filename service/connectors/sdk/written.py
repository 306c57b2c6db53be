"""After a write: the record as the vendor has it now."""

from typing import TypeVar

from service.connectors.sdk.faults import ConnectionRefused, OutcomeUnknown, RateLimited, Unavailable, Unreadable
from service.connectors.sdk.flow import Flow

M = TypeVar("M")


def read_back(flow: Flow[M]) -> Flow[M]:
    """The record after a write; OutcomeUnknown when it cannot be read, since it was written."""
    try:
        return (yield from flow)
    except (Unavailable, RateLimited, ConnectionRefused, Unreadable) as fault:
        raise OutcomeUnknown("written, but it could not be read back", status=fault.status, code=fault.code) from None
