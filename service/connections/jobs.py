"""Background care: tokens renewed before they end, ends announced, vendors watched, abandoned pages emptied."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from service.connections import secrets_store, store
from service.connections.credentials import Credentials
from service.connections.errors import LinkError
from service.connections.health import lead_of
from service.connections.hosted.store import delete_abandoned, delete_unfinished
from service.connections.issues import canary
from service.connections.issues import store as issues
from service.connections.issues.shapes import Shape
from service.connections.linking import Linking
from service.connections.open import USABLE, OpenConnection
from service.connections.states import move_connection
from service.connections.store import State
from service.connections.vendors import Door, budget_key
from service.connectors.sdk.auth import TokenReply
from service.connectors.sdk.engine import Engine, Link
from service.connectors.sdk.faults import ConnectionRefused, VendorFault
from service.consent.ledger import ConsentLackingError, ConsentLedger
from service.db.pool import Connection, as_organization
from service.ids import Book

EXPIRING_FROM: Final = timedelta(days=14)
UNFINISHED_KEPT_FOR: Final = timedelta(days=30)
"""Pages that led to no connection; the others are part of the evidence of their consent."""
PROBED_EVERY: Final = timedelta(hours=20)
_RENEWALS_A_RUN: Final = 500
_AT_ONCE: Final = 8
_PROBES_A_RUN: Final = 5
_log: Final = logging.getLogger(__name__)


class Care:
    """What the worker does for connections; its pool is the operator's."""

    def __init__(self, linking: Linking, engine: Engine, consents: ConsentLedger) -> None:
        self.linking = linking
        self._engine = engine
        self._consents = consents

    async def renew_ahead(self, connection: Connection, at: datetime) -> None:
        """Renews what ends soon, each connection at a moment of its own."""
        due = await secrets_store.list_due_renewals(connection, at + timedelta(minutes=10), _RENEWALS_A_RUN)
        ready = [one for one in due if one.expires_at - lead_of(one.id) <= at]
        slots = asyncio.Semaphore(_AT_ONCE)

        async def renew(org_id: UUID, connection_id: UUID) -> None:
            async with slots:
                await self._renew(org_id, connection_id)

        await asyncio.gather(*(renew(one.org_id, one.id) for one in ready))
        if ready:
            _log.info("access renewed ahead: %d", len(ready))

    async def announce_ends(self, connection: Connection, at: datetime) -> None:
        """Marks what only the firm can prolong as expiring a fortnight before, and as well again afterwards."""
        for one in await secrets_store.list_coming_ends(connection, at + EXPIRING_FROM):
            ends_soon = one.ends_at is not None and one.ends_at < at + EXPIRING_FROM
            if ends_soon and one.state is State.HEALTHY and one.ends_at is not None:
                reason = f"access ends on {one.ends_at.date().isoformat()} unless the firm connects again"
                await move_connection(connection, one.org_id, one.id, State.EXPIRING, reason, at)
            elif not ends_soon and one.state is State.EXPIRING:
                await move_connection(connection, one.org_id, one.id, State.HEALTHY, None, at)

    async def watch_vendors(self, connection: Connection, at: datetime) -> None:
        """Probes the connections that were not looked at for the longest time."""
        for due in await issues.list_due_connections(connection, at - PROBED_EVERY, _PROBES_A_RUN):
            try:
                await self.probe(due.org_id, due.id, at)
            except (VendorFault, LinkError) as error:
                _log.warning("a connection cannot be probed: %s", type(error).__name__)

    async def empty_pages(self, connection: Connection, at: datetime) -> None:
        """Drops what abandoned connect pages still hold, and a month later the pages themselves."""
        await delete_abandoned(connection, at)
        await delete_unfinished(connection, at - UNFINISHED_KEPT_FOR)

    async def probe(self, org_id: UUID, connection_id: UUID, at: datetime) -> None:
        """Every kind of record of one connection that the firm consents to."""
        opened = await self._opened(org_id, connection_id)
        door = None if opened is None else self._door(opened)
        if opened is None or door is None or not opened.accounts:
            return
        account = opened.accounts[0]
        link = Link(
            door.connector,
            door.base_url,
            account.remote_id,
            budget_key(opened, door.connector, account),
            _Source(self.linking, opened, door),
        )
        book = Book(opened.id, account.ordinal, account.remote_id, account.currency)
        for surface, binding in door.connector.bindings().items():
            if binding.page is not None and binding.raw and await self._is_allowed(opened, surface, at):
                await self._probe(opened, link, book, surface, at)
        async with as_organization(self.linking.pool, org_id) as connection:
            await canary.judge(connection, org_id, connection_id, at)

    async def _probe(self, opened: OpenConnection, link: Link, book: Book, surface: str, at: datetime) -> None:
        async with as_organization(self.linking.pool, opened.org_id) as connection:
            known = await issues.get_shape(connection, opened.org_id, opened.id, surface) or Shape()
        probed = await canary.probe(self._engine, link, book, surface, known)
        async with as_organization(self.linking.pool, opened.org_id) as connection:
            await canary.keep(connection, opened, probed, known, at)

    async def _is_allowed(self, opened: OpenConnection, surface: str, at: datetime) -> bool:
        try:
            cover = await self._consents.cover(opened.org_id, opened.firm_id, opened.id, surface, at)
        except ConsentLackingError:
            return False
        return cover.consent is not None

    async def _renew(self, org_id: UUID, connection_id: UUID) -> None:
        opened = await self._opened(org_id, connection_id)
        door = None if opened is None else self._door(opened)
        if opened is None or door is None:
            return
        try:
            await _Source(self.linking, opened, door).fresh(ahead=lead_of(connection_id))
        except (VendorFault, LinkError) as error:
            # On the connection's timeline already; the next look tries again unless only the firm can help.
            _log.warning("access could not be renewed ahead: %s", type(error).__name__)

    def _door(self, opened: OpenConnection) -> Door | None:
        return self.linking.vendors.door(opened.vendor, sandbox=opened.sandbox, base_url=opened.base_url)

    async def _opened(self, org_id: UUID, connection_id: UUID) -> OpenConnection | None:
        async with as_organization(self.linking.pool, org_id) as connection:
            record = await store.get_connection(connection, org_id, connection_id)
            accounts = await store.list_accounts(connection, org_id, connection_id)
        if record is None or record.state not in USABLE:
            return None
        return OpenConnection(
            org_id=org_id,
            firm_id=record.firm_id,
            id=record.id,
            vendor=record.vendor,
            sandbox=record.sandbox,
            base_url=record.base_url,
            accounts=accounts,
        )


class _Source:
    """One connection's tokens, for the engine and for renewals ahead."""

    def __init__(self, linking: Linking, opened: OpenConnection, door: Door) -> None:
        self._linking = linking
        self._opened = opened
        self._door = door

    def held(self) -> str | None:
        return None

    async def access_token(self) -> str:
        return await self._token(None)

    async def renewed(self, refused: str) -> str:
        return await self._token(refused)

    async def fresh(self, *, refused: str | None = None, ahead: timedelta | None = None) -> Credentials:
        return await self._linking.credentials.fresh_credentials(
            self._opened, self._exchange, force_after=refused, ahead=ahead
        )

    async def _token(self, refused: str | None) -> str:
        try:
            return (await self.fresh(refused=refused)).access_token
        except LinkError as refusal:
            raise ConnectionRefused(str(refusal), code="needs_attention") from None

    async def _exchange(self, stored: Credentials) -> TokenReply:
        return await self._linking.vendors.renew(self._door, stored)
