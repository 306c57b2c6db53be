"""Invented calls for the tests of billing."""

import os
from datetime import datetime
from uuid import UUID

from billing import Invocation, Meter, Reason

KEY = UUID("01900000-0000-7000-8000-00000000000a")
CONNECTION = UUID("01900000-0000-7000-8000-00000000000b")


def request_id(at: datetime) -> UUID:
    """A UUIDv7 of that instant."""
    noise = int.from_bytes(os.urandom(10), "big")
    return UUID(
        int=round(at.timestamp() * 1000) << 80 | 7 << 76 | (noise >> 68) << 64 | 2 << 62 | noise & (1 << 62) - 1
    )


def billable(org_id: UUID, at: datetime, *, meter: Meter = Meter.READ, units: int = 1) -> Invocation:
    """A successful call."""
    return Invocation(
        org_id=org_id,
        request_id=request_id(at),
        key_id=KEY,
        connection_id=CONNECTION,
        vendor="canopy",
        operation="list_clients",
        status=200,
        meter=meter,
        units=units,
        billable=True,
        reason=Reason.SUCCESS,
        rows=50,
        vendor_us=21_000,
        platform_us=900,
    )


def free(org_id: UUID, at: datetime, reason: Reason = Reason.CLIENT_ERROR, status: int = 400) -> Invocation:
    """A call that costs nothing."""
    return Invocation(
        org_id=org_id, request_id=request_id(at), key_id=KEY, operation="list_clients", status=status, reason=reason
    )
