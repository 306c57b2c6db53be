"""May this caller use this connection now? Asked on every call, so answered from memory of less than a second."""

import time
from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec

from service.accounts.caller import Caller
from service.accounts.organizations import refuse_elsewhere
from service.accounts.tokens import Mode
from service.clock import Clock, now
from service.connections import store
from service.connections.errors import (
    ConnectionModeError,
    ConnectionNeedsAttentionError,
    ConnectionNotFoundError,
    ConnectionNotUsableError,
    ConsentMissingError,
)
from service.connections.store import Account, ConnectionRecord, State
from service.db.pool import Connection, Pool, as_organization
from service.db.recent import Recent
from service.db.together import Together

USABLE = frozenset({State.HEALTHY, State.DEGRADED, State.EXPIRING})


class OpenConnection(msgspec.Struct, frozen=True, kw_only=True):
    """A connection that may be used right now; its credentials come from `refresh.CredentialKeeper`."""

    org_id: UUID
    firm_id: UUID
    id: UUID
    vendor: str
    sandbox: bool
    base_url: str | None
    accounts: tuple[Account, ...]


class _Standing(msgspec.Struct, frozen=True):
    record: ConnectionRecord
    opened: OpenConnection
    consented: bool


class Connections:
    """The connections in use, as seen by one process; a change is felt within a second."""

    def __init__(
        self,
        pool: Pool,
        clock: Clock = now,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        live_keys_reach_sandboxes: bool = False,
        reads: Together | None = None,
    ) -> None:
        """`live_keys_reach_sandboxes` is for demonstrations: metered calls that touch no real vendor. `reads` are
        shared with what else a call asks for."""
        self._pool = pool
        self._reads = reads or Together(pool)
        self._clock = clock
        self._live_keys_reach_sandboxes = live_keys_reach_sandboxes
        self._standings: Recent[tuple[UUID, UUID], _Standing] = Recent(monotonic=monotonic)
        self._lists: Recent[UUID, list[ConnectionRecord]] = Recent(monotonic=monotonic)

    async def open(self, caller: Caller, connection_id: UUID) -> OpenConnection:
        """The connection, ready for a vendor call.

        Raises ConnectionNotFoundError, ConnectionModeError, ConnectionNotUsableError (ConnectionNeedsAttentionError
        among them) or ConsentMissingError, in this order.
        """
        standing = await self._standing(caller, connection_id)
        record = standing.record
        self._check_mode(caller, record)
        if record.state not in USABLE:
            needs_attention = record.state == State.NEEDS_ATTENTION
            refusal = ConnectionNeedsAttentionError if needs_attention else ConnectionNotUsableError
            raise refusal(record.state, record.state_reason)
        if not standing.consented:
            raise ConsentMissingError("no consent of the firm is in force for this connection")
        return standing.opened

    async def get(self, caller: Caller, connection_id: UUID) -> ConnectionRecord:
        """A connection the caller may know of, whatever its state. Raises ConnectionNotFoundError."""
        return (await self._standing(caller, connection_id)).record

    async def visible(self, caller: Caller) -> list[ConnectionRecord]:
        """The connections the caller may know of, oldest first, whatever their state."""
        records = await self._lists.get(caller.org_id, lambda: self._read_list(caller.org_id))
        known = [record for record in records if caller.may_know(record.firm_id, record.id)]
        if not known:
            await self._refuse_elsewhere(caller)
        return known

    async def accounts_of(self, caller: Caller, records: Sequence[ConnectionRecord]) -> dict[UUID, tuple[Account, ...]]:
        """The accounts of connections that `get` or `visible` gave, by connection."""
        async with as_organization(self._pool, caller.org_id) as connection:
            return await store.list_accounts_of(connection, caller.org_id, [record.id for record in records])

    def forget(self, org_id: UUID, connection_id: UUID) -> None:
        """What this process has just changed is felt by its next call."""
        self._standings.forget((org_id, connection_id))
        self._lists.forget(org_id)

    async def _standing(self, caller: Caller, connection_id: UUID) -> _Standing:
        """One the caller may know of. One that it may not know of looks like a missing one."""
        key = (caller.org_id, connection_id)
        try:
            standing = await self._standings.get(key, lambda: self._read(*key))
            if caller.may_know(standing.record.firm_id, standing.record.id):
                return standing
        except ConnectionNotFoundError:
            pass
        await self._refuse_elsewhere(caller)
        raise ConnectionNotFoundError("no such connection")

    async def _refuse_elsewhere(self, caller: Caller) -> None:
        """Nothing was found: a caller whose firms are all kept in other regions is told where, instead."""
        async with as_organization(self._pool, caller.org_id) as connection:
            await refuse_elsewhere(connection, caller.org_id, caller.firm_ids)

    def _check_mode(self, caller: Caller, record: ConnectionRecord) -> None:
        if caller.mode == Mode.TEST and not record.sandbox:
            raise ConnectionModeError("a test key reaches sandbox connections only")
        if caller.mode == Mode.LIVE and record.sandbox and not self._live_keys_reach_sandboxes:
            raise ConnectionModeError("a live key does not reach sandbox connections; use a test key")

    async def _read(self, org_id: UUID, connection_id: UUID) -> _Standing:
        at = self._clock()
        found = await self._reads.read(org_id, lambda one: store.get_standing(one, org_id, connection_id, at))
        if found is None:
            raise ConnectionNotFoundError("no such connection")
        record, accounts, consented = found
        opened = OpenConnection(
            org_id=org_id,
            firm_id=record.firm_id,
            id=connection_id,
            vendor=record.vendor,
            sandbox=record.sandbox,
            base_url=record.base_url,
            accounts=accounts,
        )
        return _Standing(record, opened, consented)

    async def _read_list(self, org_id: UUID) -> list[ConnectionRecord]:
        async with as_organization(self._pool, org_id) as connection:
            return await store.list_connections(connection, org_id)


async def has_connection(connection: Connection, org_id: UUID, connection_id: UUID) -> bool:
    """Whether it is one of the organization's connections, in whatever state."""
    return await store.get_connection(connection, org_id, connection_id) is not None
