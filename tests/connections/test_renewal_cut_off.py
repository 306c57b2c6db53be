"""A process killed between the vendor's answer and our commit: survived where the vendor answers again, else named."""

import asyncio
import base64
import multiprocessing
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from service.connections.credentials import Credentials, insert_credentials
from service.connections.errors import ConnectionNeedsAttentionError
from service.connections.open import OpenConnection
from service.connections.refresh import CredentialKeeper
from service.connections.store import Account, State
from service.connections.vault import LocalKey, Vault
from service.connections.vendors import Door, Vendors, VendorSetup
from service.connectors.registry import CONNECTORS
from service.connectors.sdk.auth import AppCredentials, TokenReply
from service.connectors.sdk.faults import TimedOut, Unavailable
from service.connectors.transport import HttpTransport
from service.db.pool import Pool, open_pool
from service.sandbox import serve
from service.sandbox.grants import CLIENT_ID, CLIENT_SECRET
from service.sandbox.serve import SandboxServer
from tests.conftest import Database

from .conftest import Linked

pytestmark = pytest.mark.anyio
KEY = base64.b64encode(b"k" * 32).decode()


@pytest.fixture(scope="module")
def vendor() -> Iterator[SandboxServer]:
    with serve.running("quickbooks", clients=5) as server:
        yield server


@pytest.fixture
async def opened(operator_pool: Pool, linked: Linked, vendor: SandboxServer) -> OpenConnection:
    """A connection whose access has ended, with a refresh token that works once."""
    grant = vendor.grant()
    held = Credentials(
        access_token=grant.access_token, refresh_token=grant.refresh_token, expires_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    record = linked.record
    async with operator_pool.acquire() as connection:
        await insert_credentials(
            connection, linked.vault, record.org_id, record.firm_id, record.id, held, datetime.now(UTC)
        )
    return OpenConnection(
        org_id=record.org_id,
        firm_id=record.firm_id,
        id=record.id,
        vendor="quickbooks",
        sandbox=True,
        base_url=vendor.url,
        accounts=(Account(0, grant.account, "Alder & Birch", "USD"),),
    )


def door_of(transport: HttpTransport, opened: OpenConnection) -> tuple[Vendors, Door]:
    vendors = Vendors(transport, CONNECTORS, {"quickbooks": VendorSetup(AppCredentials(CLIENT_ID, CLIENT_SECRET))})
    door = vendors.door("quickbooks", sandbox=True, base_url=opened.base_url)
    assert door is not None
    return vendors, door


async def _renew_and_die(database_url: str, opened: OpenConnection) -> None:
    async with await open_pool(database_url, "tickmark_app") as pool, HttpTransport() as transport:
        vendors, door = door_of(transport, opened)

        async def exchange(stored: Credentials) -> TokenReply:
            await vendors.renew(door, stored)
            os.kill(os.getpid(), signal.SIGKILL)
            raise AssertionError("dead")

        await CredentialKeeper(pool, Vault(LocalKey.from_base64(KEY))).fresh_credentials(opened, exchange)


def renew_and_die(database_url: str, opened: bytes) -> None:
    asyncio.run(_renew_and_die(database_url, msgspec.msgpack.decode(opened, type=OpenConnection)))


async def killed_while_renewing(database: Database, opened: OpenConnection) -> None:
    context: Any = multiprocessing.get_context("spawn")
    child = context.Process(target=renew_and_die, args=(database.owner_url, msgspec.msgpack.encode(opened)))
    child.start()
    await asyncio.to_thread(child.join, 60)
    assert child.exitcode == -signal.SIGKILL


async def test_lost_answer_of_a_vendor_that_gives_no_second_one_ends_in_a_named_state(
    database: Database,
    app_pool: Pool,
    operator_pool: Pool,
    linked: Linked,
    opened: OpenConnection,
    vendor: SandboxServer,
) -> None:
    vendor.reset()
    await killed_while_renewing(database, opened)
    async with HttpTransport() as transport:
        vendors, door = door_of(transport, opened)
        keeper = CredentialKeeper(app_pool, linked.vault)

        with pytest.raises(ConnectionNeedsAttentionError):
            await keeper.fresh_credentials(opened, lambda stored: vendors.renew(door, stored))

    standing = await operator_pool.fetchrow("SELECT state, state_reason FROM connections")
    assert standing is not None
    state, reason = standing
    assert vendor.stats()["token_refreshes"] == 1
    assert state == State.NEEDS_ATTENTION
    assert "cut off after the vendor had answered" in reason
    assert await operator_pool.fetchval("SELECT count(*) FROM connection_events WHERE kind = 'renewal_refused'") == 1


async def test_lost_answer_is_asked_for_again_where_the_vendor_allows_it(
    database: Database, app_pool: Pool, operator_pool: Pool, linked: Linked, opened: OpenConnection
) -> None:
    await killed_while_renewing(database, opened)

    async def replays(stored: Credentials) -> TokenReply:
        return TokenReply(access_token="again", expires_in_s=3600, refresh_token=stored.refresh_token)

    found = await CredentialKeeper(app_pool, linked.vault).fresh_credentials(opened, replays)

    assert found.access_token == "again"
    assert await operator_pool.fetchval("SELECT state FROM connections") == State.HEALTHY
    assert await operator_pool.fetchval("SELECT renewing_since FROM connection_secrets") is None


@pytest.mark.parametrize(("fault", "stays"), [(Unavailable("down", status=503), False), (TimedOut("silence"), True)])
async def test_vendor_that_fails_leaves_no_suspicion_and_one_that_falls_silent_does(
    app_pool: Pool, operator_pool: Pool, linked: Linked, opened: OpenConnection, fault: Unavailable, stays: bool
) -> None:
    async def fails(_: Credentials) -> TokenReply:
        raise fault

    with pytest.raises(Unavailable):
        await CredentialKeeper(app_pool, linked.vault).fresh_credentials(opened, fails)

    assert (await operator_pool.fetchval("SELECT renewing_since FROM connection_secrets") is not None) == stays
    kinds = await operator_pool.fetch("SELECT kind FROM connection_events ORDER BY seq DESC")
    assert kinds[0]["kind"] == "vendor_error"


async def test_renewing_ahead_leaves_good_tokens_to_others_alone(
    app_pool: Pool, operator_pool: Pool, linked: Linked, opened: OpenConnection
) -> None:
    asked: list[str] = []
    at = datetime.now(UTC)
    held = Credentials(access_token="good", refresh_token="r", expires_at=at + timedelta(minutes=8))
    async with operator_pool.acquire() as connection:
        await insert_credentials(connection, linked.vault, opened.org_id, opened.firm_id, opened.id, held, at)

    async def exchange(stored: Credentials) -> TokenReply:
        asked.append(stored.access_token)
        return TokenReply(access_token="newer", expires_in_s=3600)

    keeper = CredentialKeeper(app_pool, linked.vault)
    on_demand = await keeper.fresh_credentials(replace(opened), exchange)
    ahead = await keeper.fresh_credentials(opened, exchange, ahead=timedelta(minutes=9))

    assert (on_demand.access_token, ahead.access_token, asked) == ("good", "newer", ["good"])
