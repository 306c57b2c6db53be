"""An organization with a firm and a connection to a sandbox, a receiver, and a worker whose clock the test moves."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from service import ids
from service.accounts.organizations import create_firm, create_organization
from service.accounts.tokens import Mode
from service.audit.personal import PersonalKeys
from service.connections.credentials import Credentials
from service.connections.link import create_connection
from service.connections.store import Account, State, mark_connection_state
from service.connections.vault import LocalKey, Vault
from service.db.pool import Pool, as_organization
from service.events.delivery import Deliverer, Disabled
from service.events.endpoints import create_endpoint
from service.events.secrets import Webhooks
from service.events.sending import Sender
from service.events.store import Endpoint
from tests.events.receiver import Receiver, receiving

API_VERSION = date(2026, 11, 20)
Make = Callable[..., Awaitable[tuple[Endpoint, str]]]


class Stage(msgspec.Struct):
    """What a test works with."""

    org: UUID
    connection: UUID
    app_pool: Pool
    operator_pool: Pool
    vault: Vault
    hooks: Webhooks
    at: datetime
    changes: int = 0
    told: list[Disabled] = msgspec.field(default_factory=list[Disabled])

    def clock(self) -> datetime:
        return self.at

    def later(self, **time: float) -> None:
        self.at += timedelta(**time)

    def worker(self, sender: Sender) -> Deliverer:
        async def tell(disabled: Disabled) -> None:
            self.told.append(disabled)

        return Deliverer(self.operator_pool, self.vault, sender, tell, self.clock)

    async def happens(self, times: int = 1) -> None:
        """The connection changes its state, which is an event; each in a transaction of its own."""
        for _ in range(times):
            self.changes += 1
            async with as_organization(self.app_pool, self.org) as connection:
                reason = f"Morgan Vale said so, {self.changes}"
                await mark_connection_state(connection, self.org, self.connection, State.DEGRADED, reason, self.at)

    async def rows(self, sql: str) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.operator_pool.fetch(sql)]


@pytest.fixture
async def stage(operator_pool: Pool, app_pool: Pool) -> Stage:
    vault = Vault(LocalKey(b"k" * 32))
    async with operator_pool.acquire() as connection:
        org = await create_organization(connection, "Ledgerline Apps")
        firm = await create_firm(connection, org.id, "Birch & Vale")
        link = await create_connection(
            connection,
            vault,
            org_id=org.id,
            firm_id=firm.id,
            vendor="quickbooks",
            accounts=[Account(0, "9130350000000007", "Birch & Vale", "USD")],
            credentials=Credentials(access_token="a", refresh_token="r"),
            granted_by="Morgan Vale, partner",
            consent_scopes=(),
            sandbox=True,
        )
    found = Stage(
        org=org.id,
        connection=link.id,
        app_pool=app_pool,
        operator_pool=operator_pool,
        vault=vault,
        hooks=Webhooks(app_pool, vault, PersonalKeys(app_pool, vault), loopback=True),
        at=datetime.now(UTC) + timedelta(seconds=5),
    )
    found.hooks = msgspec.structs.replace(found.hooks, clock=found.clock)
    return found


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as found:
        yield found


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    async with Sender(loopback=True, timeout_s=5.0) as found:
        yield found


@pytest.fixture
def make(stage: Stage, receiver: Receiver) -> Make:
    """Makes an endpoint at the receiver, and gives its secret."""

    async def endpoint(**options: Any) -> tuple[Endpoint, str]:
        wanted: dict[str, Any] = {
            "url": receiver.url,
            "description": "",
            "event_types": None,
            "mode": Mode.TEST,
            "api_version": API_VERSION,
            "actor": None,
        }
        return await create_endpoint(stage.hooks, stage.org, **(wanted | options))

    return endpoint


def con(stage: Stage) -> str:
    return ids.encode("con", stage.connection)
