"""What the tests of hosted connect share; imported by their modules, so that others do not start them."""

import secrets
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import httpx
import pytest
import redis

from service import embedded
from service.db.pool import Pool, open_pool
from service.demo.cast import prepare_cast
from service.sandbox import serve
from service.sandbox.grants import CLIENT_ID, CLIENT_SECRET
from service.server import serving
from service.settings import Secret, Settings
from tests.acceptance.conftest import Api, peppers_of, vault_of
from tests.conftest import Database, copied_database

from .hosted import RETURN_URL, Connecting, Vendors


@pytest.fixture(scope="module")
def vendors() -> Iterator[Vendors]:
    with ExitStack() as stack:
        yield Vendors(
            **{name: stack.enter_context(serve.running(name, clients=40)) for name in Vendors.__struct_fields__}
        )


@pytest.fixture(scope="module")
def database(servers: embedded.Servers, template_database: str) -> Iterator[Database]:
    with copied_database(servers, template_database) as database:
        yield database


@pytest.fixture(scope="module")
async def operator_pool(database: Database) -> AsyncIterator[Pool]:
    pool = await open_pool(database.owner_url, "tickmark_operator", max_size=4)
    yield pool
    await pool.close()


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
    return found


@pytest.fixture(scope="module")
def settings(database: Database, servers: embedded.Servers, vendors: Vendors, port: int) -> Settings:
    """A deployment that reaches the sandboxes as its vendors: connections have no address of their own."""
    with redis.Redis.from_url(servers.redis_url) as client:  # pyright: ignore[reportUnknownMemberType]
        client.flushall()  # pyright: ignore[reportUnknownMemberType]
    return Settings(
        database_url=database.owner_url,
        redis_url=servers.redis_url,
        key_peppers={1: Secret(secrets.token_bytes(32))},
        key_encryption_key=(Secret(secrets.token_bytes(32)),),
        cursor_key=Secret(secrets.token_bytes(32)),
        metrics_port=0,
        connect_url=f"http://127.0.0.1:{port}",
        live_keys_reach_sandboxes=True,
        quickbooks_client_id=CLIENT_ID,
        quickbooks_client_secret=Secret(CLIENT_SECRET.encode()),
        quickbooks_base_url=vendors.quickbooks.url,
        quickbooks_token_url=f"{vendors.quickbooks.url}/oauth2/v1/tokens/bearer",
        canopy_client_id=CLIENT_ID,
        canopy_client_secret=Secret(CLIENT_SECRET.encode()),
        canopy_base_url=vendors.canopy.url,
        canopy_public_client_id=CLIENT_ID,
        canopy_public_client_secret=Secret(CLIENT_SECRET.encode()),
        canopy_public_base_url=vendors.canopy_public.url,
        canopy_public_token_url=f"{vendors.canopy_public.url}/public/v3/token",
        sodium_base_url=vendors.sodium.url,
        taxdome_base_url=vendors.taxdome.url,
        ignition_client_id=CLIENT_ID,
        ignition_client_secret=Secret(CLIENT_SECRET.encode()),
        ignition_base_url=vendors.ignition.url,
        ignition_token_url=f"{vendors.ignition.url}/oauth2/token",
        smartvault_client_id=CLIENT_ID,
        smartvault_client_secret=Secret(CLIENT_SECRET.encode()),
        smartvault_base_url=vendors.smartvault.url,
        xpm_client_id=CLIENT_ID,
        xpm_client_secret=Secret(CLIENT_SECRET.encode()),
        xpm_base_url=vendors.xpm.url,
        xpm_token_url=f"{vendors.xpm.url}/connect/token",
        financial_cents_base_url=vendors.financial_cents.url,
        uku_client_id=CLIENT_ID,
        uku_client_secret=Secret(CLIENT_SECRET.encode()),
        uku_token_url=f"{vendors.uku.url}/oauth/token",
        uku_base_url=vendors.uku.url,
        senta_base_url=vendors.senta.url,
        karbon_base_url=vendors.karbon.url,
    )


@pytest.fixture(scope="module")
async def served(settings: Settings, port: int) -> AsyncIterator[str]:
    async with serving(settings, port) as url:
        yield url


@pytest.fixture
async def connecting(
    served: str, settings: Settings, operator_pool: Pool, vendors: Vendors
) -> AsyncIterator[Connecting]:
    """An organization with one firm, no connection yet, and one return URL."""
    for vendor in vendors.each():
        vendor.reset()
    async with operator_pool.acquire() as connection:
        cast = await prepare_cast(connection, peppers_of(settings), vault_of(settings), ())
    async with httpx.AsyncClient(base_url=served, timeout=60) as http:
        api = Api(http, cast)
        allowed = await api.patch("/v1/connect-settings", {"return_urls": [RETURN_URL]})
        assert allowed.status_code == 200, allowed.text
        yield Connecting(api, vendors, served)
