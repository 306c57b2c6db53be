"""The served product with every sandbox vendor, and with limits that a fuzzer does not reach."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import replace

import msgspec
import pytest

from service.accounts.scopes import SCOPES
from service.connectors.registry import CONNECTORS
from service.connectors.sdk.budget import BudgetSpec, Limit
from service.db.pool import Pool
from service.sandbox import serve
from service.sandbox.serve import SandboxServer
from service.settings import Settings
from tests.acceptance.conftest import Api, client_of, customers_of, database, operator_pool, redis_url, settings_of
from tests.conftest import Database

__all__ = ["database", "operator_pool", "redis_url"]


@pytest.fixture
def sandboxes() -> Iterator[tuple[SandboxServer, ...]]:
    with ExitStack() as stack:
        servers = tuple(stack.enter_context(serve.running(connector.slug)) for connector in CONNECTORS)
        for server in servers:
            server.limits(**dict.fromkeys(server.limits(), None))
        yield servers


@pytest.fixture
def roomy(database: Database, redis_url: str) -> Settings:
    return msgspec.structs.replace(
        settings_of(database.owner_url, redis_url),
        key_calls_per_second=100_000,
        key_calls_per_minute=1_000_000,
        unknown_keys_per_minute=1_000_000,
    )


@pytest.fixture
async def api(roomy: Settings, operator_pool: Pool, sandboxes: tuple[SandboxServer, ...]) -> AsyncIterator[Api]:
    """One customer, linked to every vendor."""
    budget = BudgetSpec(limits=(Limit(1_000_000, 1.0),))
    connectors = tuple(replace(connector, budget=budget) for connector in CONNECTORS)
    async with client_of(roomy, connectors=connectors) as http:
        yield await customers_of(http, roomy, operator_pool, *sandboxes)(scopes=SCOPES)
