"""What connections need done regularly: renewals ahead, ends announced, vendors watched, abandoned pages emptied."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from redis.asyncio import Redis

from service.connections.hosted.opening import connect_url
from service.connections.jobs import Care
from service.connections.linking import Linking
from service.connections.open import Connections
from service.connections.refresh import CredentialKeeper
from service.connections.setups import vendor_setups
from service.connections.vault import LocalKey, Vault
from service.connections.vendors import Vendors
from service.connectors.budgets import RedisBudgetKeeper
from service.connectors.registry import CONNECTORS
from service.connectors.sdk.engine import Engine
from service.connectors.transport import HttpTransport
from service.consent.ledger import ConsentLedger
from service.db.pool import open_pool
from service.settings import Settings

_POOL_SIZE: Final = 10


@asynccontextmanager
async def opened_care(settings: Settings) -> AsyncGenerator[Care]:
    """The care of connections, with pools and a way out of its own, for the length of the block."""
    async with AsyncExitStack() as stack:
        pool = await open_pool(settings.database_url, "tickmark_operator", min_size=0, max_size=_POOL_SIZE)
        stack.push_async_callback(pool.close)
        redis = Redis.from_url(settings.redis_url)  # pyright: ignore[reportUnknownMemberType]
        stack.push_async_callback(redis.aclose)
        transport = await stack.enter_async_context(HttpTransport())
        vault = Vault(*(LocalKey(key.value) for key in settings.key_encryption_key))
        credentials = CredentialKeeper(pool, vault)
        stack.push_async_callback(credentials.close)
        linking = Linking(
            pool,
            vault,
            Vendors(transport, CONNECTORS, vendor_setups(settings), settings.region),
            Connections(pool),
            credentials,
            connect_url(settings),
        )
        engine = Engine(transport, RedisBudgetKeeper(redis, processes=settings.workers))
        yield Care(linking, engine, ConsentLedger(pool))
