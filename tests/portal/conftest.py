"""The portal in a real browser: PostgreSQL, Valkey, sandbox vendors and the API on the production server."""

import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, TypeAlias

import pytest
import redis
from playwright.async_api import Browser, BrowserContext

from service import embedded
from service.sandbox import serve
from service.sandbox.grants import CLIENT_ID, CLIENT_SECRET
from service.sandbox.serve import SandboxServer
from service.server import serving
from service.settings import Secret, Settings
from tests.conftest import Database, copied_database
from tests.portal.browser import running_browser
from tests.portal.person import Person

People: TypeAlias = Callable[..., Awaitable[Person]]
"""Opens a browser of its own for somebody who has signed up; options are those of a Playwright context."""


@pytest.fixture(scope="session")
def quickbooks() -> Iterator[SandboxServer]:
    with serve.running("quickbooks") as server:
        yield server


@pytest.fixture(scope="session")
def canopy() -> Iterator[SandboxServer]:
    with serve.running("canopy") as server:
        yield server


@pytest.fixture(scope="module")
def database(servers: embedded.Servers, template_database: str) -> Iterator[Database]:
    """A database of this module alone."""
    with copied_database(servers, template_database) as database:
        yield database


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
    return found


@pytest.fixture(scope="module")
def settings(
    database: Database, servers: embedded.Servers, quickbooks: SandboxServer, canopy: SandboxServer, port: int
) -> Settings:
    """As a demonstration sets it up: sandboxes stand where vendors would."""
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
        quickbooks_base_url=quickbooks.url,
        quickbooks_token_url=quickbooks.grant().token_url,
        canopy_client_id=CLIENT_ID,
        canopy_client_secret=Secret(CLIENT_SECRET.encode()),
        canopy_base_url=canopy.url,
        canopy_token_url=canopy.grant().token_url,
    )


@pytest.fixture(scope="module")
async def site(settings: Settings, port: int) -> AsyncIterator[str]:
    """The address of the portal and the API."""
    async with serving(settings, port) as url:
        yield url


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests of this process; everybody in it keeps cookies of their own."""
    async with running_browser() as started:
        yield started


@pytest.fixture
async def people(browser: Browser, site: str) -> AsyncIterator[People]:
    """Makes people; their browsers are closed at the end of the test."""
    contexts: list[BrowserContext] = []

    async def make(organization: str = "Ledgerline Apps", *, sign_up: bool = True, **options: Any) -> Person:
        given: dict[str, Any] = {"base_url": site, "locale": "en-US", "timezone_id": "UTC", **options}
        context = await browser.new_context(**given)
        context.set_default_timeout(8000)
        contexts.append(context)
        person = Person(await context.new_page(), f"{secrets.token_hex(4)}@ledgerline.example", organization)
        if sign_up:
            await person.arrive()
        return person

    yield make
    for context in contexts:
        await context.close()
