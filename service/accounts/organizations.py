"""Our customers and the firms whose data they read."""

from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from service import clock
from service.accounts import store
from service.accounts.errors import UnknownTimeZoneError
from service.accounts.store import Firm, Organization
from service.db.pool import Connection
from service.ids import new_uuid

list_organizations = store.list_organizations
list_firms = store.list_firms


async def create_organization(
    connection: Connection, name: str, *, time_zone: str = "UTC", clock: clock.Clock = clock.now
) -> Organization:
    """A new customer, by an operator. `time_zone` decides where its billing months begin."""
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownTimeZoneError(f"no time zone {time_zone!r}; use an IANA name such as America/Chicago") from error
    made = Organization(new_uuid(), name, time_zone, clock())
    await store.insert_organization(connection, made)
    return made


async def create_firm(
    connection: Connection, org_id: UUID, name: str, *, region: str = "us", clock: clock.Clock = clock.now
) -> Firm:
    """A new firm of the organization; its region is where its data may live, for good."""
    made = Firm(org_id, new_uuid(), name, region, clock())
    await store.insert_firm(connection, made)
    return made
