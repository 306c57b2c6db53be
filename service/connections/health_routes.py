"""`/v1/connections/{id}/health`: how a connection stands, and what led there."""

from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from service import errors, ids
from service.api.bodies import answer_of
from service.api.call import Answer, Call
from service.api.operation import Audit, Meter, Operation
from service.api.parameters import path_id
from service.connections.health import Standing, mending, read_standing
from service.connections.linking import Linking
from service.connections.named import current_connection
from service.connections.store import Event, State


class TimelineEvent(Struct, frozen=True, kw_only=True):
    """One line of what led to where a connection stands."""

    at: datetime
    """When."""
    kind: str
    """What happened: `connected`, `state`, `renewal_refused`, `vendor_error`, `drift`, `exported`, `ended` …"""
    state: State
    """The state after it."""
    detail: str | None
    """In words, where there is something to say."""
    vendor_status: int | None
    """The vendor's HTTP status, where a vendor said something."""
    vendor_code: str | None
    """The vendor's own code."""


class ConnectionHealth(Struct, frozen=True, kw_only=True, tag_field="object", tag="connection_health"):
    """How a connection stands and what led there."""

    connection: str
    """`con_…`"""
    state: State
    """Calls pass while it is `healthy`, `degraded` or `expiring`."""
    reason: str | None
    """Why it stands so."""
    mend: str | None
    """What mends it, in one sentence for the firm; null while there is nothing to mend."""
    since: datetime
    """Since when."""
    next_renewal_at: datetime | None
    """When we renew access by ourselves; null where the vendor's access does not expire."""
    access_ends_at: datetime | None
    """When access ends unless it is renewed."""
    renewable_until: datetime | None
    """Until when it can be renewed; every renewal puts it off."""
    hard_end_at: datetime | None
    """The day that no renewal puts off: the firm has to connect again by then."""
    renewed_at: datetime | None
    """When access was last renewed or given."""
    renewals: int
    """How often."""
    last_vendor_error: TimelineEvent | None
    """The newest thing that the vendor refused or failed at, as far as our own care of the connection goes."""
    open_issues: int
    """Differences between the vendor's answers and what we were written for; see `/v1/issues`."""
    timeline: tuple[TimelineEvent, ...]
    """What led here, newest first, at most 100 lines."""


class HealthRoutes:
    """The answers about how a connection stands."""

    def __init__(self, linking: Linking) -> None:
        self._linking = linking

    async def one(self, call: Call) -> Answer:
        record = await current_connection(call, self._linking)
        call.rows = 1
        return answer_of(_to_health(await read_standing(self._linking.pool, record)))


def health_operations(linking: Linking) -> tuple[Operation, ...]:
    """What a key can ask about how a connection stands."""
    routes = HealthRoutes(linking)
    named = path_id("id", "The connection's id, `con_…`.")
    return (
        Operation(
            id="getConnectionHealth",
            method="GET",
            path="/v1/connections/{id}/health",
            tag="connections",
            summary="Get how a connection stands",
            description="State, what led to it, next renewal, hard ends, last vendor error, and what mends it.",
            scope="connections:read",
            meter=Meter.NONE,
            audit=Audit.MANAGEMENT,
            answer=ConnectionHealth,
            parameters=(named,),
            problems=(errors.NOT_FOUND,),
            example=_HEALTH,
            run=routes.one,
        ),
    )


def _to_event(event: Event) -> TimelineEvent:
    return msgspec.convert(
        {name: value for name, value in msgspec.structs.asdict(event).items() if name != "seq"}, TimelineEvent
    )


def _to_health(standing: Standing) -> ConnectionHealth:
    record, renewals, error = standing.record, standing.renewals, standing.last_vendor_error
    return ConnectionHealth(
        connection=ids.encode("con", record.id),
        state=record.state,
        reason=record.state_reason,
        mend=mending(record.state),
        since=record.updated_at,
        next_renewal_at=standing.next_renewal_at,
        access_ends_at=renewals.expires_at if renewals else None,
        renewable_until=renewals.refresh_expires_at if renewals else None,
        hard_end_at=renewals.hard_expires_at if renewals else None,
        renewed_at=renewals.renewed_at if renewals else None,
        renewals=renewals.renewals if renewals else 0,
        last_vendor_error=None if error is None else _to_event(error),
        open_issues=standing.open_issues,
        timeline=tuple(_to_event(event) for event in standing.timeline),
    )


_CON: Final = "con_01k3sd2pjhfmh9pgwzpxrqsk7k"
_EVENT: Final[dict[str, Any]] = {
    "at": "2026-11-02T16:05:11Z",
    "kind": "connected",
    "state": "healthy",
    "detail": "connected by Morgan Vale",
    "vendor_status": None,
    "vendor_code": None,
}
_HEALTH: Final[dict[str, Any]] = {
    "object": "connection_health",
    "connection": _CON,
    "state": "healthy",
    "reason": None,
    "mend": None,
    "since": "2026-11-02T16:05:11Z",
    "next_renewal_at": "2026-11-20T12:53:20Z",
    "access_ends_at": "2026-11-20T13:00:00Z",
    "renewable_until": "2027-02-28T12:00:00Z",
    "hard_end_at": "2031-11-01T16:05:11Z",
    "renewed_at": "2026-11-20T12:00:00Z",
    "renewals": 431,
    "last_vendor_error": None,
    "open_issues": 0,
    "timeline": [_EVENT],
}
