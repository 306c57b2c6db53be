"""The whole product over real HTTP: sandbox vendors, PostgreSQL, Valkey and the API on the production server."""

import secrets
import socket
from collections.abc import AsyncIterator, Iterator

import httpx
import msgspec
import pytest

from service import ids
from service.accounts.tokens import Peppers
from service.connections.vault import LocalKey, Vault
from service.connectors.registry import CONNECTORS
from service.connectors.sdk.connector import Connector
from service.db.pool import Pool
from service.demo.cast import Cast, prepare_cast
from service.sandbox import serve
from service.sandbox.serve import SandboxServer
from service.server import serving
from service.settings import Settings
from service.settings_forms import Secret
from tests.conftest import Database


class Api:
    """The API as a customer's app sees it."""

    def __init__(self, http: httpx.AsyncClient, cast: Cast) -> None:
        self.http = http
        self.cast = cast

    def headers(self, vendor: str | None = None, **more: str) -> dict[str, str]:
        """The headers of a call; with `vendor`, those that name its connection."""
        found = {"Authorization": f"Bearer {self.cast.key}", **more}
        if vendor is not None:
            found["Connection-Id"] = ids.encode("con", self.cast.connections[vendor])
        return found

    async def get(self, path: str, vendor: str | None = None, **more: str) -> httpx.Response:
        return await self.http.get(path, headers=self.headers(vendor, **more))

    async def post(self, path: str, body: object, vendor: str | None = None, **more: str) -> httpx.Response:
        return await self._send("POST", path, body, vendor, more)

    async def patch(self, path: str, body: object, **more: str) -> httpx.Response:
        return await self._send("PATCH", path, body, None, more)

    async def _send(
        self, method: str, path: str, body: object, vendor: str | None, more: dict[str, str]
    ) -> httpx.Response:
        headers = {"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(16)}
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return await self.http.request(method, path, content=content, headers=self.headers(vendor) | headers)


@pytest.fixture(scope="session")
def quickbooks_server() -> Iterator[SandboxServer]:
    with serve.running("quickbooks") as server:
        yield server


@pytest.fixture(scope="session")
def canopy_server() -> Iterator[SandboxServer]:
    with serve.running("canopy") as server:
        yield server


@pytest.fixture
def quickbooks(quickbooks_server: SandboxServer) -> SandboxServer:
    """The QuickBooks sandbox, at its start."""
    quickbooks_server.reset()
    quickbooks_server.limits(per_second=None, per_minute=None)
    return quickbooks_server


@pytest.fixture
def canopy(canopy_server: SandboxServer) -> SandboxServer:
    """The Canopy sandbox, at its start."""
    canopy_server.reset()
    canopy_server.limits(per_minute=None)
    return canopy_server


@pytest.fixture
def settings(database: Database, redis_url: str) -> Settings:
    return Settings(
        database_url=database.owner_url,
        redis_url=redis_url,
        key_peppers={1: Secret(secrets.token_bytes(32))},
        key_encryption_key=(Secret(secrets.token_bytes(32)),),
        cursor_key=Secret(secrets.token_bytes(32)),
        metrics_port=0,
        live_keys_reach_sandboxes=True,
        quickbooks_client_id="sandbox-app",
        quickbooks_client_secret=Secret(b"sandbox-app-secret"),
        canopy_client_id="sandbox-app",
        canopy_client_secret=Secret(b"sandbox-app-secret"),
    )


@pytest.fixture
async def cast(settings: Settings, operator_pool: Pool, quickbooks: SandboxServer, canopy: SandboxServer) -> Cast:
    """A customer with one firm that is linked to both sandboxes."""
    peppers = Peppers({version: secret.value for version, secret in settings.key_peppers.items()})
    vault = Vault(*(LocalKey(key.value) for key in settings.key_encryption_key))
    async with operator_pool.acquire() as connection:
        return await prepare_cast(connection, peppers, vault, (quickbooks, canopy))


@pytest.fixture
def connectors() -> tuple[Connector, ...]:
    return CONNECTORS


@pytest.fixture
async def api(settings: Settings, cast: Cast, connectors: tuple[Connector, ...]) -> AsyncIterator[Api]:
    """The API, served, and a customer's app that calls it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    async with serving(settings, port, connectors) as url, httpx.AsyncClient(base_url=url, timeout=60) as http:
        yield Api(http, cast)
