"""Consented connections to the embedded sandbox vendors: on a demonstration only, never where real vendors are."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from service import ids
from service.audit.acts import record_act
from service.clock import Clock, now
from service.connections.credentials import Credentials
from service.connections.link import create_connection
from service.connections.store import Account, ConnectionRecord
from service.connections.vault import Vault
from service.db.pool import Pool


class Grant(Protocol):
    """What a consent at a sandbox ended in."""

    @property
    def account(self) -> str: ...
    @property
    def access_token(self) -> str: ...
    @property
    def refresh_token(self) -> str: ...
    @property
    def expires_in(self) -> float: ...
    @property
    def refresh_expires_in(self) -> float: ...
    @property
    def scopes(self) -> list[str]: ...


class Sandbox(Protocol):
    """A running sandbox vendor."""

    def grant(self) -> Grant: ...


class Sandboxes:
    """The sandboxes that can be connected at the press of a button, by vendor; empty in production."""

    def __init__(
        self, servers: Mapping[str, Sandbox], operators: "Pool | None", vault: Vault, clock: Clock = now
    ) -> None:
        self._servers: Mapping[str, Sandbox] = servers if operators is not None else {}
        self._operators = operators
        self._vault = vault
        self._clock = clock

    @property
    def vendors(self) -> tuple[str, ...]:
        """Those there are."""
        return tuple(self._servers)

    async def connect(self, org_id: UUID, firm_id: UUID, vendor: str, granted_by: str, actor: str) -> ConnectionRecord:
        """A connection as the firm's walk through the sandbox's consent page would have left it. KeyError if unknown.

        Raises UnknownFirmError for a firm that is not the organization's. `actor` is who pressed.
        """
        server = self._servers[vendor]
        assert self._operators is not None
        grant = await _asked(server.grant)
        at = self._clock()
        async with self._operators.acquire() as connection, connection.transaction():
            made = await create_connection(
                connection,
                self._vault,
                org_id=org_id,
                firm_id=firm_id,
                vendor=vendor,
                accounts=[Account(0, grant.account, "Birch & Vale", "USD", "America/Los_Angeles")],
                credentials=Credentials(
                    access_token=grant.access_token,
                    refresh_token=grant.refresh_token,
                    expires_at=at + timedelta(seconds=grant.expires_in),
                    refresh_expires_at=at + timedelta(seconds=grant.refresh_expires_in),
                ),
                granted_by=granted_by,
                consent_scopes=grant.scopes,
                sandbox=True,
                clock=self._clock,
            )
            about = (ids.encode("con", made.id),)
            await record_act(
                connection,
                org_id,
                "connections.create",
                about,
                firm_id=firm_id,
                connection_id=made.id,
                actor=actor,
            )
        return made


async def _asked(grant: Callable[[], Grant]) -> Grant:
    return await asyncio.to_thread(grant)
