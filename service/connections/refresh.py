"""Tokens that are good now. However many calls find a token expired, the vendor is asked for a new one exactly once.

Within a process the first caller asks and the others wait for it; over all workers the secret's row is locked, and a
rotated token is committed before anybody uses it. A refused grant asks a human and is never tried again.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias
from uuid import UUID

import asyncpg
import msgspec

from service.clock import Clock, now
from service.connections import secrets_store, store
from service.connections.credentials import NAME, Credentials, seal, unseal
from service.connections.errors import (
    ConnectionNeedsAttentionError,
    ConnectionNotUsableError,
    GrantRefusedError,
)
from service.connections.open import USABLE, OpenConnection
from service.connections.secrets_store import SealedSecret
from service.connections.states import move_connection
from service.connections.store import State
from service.connections.vault import Vault
from service.connectors.sdk.faults import TimedOut, VendorFault
from service.db.pool import Connection, Pool, as_organization
from service.db.recent import Recent

_HELD_S = 30.0  # how long a process uses a token without looking whether another worker has rotated it
_LOCK_WAIT_S = 60.0
_REFRESHES_AT_ONCE = 4  # for each vendor: a vendor that hangs holds up its own connections only
_LONGEST_S = 10 * 365 * 86_400  # a life beyond it is nonsense of a vendor's, and beyond any calendar in the end
_LOST = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
_REFUSED = "the vendor refuses to renew access; the firm has to connect again"
_CUT_OFF = "a renewal was cut off after the vendor had answered, and the vendor gives no second answer; connect again"


class TokenReply(Protocol):
    """What a vendor's token endpoint gave. No refresh token means: keep the old one."""

    @property
    def access_token(self) -> str: ...
    @property
    def expires_in_s(self) -> int | None: ...
    @property
    def refresh_token(self) -> str | None: ...
    @property
    def refresh_expires_in_s(self) -> int | None: ...
    @property
    def hard_expires_in_s(self) -> int | None: ...


Exchange: TypeAlias = Callable[[Credentials], Awaitable[TokenReply]]
"""Renews credentials at the vendor. Raises GrantRefusedError when they are refused for good, else what may pass."""


class _Begun(msgspec.Struct, frozen=True):
    was_cut_off: bool
    """An earlier renewal began and never said how it ended: its process died, or the vendor's answer was lost."""


