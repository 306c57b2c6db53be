"""How a connection stands, what led there, what comes next, and how to mend it, in one sentence for the firm."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from service.connections import secrets_store, store
from service.connections.credentials import NAME
from service.connections.issues import store as issues
from service.connections.secrets_store import Renewals
from service.connections.store import ConnectionRecord, Event, State
from service.db.pool import Pool, as_organization

TIMELINE: Final = 100
_LEAD: Final = timedelta(minutes=5)
_MENDS: Final = {
    State.PENDING: "Somebody at the firm has to finish connecting, or a second person has to agree.",
    State.DEGRADED: "Nothing to do for the firm: the vendor's answers have changed, and we have been told.",
    State.EXPIRING: "Ask the firm to connect again before the day named here; nothing stops until then.",
    State.NEEDS_ATTENTION: "Ask the firm to connect again; ids stay as they are, and calls answer 424 until then.",
    State.PAUSED: "Resume the connection; calls answer 424 until then.",
    State.REVOKED: "The firm took its consent back; only the firm can give it again.",
    State.DISCONNECTED: "The connection has ended for good; connect the firm anew.",
}


class Standing(Struct, frozen=True, kw_only=True):
    """A connection's health, as the database knows it."""

    record: ConnectionRecord
    renewals: Renewals | None
    next_renewal_at: datetime | None
    last_vendor_error: Event | None
    open_issues: int
    timeline: tuple[Event, ...]


def mending(state: State) -> str | None:
    """What mends it; None while there is nothing to mend."""
    return _MENDS.get(state)


def lead_of(connection_id: UUID) -> timedelta:
    """How long before its end a token is renewed: 5 to 10 minutes, each connection its own, so that those which
    were made together are not renewed together."""
    return _LEAD * (1 + (connection_id.int % 1009) / 1009)


async def read_standing(pool: Pool, record: ConnectionRecord) -> Standing:
    """Everything about one connection."""
    async with as_organization(pool, record.org_id) as connection:
        renewals = await secrets_store.get_lifetime(connection, record.org_id, record.id, NAME)
        error = await store.get_last_vendor_error(connection, record.org_id, record.id)
        timeline = await store.list_events(connection, record.org_id, record.id, TIMELINE)
        open_issues = await issues.count_open(connection, record.org_id, record.id)
    ends = None if renewals is None else renewals.expires_at
    return Standing(
        record=record,
        renewals=renewals,
        next_renewal_at=None if ends is None else ends - lead_of(record.id),
        last_vendor_error=error,
        open_issues=open_issues,
        timeline=timeline,
    )
