"""The served product with every sandbox vendor and a payment rail, and a customer who has one of everything."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import msgspec
import pytest

from service.accounts.scopes import SCOPES
from service.all_operations import contract
from service.connectors.registry import CONNECTORS
from service.connectors.sdk.budget import BudgetSpec, Limit
from service.db.pool import Pool
from service.demo.cast import prepare_cast
from service.jobs.connections import opened_care
from service.samples.requests import SampleRequests
from service.server import serving
from service.settings import Secret, Settings
from tests.acceptance.conftest import Api, peppers_of, vault_of
from tests.acceptance.giving import let_keys_give
from tests.billing.stripe.fake import KEY, SECRET, serving_stripe
from tests.connections.hosted import Vendors
from tests.connections.hosted_fixtures import database, operator_pool, port, settings, vendors

from .world import World

__all__ = ["database", "operator_pool", "port", "settings", "vendors"]


@pytest.fixture(scope="session")
def requests() -> SampleRequests:
    """The request of every operation."""
    return SampleRequests(msgspec.json.decode(contract()))


@pytest.fixture(scope="module")
async def world(
    settings: Settings, port: int, operator_pool: Pool, vendors: Vendors, requests: SampleRequests
) -> AsyncIterator[World]:
    """Limits of ours and of the vendors stand far off: a reader runs one sample, not all within a minute."""
    for server in vendors.each():
        server.limits(**{name: None for name in server.limits() if name.startswith("per_")})
    budget = BudgetSpec(limits=(Limit(1_000_000, 1.0),))
    connectors = tuple(replace(connector, budget=budget) for connector in CONNECTORS)
    with serving_stripe() as (_, stripe_url):
        roomy = msgspec.structs.replace(
            settings,
            key_calls_per_second=100_000,
            key_calls_per_minute=1_000_000,
            unknown_keys_per_minute=20,
            stripe_secret_key=Secret(KEY.encode()),
            stripe_webhook_secrets=(Secret(SECRET),),
            stripe_base_url=stripe_url,
        )
        async with (
            serving(roomy, port, connectors) as url,
            httpx.AsyncClient(base_url=url, timeout=60) as http,
            opened_care(roomy) as care,
        ):
            async with operator_pool.acquire() as connection:
                cast = await prepare_cast(
                    connection, peppers_of(roomy), vault_of(roomy), vendors.each(), addressed=False, scopes=SCOPES
                )
            await let_keys_give(operator_pool, cast.org_id)
            yield World(Api(http, cast), roomy, operator_pool, care, vendors, requests)