class CredentialKeeper:
    """The credentials of the connections in use, as held by one process."""

    def __init__(
        self,
        pool: Pool,
        vault: Vault,
        clock: Clock = now,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        margin_s: float = 60.0,
    ) -> None:
        """A token is renewed when it has less than `margin_s` left.

        Give it a pool of its own: a refresh holds a database connection while the vendor answers.
        """
        self._pool = pool
        self._vault = vault
        self._clock = clock
        self._margin = timedelta(seconds=margin_s)
        self._held: Recent[tuple[UUID, UUID], Credentials] = Recent(_HELD_S, monotonic=monotonic)
        self._flights: dict[tuple[UUID, UUID, str | None], asyncio.Task[Credentials]] = {}
        self._slots = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(_REFRESHES_AT_ONCE))

    def held(self, connection: OpenConnection) -> Credentials | None:
        """Credentials that are good for now, if this process has them at hand."""
        held = self._held.peek((connection.org_id, connection.id))
        return held if held is not None and self._good(held, None) else None

    async def fresh_credentials(
        self,
        connection: OpenConnection,
        exchange: Exchange,
        *,
        force_after: str | None = None,
        ahead: timedelta | None = None,
    ) -> Credentials:
        """Credentials that are good for now; `force_after` is an access token the vendor has just refused.

        With `ahead` they are renewed while they have so much time left, before any call needs it.
        Raises ConnectionNeedsAttentionError when only the firm can help, and what `exchange` raises.
        """
        place = (connection.org_id, connection.id)
        held = await self._held.get(place, lambda: self._read(connection))
        if self._good(held, force_after, ahead):
            return held
        flight_key = (*place, force_after)
        flight = self._flights.get(flight_key)
        if flight is None:
            renewal = self._renew(connection, exchange, force_after, ahead)
            flight = self._flights[flight_key] = asyncio.create_task(renewal)
            flight.add_done_callback(lambda done: self._landed(flight_key, done))
        return await asyncio.shield(flight)

    @asynccontextmanager
    async def held_still(
        self, org_id: UUID, connection_id: UUID, vendor: str
    ) -> AsyncGenerator[tuple[Connection, SealedSecret | None]]:
        """A transaction, and the secret that nobody renews while it lasts; a renewal under way is waited for first.

        What that one brought is then what there is: whoever ends a connection by an older token leaves the newer
        one alive at the vendor.
        """
        async with self._slots[vendor], as_organization(self._pool, org_id) as connection:
            secret = await secrets_store.lock_secret(connection, org_id, connection_id, NAME, timeout_s=_LOCK_WAIT_S)
            yield connection, secret
        self._held.forget((org_id, connection_id))

    async def close(self) -> None:
        """Waits for the exchanges under way: an answer thrown away could be the only copy of a rotated token."""
        await asyncio.gather(*self._flights.values(), return_exceptions=True)

    def _landed(self, flight_key: tuple[UUID, UUID, str | None], done: "asyncio.Task[Credentials]") -> None:
        del self._flights[flight_key]
        if done.cancelled() or done.exception() is not None:
            self._held.forget(flight_key[:2])
        else:
            self._held.keep(flight_key[:2], done.result())

    def _good(self, credentials: Credentials, force_after: str | None, ahead: timedelta | None = None) -> bool:
        if credentials.access_token == force_after:
            return False
        return credentials.expires_at is None or credentials.expires_at - (ahead or self._margin) > self._clock()

    async def _renew(
        self, opened: OpenConnection, exchange: Exchange, force_after: str | None, ahead: timedelta | None
    ) -> Credentials:
        rotation: tuple[SealedSecret, Credentials] | None = None
        try:
            async with self._slots[opened.vendor]:
                # On record before the vendor is asked: whoever finds it there knows that an answer may have been lost.
                begun = await self._begin(opened, force_after, ahead)
                if isinstance(begun, Credentials):
                    return begun
                async with as_organization(self._pool, opened.org_id) as connection:
                    secret = _found(await self._lock(connection, opened))
                    stored = await unseal(self._vault, opened.id, secret)
                    if self._good(stored, force_after, ahead):
                        return stored  # another worker was quicker
                    renewed = await self._exchange(stored, exchange)
                    if isinstance(renewed, Credentials):
                        rotation = secret, renewed
                        return await self._persist(connection, opened, *rotation)
                    reason = _CUT_OFF if begun.was_cut_off else renewed
                    await self._ask_the_firm(connection, opened, reason)
        except _LOST:
            if rotation is None:
                raise
            # The old refresh token may be dead already: what the vendor gave must not be lost with the connection.
            async with as_organization(self._pool, opened.org_id) as connection:
                return await self._persist(connection, opened, *rotation)
        except VendorFault as fault:
            await self._note_failure(opened, fault)
            raise
        raise ConnectionNeedsAttentionError(State.NEEDS_ATTENTION, reason)

    async def _begin(
        self, opened: OpenConnection, force_after: str | None, ahead: timedelta | None
    ) -> "Credentials | _Begun":
        """The renewal on record as begun, or the credentials that make it needless."""
        async with as_organization(self._pool, opened.org_id) as connection:
            secret = _found(await self._lock(connection, opened))
            stored = await unseal(self._vault, opened.id, secret)
            if self._good(stored, force_after, ahead):
                return stored  # another worker was quicker
            await secrets_store.mark_renewal_begun(connection, opened.org_id, opened.id, NAME, self._clock())
        return _Begun(secret.renewing_since is not None)

    async def _note_failure(self, opened: OpenConnection, fault: VendorFault) -> None:
        """A vendor that surely gave nothing: nothing can have been lost. After a silence that stays open."""
        async with as_organization(self._pool, opened.org_id) as connection:
            if not isinstance(fault, TimedOut):
                await secrets_store.mark_renewal_over(connection, opened.org_id, opened.id, NAME)
            await store.insert_event(
                connection,
                opened.org_id,
                opened.id,
                self._clock(),
                "vendor_error",
                f"renewing access failed ({type(fault).__name__})",
                status=fault.status,
                code=fault.code,
            )

    async def _lock(self, connection: Connection, opened: OpenConnection) -> SealedSecret | None:
        return await secrets_store.lock_secret(connection, opened.org_id, opened.id, NAME, timeout_s=_LOCK_WAIT_S)

    async def _ask_the_firm(self, connection: Connection, opened: OpenConnection, reason: str) -> None:
        at = self._clock()
        await secrets_store.mark_renewal_over(connection, opened.org_id, opened.id, NAME)
        await store.insert_event(connection, opened.org_id, opened.id, at, "renewal_refused", reason)
        await move_connection(connection, opened.org_id, opened.id, State.NEEDS_ATTENTION, reason, at)

    async def _exchange(self, stored: Credentials, exchange: Exchange) -> Credentials | str:
        """The renewed credentials, or why the vendor will give none any more, in our own words."""
        asked_at = self._clock()
        try:
            reply = await exchange(stored)
        except GrantRefusedError as refusal:
            return f"{refusal}; the firm has to connect again" if str(refusal) else _REFUSED
        return renewed_by(reply, stored, asked_at)

    async def _persist(
        self, connection: Connection, opened: OpenConnection, secret: SealedSecret, renewed: Credentials
    ) -> Credentials:
        sealed = await seal(self._vault, secret.key, opened.id, renewed)
        if await secrets_store.mark_secret_rotated(
            connection, secret.key, opened.id, NAME, secret.fence, sealed, self._clock(), renewed.lifetime
        ):
            return renewed
        newer = _found(await secrets_store.get_secret(connection, opened.org_id, opened.id, NAME))
        return await unseal(self._vault, opened.id, newer)

    async def _read(self, opened: OpenConnection) -> Credentials:
        async with as_organization(self._pool, opened.org_id) as connection:
            secret = _found(await secrets_store.get_secret(connection, opened.org_id, opened.id, NAME))
        return await unseal(self._vault, opened.id, secret)


def renewed_by(reply: TokenReply, stored: Credentials, asked_at: datetime) -> Credentials:
    """The credentials after a vendor's answer; what it does not say stays as it was."""

    def until(lasts_s: int | None, before: datetime | None) -> datetime | None:
        return before if lasts_s is None else asked_at + timedelta(seconds=min(lasts_s, _LONGEST_S))

    return msgspec.structs.replace(
        stored,
        access_token=reply.access_token,
        refresh_token=reply.refresh_token or stored.refresh_token,
        expires_at=until(reply.expires_in_s, None),
        refresh_expires_at=until(reply.refresh_expires_in_s, stored.refresh_expires_at),
        hard_expires_at=until(reply.hard_expires_in_s, stored.hard_expires_at),
    )


def _found(secret: SealedSecret | None) -> SealedSecret:
    """Raises unless there is a secret and its connection may be used."""
    if secret is None:
        raise ConnectionNotUsableError(State.DISCONNECTED)  # ended since the call began
    if secret.state == State.NEEDS_ATTENTION:
        raise ConnectionNeedsAttentionError(secret.state, secret.state_reason)
    if secret.state not in USABLE:
        raise ConnectionNotUsableError(secret.state, secret.state_reason)
    return secret
