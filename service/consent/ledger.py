"""Is there a consent for this? Asked on every call for a firm's data, so answered from memory of less than a second."""

import time
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from service.consent import store
from service.consent.items import EVERYTHING
from service.consent.store import Grant
from service.db.pool import Connection, Pool, as_organization
from service.db.recent import Recent
from service.db.together import Together


class ConsentLackingError(Exception):
    """No consent in force covers it."""


class Cover(Struct, frozen=True):
    """The consent a call rests on. `None`: only some clients have consented, each record has to be looked at."""

    consent: Grant | None


class _Firm(Struct, frozen=True):
    grants: tuple[Grant, ...]
    client_items: frozenset[str]


class ConsentLedger:
    """The consents in force, as seen by one process; a revoked one is felt within a second."""

    def __init__(
        self, pool: Pool, monotonic: Callable[[], float] = time.monotonic, *, reads: Together | None = None
    ) -> None:
        """`reads` are shared with what else a call asks for."""
        self._pool = pool
        self._reads = reads or Together(pool)
        self._firms: Recent[tuple[UUID, UUID], _Firm] = Recent(monotonic=monotonic)
        self._clients: Recent[tuple[UUID, UUID, str], tuple[Grant, ...]] = Recent(monotonic=monotonic)

    async def cover(self, org_id: UUID, firm_id: UUID, connection_id: UUID, item: str, at: datetime) -> Cover:
        """The firm's consent to hand out `item` at an instant. Raises ConsentLackingError.

        A consent that was signed, or came to our knowledge, after that instant does not count.
        """
        firm = await self._firms.get((org_id, firm_id), lambda: self._read_firm(org_id, firm_id))
        found = _in_force(firm.grants, connection_id, item, at)
        if found is None and item not in firm.client_items:
            raise ConsentLackingError(item)
        return Cover(found)

    async def cover_client(
        self, org_id: UUID, firm_id: UUID, connection_id: UUID, client: str, item: str, at: datetime
    ) -> Grant:
        """A client's own consent to hand out `item` of it. Raises ConsentLackingError."""
        key = (org_id, firm_id, client)
        grants = await self._clients.get(key, lambda: self._read_client(*key))
        found = _in_force(grants, connection_id, item, at)
        if found is None:
            raise ConsentLackingError(item)
        return found

    async def _read_firm(self, org_id: UUID, firm_id: UUID) -> _Firm:
        async def read(connection: Connection) -> _Firm:
            grants = await store.list_firm_grants(connection, org_id, firm_id)
            return _Firm(grants, await store.list_client_items(connection, org_id, firm_id))

        return await self._reads.read(org_id, read)

    async def _read_client(self, org_id: UUID, firm_id: UUID, client: str) -> tuple[Grant, ...]:
        async with as_organization(self._pool, org_id) as connection:
            return await store.list_client_grants(connection, org_id, firm_id, client)


def _in_force(grants: tuple[Grant, ...], connection_id: UUID, item: str, at: datetime) -> Grant | None:
    for grant in grants:
        if (
            (item in grant.items or EVERYTHING in grant.items)
            and (grant.connection_id is None or grant.connection_id == connection_id)
            and grant.starts_at <= at
            and (grant.expires_at is None or at < grant.expires_at)
        ):
            return grant
    return None
