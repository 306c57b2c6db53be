"""Our customers and the firms whose data they read."""

import ipaddress
import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import asyncpg

from service import ids
from service.accounts import members_store, store
from service.accounts.errors import ImpossibleValueError, UnknownOrganizationError
from service.accounts.store import Firm, Organization
from service.audit.acts import OPERATOR, record_act
from service.clock import Clock, now
from service.db.pool import Connection
from service.ids import new_uuid

get_organization = store.get_organization
list_organizations = store.list_organizations
list_firms = store.list_firms
list_some_firms = store.list_some_firms
refuse_elsewhere = store.refuse_elsewhere

MAX_NAME_CHARACTERS = 200


async def create_organization(
    connection: Connection, name: str, *, time_zone: str = "UTC", org_id: UUID | None = None, clock: Clock = now
) -> Organization:
    """A new customer. `time_zone` decides where its billing months begin.

    Who signs up for itself names an id of its own and holds a connection that sees no other.
    """
    check_time_zone(time_zone)
    made = Organization(org_id or new_uuid(), checked_name(name), time_zone, clock())
    await store.insert_organization(connection, made)
    return made


async def create_firm(
    connection: Connection,
    org_id: UUID,
    name: str,
    *,
    region: str | None = None,
    clock: Clock = now,
    actor: str | None = OPERATOR,
) -> Firm:
    """A new firm of the organization, kept here for good. `region`, where said, has to be the database's own."""
    here = await store.get_region(connection)
    if region not in (None, here):
        _check_region(region or "")
        raise ImpossibleValueError(
            f"firms of {here} are kept here; create it where {region} is, then point to it with `tickmark firms point`"
        )
    async with connection.transaction():
        made = await _insert(connection, org_id, new_uuid(), checked_name(name), here, clock())
        if actor is not None:
            about = (ids.encode("firm", made.id),)
            await record_act(connection, org_id, "firms.create", about, firm_id=made.id, actor=actor)
    return made


async def point_to_firm(
    connection: Connection, org_id: UUID, firm_id: UUID, region: str, *, clock: Clock = now
) -> Firm:
    """A signpost to a firm of another region: calls about it are told where to go. Nothing else of it is kept."""
    _check_region(region)
    if region == await store.get_region(connection):
        raise ImpossibleValueError(f"firms of {region} are kept here; create it with `tickmark firms create`")
    async with connection.transaction():
        made = await _insert(connection, org_id, firm_id, f"A firm in {region}", region, clock())
        await record_act(connection, org_id, "firms.point", (ids.encode("firm", firm_id), region))
    return made


async def change_organization(connection: Connection, org_id: UUID, name: str, time_zone: str, *, actor: str) -> None:
    """Its name and the zone its pages speak in; billing months keep the zone they began with.

    Raises ImpossibleValueError.
    """
    check_time_zone(time_zone)
    async with connection.transaction():
        await members_store.mark_organization_changed(connection, org_id, checked_name(name), time_zone)
        await record_act(connection, org_id, "orgs.change", (ids.encode("org", org_id),), actor=actor)


async def set_networks(connection: Connection, org_id: UUID, networks: Sequence[str], *, actor: str) -> None:
    """Where its keys may be used from, those without a list of their own; none for anywhere. Felt within a second.

    Raises ImpossibleValueError.
    """
    checked = checked_networks(networks)
    async with connection.transaction():
        await store.mark_networks(connection, org_id, checked)
        about = (ids.encode("org", org_id), *(checked or ("anywhere",)))
        await record_act(connection, org_id, "orgs.networks", about, actor=actor)


async def _insert(
    connection: Connection, org_id: UUID, firm_id: UUID, name: str, region: str | None, at: datetime
) -> Firm:
    try:
        return await store.insert_firm(connection, org_id, firm_id, name, region, at)
    except asyncpg.ForeignKeyViolationError:
        raise UnknownOrganizationError("no such organization") from None
    except asyncpg.UniqueViolationError:
        raise ImpossibleValueError("the organization has this firm already") from None


def _check_region(region: str) -> None:
    if not re.fullmatch("[a-z]{2}", region):
        raise ImpossibleValueError(f"no region {region!r}; use two small letters such as us or eu")


def checked_name(name: str) -> str:
    """The name without blanks around it. Raises ImpossibleValueError."""
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS or not name.isprintable():
        raise ImpossibleValueError(f"a name has 1 to {MAX_NAME_CHARACTERS} printable characters")
    return name


def checked_networks(networks: Sequence[str]) -> tuple[str, ...]:
    """The networks as they are kept. Raises ImpossibleValueError."""
    try:
        return tuple(str(ipaddress.ip_network(network)) for network in networks)
    except ValueError as error:
        raise ImpossibleValueError(f"{error}; use networks such as 192.0.2.0/24") from None


def check_time_zone(time_zone: str) -> None:
    """Raises ImpossibleValueError for a zone that is not in the IANA list."""
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ImpossibleValueError(f"no time zone {time_zone!r}; use an IANA name such as America/Chicago") from None
