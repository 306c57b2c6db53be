"""The worker's part: sends what is due, at least once, each endpoint apart from the others.

An attempt is claimed for the length of a lease, made without a database connection, and settled. A worker that dies in
between leaves its lease to run out, and the event goes out again under the same id. Any number of workers may run.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final
from uuid import UUID

import asyncpg
from msgspec import Struct

from service import ids
from service.clock import Clock, now
from service.connections.errors import SecretUnreadableError
from service.connections.vault import Vault
from service.db.pool import AWAY, Pool
from service.events import store
from service.events.payload import payload_of
from service.events.secrets import open_secrets
from service.events.sending import TIMEOUT_S, Answered, Sender
from service.events.settle import settle
from service.events.signing import signed_headers
from service.events.store import SQL, Claimed, DisabledBecause, Endpoint

AT_ONCE: Final = 4
"""Attempts under way to one endpoint, of one worker."""
ENDPOINTS_AT_ONCE: Final = 200
"""Endpoints that one worker sends to at the same time."""
LEASE: Final = timedelta(seconds=4 * TIMEOUT_S)
"""Longer than an attempt can take."""
_LOOKS_EVERY_S: Final = 0.5
_log: Final = logging.getLogger(__name__)


class Disabled(Struct, frozen=True):
    """An endpoint that was disabled, for those who have to know."""

    org_id: UUID
    endpoint: Endpoint
    because: DisabledBecause


Tell = Callable[[Disabled], Awaitable[None]]
"""Tells people. Does not raise."""


class _Load(Struct, frozen=True):
    """What was claimed of one endpoint, and what it takes to send it."""

    endpoint: Endpoint
    claimed: list[Claimed]
    secrets: tuple[str, ...] | None
    """None where they cannot be read."""


class Deliverer:
    """Sends for all organizations, on connections of the operator role."""

    def __init__(self, pool: Pool, vault: Vault, sender: Sender, tell: Tell, clock: Clock = now) -> None:
        self._pool = pool
        self._vault = vault
        self._sender = sender
        self._tell = tell
        self._clock = clock

    async def deliver_until(self, over: asyncio.Event) -> None:
        """Looks twice a second, until told to stop; attempts under way are finished first."""
        tasks: dict[UUID, asyncio.Task[int]] = {}
        while not over.is_set():
            tasks = {endpoint_id: task for endpoint_id, task in tasks.items() if not task.done()}
            try:
                for org_id, endpoint_id in await self._list_due(tuple(tasks), ENDPOINTS_AT_ONCE - len(tasks)):
                    tasks[endpoint_id] = asyncio.create_task(self._serve(org_id, endpoint_id, over))
            except (asyncpg.PostgresError, *AWAY) as error:
                _log.exception("webhooks cannot be looked at now", exc_info=error)
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), _LOOKS_EVERY_S)
        await asyncio.gather(*tasks.values(), return_exceptions=True)

    async def deliver_due(self) -> int:
        """Sends what is due now; how many attempts that took."""
        due = await self._list_due((), ENDPOINTS_AT_ONCE)
        return sum(await asyncio.gather(*(self._serve(org_id, endpoint_id) for org_id, endpoint_id in due)))

    async def _serve(self, org_id: UUID, endpoint_id: UUID, over: asyncio.Event | None = None) -> int:
        """Sends what is due for one endpoint, oldest first; how many attempts that took."""
        made = 0
        try:
            while over is None or not over.is_set():
                load = await self._claim(org_id, endpoint_id)
                if load is None:
                    break
                made += len(load.claimed)
                attempts = (self._attempt(org_id, load, one) for one in load.claimed)
                ended = await asyncio.gather(*attempts, return_exceptions=True)
                for broken in filter(None, ended):
                    _log.error("a webhook could not be tried to its end", exc_info=broken, extra={"org_id": org_id})
        except Exception as error:  # the rim: the trouble of one endpoint is not that of others; leases run out
            _log.exception("webhooks of an endpoint cannot be sent now", exc_info=error, extra={"org_id": org_id})
        return made

    async def _list_due(self, but: tuple[UUID, ...], most: int) -> list[tuple[UUID, UUID]]:
        if most <= 0:
            return []
        rows = await self._pool.fetch(SQL["list_due_endpoints"], self._clock(), list(but), most)
        return [(row["org_id"], row["id"]) for row in rows]

    async def _claim(self, org_id: UUID, endpoint_id: UUID) -> _Load | None:
        at = self._clock()
        async with self._pool.acquire() as connection, connection.transaction():
            endpoint = await store.get_endpoint(connection, org_id, endpoint_id)
            claimed = await store.claim_deliveries(connection, org_id, endpoint_id, at, at + LEASE, AT_ONCE)
            if endpoint is None or not claimed:
                return None
            try:
                secrets = await open_secrets(connection, self._vault, org_id, endpoint_id, at)
            except SecretUnreadableError as error:
                _log.exception("a webhook cannot be signed", exc_info=error, extra={"org_id": org_id})
                secrets = None
        return _Load(endpoint, claimed, secrets or None)

    async def _attempt(self, org_id: UUID, load: _Load, one: Claimed) -> None:
        at, started = self._clock(), time.monotonic()
        endpoint = load.endpoint
        if load.secrets is None:
            answered = Answered("secret_unreadable")
        else:
            body = payload_of(one.event, endpoint.api_version)
            headers = signed_headers(ids.encode("evt", one.event_id), at, body, load.secrets)
            answered = await self._sender.send(endpoint.url, headers, body, is_test=endpoint.mode == "test")
        took_ms = round((time.monotonic() - started) * 1000)
        async with self._pool.acquire() as connection, connection.transaction():
            row = (one.number, at, took_ms, answered.outcome, answered.status)
            await connection.execute(SQL["insert_attempt"], org_id, one.id, *row)
            because = await settle(connection, org_id, endpoint, one, answered, self._clock())
        if because is not None:
            await self._tell(Disabled(org_id, endpoint, because))
