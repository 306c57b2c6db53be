"""The whole product over real HTTP: sandbox vendors, PostgreSQL, Valkey and the API on the production server.

One API, database and pair of sandboxes serve all tests of a module; each test has its own organization with new
connections, and sandboxes at their start.
"""

import secrets
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import httpx
import msgspec
import pytest
import redis
from msgspec.structs import replace

from service import embedded, ids
from service.accounts.keys import mint_key
from service.accounts.tokens import Mode, Peppers
from service.connections.vault import LocalKey, Vault
from service.db.pool import Pool, open_pool
from service.demo.cast import API_VERSION, Cast, prepare_cast
from service.sandbox import serve
from service.sandbox.grants import CLIENT_ID, CLIENT_SECRET
from service.sandbox.serve import SandboxServer
from service.server import serving
from service.settings import Secret, Settings
from tests.conftest import Database, copied_database


class Api:
    """The API as a customer's app sees it."""

    def __init__(self, http: httpx.AsyncClient, cast: Cast) -> None:
        self.http = http
        self.cast = cast

    def headers(self, vendor: str | None = None, **more: str) -> dict[str, str]:
        """The headers of a call; with `vendor`, those that name its connection."""
        found = {"Authorization": f"Bearer {self.cast.key}"}
        if vendor is not None:
            found["Connection-Id"] = self.connection(vendor)
        return found | {name.replace("_", "-"): value for name, value in more.items()}

    def connection(self, vendor: str) -> str:
        return ids.encode("con", self.cast.connections[vendor])

    async def get(self, path: str, vendor: str | None = None, **more: str) -> httpx.Response:
        return await self.http.get(path, headers=self.headers(vendor, **more))

    async def post(self, path: str, body: object, vendor: str | None = None, **more: str) -> httpx.Response:
        return await self._send("POST", path, body, vendor, more)

    async def patch(self, path: str, body: object, **more: str) -> httpx.Response:
        return await self._send("PATCH", path, body, None, more)

    async def first(self, path: str, vendor: str) -> dict[str, Any]:
        """The first record of a list."""
        answer = await self.get(path, vendor)
        assert answer.status_code == 200, answer.text
        record: dict[str, Any] = answer.json()["data"][0]
        return record

    async def receipt(self, answer: httpx.Response) -> dict[str, Any]:
        """The receipt of an answered call."""
        found = await self.get(f"/v1/usage/{answer.headers['request-id']}")
        assert found.status_code == 200, found.text
        receipt: dict[str, Any] = found.json()
        return receipt

    async def _send(
        self, method: str, path: str, body: object, vendor: str | None, more: dict[str, str]
    ) -> httpx.Response:
        headers = {"Content-Type": "application/json", "Idempotency-Key": secrets.token_hex(16)}
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return await self.http.request(method, path, content=content, headers=self.headers(vendor) | headers)


Customers: TypeAlias = Callable[..., Awaitable[Api]]
"""Signs up an organization of its own; the options are those of `prepare_cast`."""
Keys: TypeAlias = Callable[..., Awaitable[Api]]
"""Mints another key of a customer, and gives its API with it; the options are those of `mint_key`."""


def problem_of(answer: httpx.Response) -> str:
    """The code of a problem, after checking all that every problem must have."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    found: dict[str, Any] = answer.json()
    assert found["status"] == answer.status_code
    assert found["request_id"] == answer.headers["request-id"]
    assert answer.headers["usage-billable"] == "?0"
    assert answer.headers["usage-units"] == "0"
    code: str = found["code"]
    return code


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


@pytest.fixture(scope="module")
def database(servers: embedded.Servers, template_database: str) -> Iterator[Database]:
    """A database of this module alone."""
    with copied_database(servers, template_database) as database:
        yield database


@pytest.fixture(scope="module")
async def operator_pool(database: Database) -> AsyncIterator[Pool]:
    """What the worker and the command line use: sees every organization."""
    pool = await open_pool(database.owner_url, "tickmark_operator", max_size=3)
    yield pool
    await pool.close()


@pytest.fixture(scope="module")
def redis_url(servers: embedded.Servers) -> str:
    """The Valkey, emptied."""
    with redis.Redis.from_url(servers.redis_url) as client:  # pyright: ignore[reportUnknownMemberType]
        client.flushall()  # pyright: ignore[reportUnknownMemberType]
    return servers.redis_url


@pytest.fixture(scope="module")
def settings(database: Database, redis_url: str) -> Settings:
    return settings_of(database.owner_url, redis_url)


def settings_of(database_url: str, redis_url: str) -> Settings:
    """Settings as an operator would make them, with the sandboxes as vendors."""
    return Settings(
        database_url=database_url,
        redis_url=redis_url,
        key_peppers={1: Secret(secrets.token_bytes(32))},
        key_encryption_key=(Secret(secrets.token_bytes(32)),),
        cursor_key=Secret(secrets.token_bytes(32)),
        metrics_port=0,
        live_keys_reach_sandboxes=True,
        quickbooks_client_id=CLIENT_ID,
        quickbooks_client_secret=Secret(CLIENT_SECRET.encode()),
        canopy_client_id=CLIENT_ID,
        canopy_client_secret=Secret(CLIENT_SECRET.encode()),
    )


@asynccontextmanager
async def client_of(settings: Settings, **options: Any) -> AsyncGenerator[httpx.AsyncClient]:
    """The API, served for the length of the block, and an HTTP client that knows its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    async with serving(settings, port, **options) as url, httpx.AsyncClient(base_url=url, timeout=60) as http:
        yield http


@pytest.fixture(scope="module")
async def http(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the API, which is served on the production server."""
    async with client_of(settings) as client:
        yield client


@pytest.fixture
def customers(
    http: httpx.AsyncClient,
    settings: Settings,
    operator_pool: Pool,
    quickbooks: SandboxServer,
    canopy: SandboxServer,
) -> Customers:
    return customers_of(http, settings, operator_pool, quickbooks, canopy)


def customers_of(
    http: httpx.AsyncClient, settings: Settings, operator_pool: Pool, *sandboxes: SandboxServer
) -> Customers:
    """Signs up organizations, each with one firm that is linked to the sandboxes and a key for everything."""

    async def sign_up(**options: Any) -> Api:
        async with operator_pool.acquire() as connection:
            cast = await prepare_cast(connection, peppers_of(settings), vault_of(settings), sandboxes, **options)
        return Api(http, cast)

    return sign_up


@pytest.fixture
def keys(settings: Settings, operator_pool: Pool) -> Keys:
    return keys_of(settings, operator_pool)


def keys_of(settings: Settings, operator_pool: Pool) -> Keys:
    async def mint(api: Api, **options: Any) -> Api:
        chosen: dict[str, Any] = {"mode": Mode.LIVE, "scopes": ("*:*",), "api_version": API_VERSION, **options}
        async with operator_pool.acquire() as connection:
            _, token = await mint_key(
                connection, peppers_of(settings), org_id=api.cast.org_id, name="another", **chosen
            )
        return Api(api.http, replace(api.cast, key=token))

    return mint


@pytest.fixture
async def api(customers: Customers) -> Api:
    """A customer's app: one firm, linked to both sandboxes, and a live key that may do everything."""
    return await customers()


def peppers_of(settings: Settings) -> Peppers:
    return Peppers({version: secret.value for version, secret in settings.key_peppers.items()})


def vault_of(settings: Settings) -> Vault:
    return Vault(*(LocalKey(key.value) for key in settings.key_encryption_key))
