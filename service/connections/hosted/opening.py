"""Opens what the connect pages need: a pool of their own, so that no page ever takes a connection from the API."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, cast

from service.api.asgi import App, Receive, Scope, Send
from service.connections.hosted.routes import connect_app
from service.connections.linking import Linking
from service.connections.open import Connections
from service.connections.refresh import CredentialKeeper
from service.connections.vault import LocalKey, Vault
from service.connections.vendors import Vendors, VendorSetup
from service.connectors.sdk.connector import Connector
from service.connectors.transport import HttpTransport
from service.db.pool import open_pool
from service.settings import Settings

_POOL_SIZE: Final = 4
_PREFIX: Final = "/connect/"


@asynccontextmanager
async def opened_connect(
    settings: Settings, api: App, connectors: tuple[Connector, ...], setups: Mapping[str, VendorSetup]
) -> AsyncGenerator[App]:
    """The API with the connect pages beside it, for the length of the block."""
    async with AsyncExitStack() as stack:
        pool = await open_pool(settings.database_url, "tickmark_app", max_size=_POOL_SIZE)
        stack.push_async_callback(pool.close)
        transport = await stack.enter_async_context(HttpTransport())
        vault = Vault(*(LocalKey(key.value) for key in settings.key_encryption_key))
        linking = Linking(
            pool,
            vault,
            Vendors(transport, connectors, setups, settings.region),
            Connections(pool),
            CredentialKeeper(pool, vault),
            connect_url(settings),
        )
        pages = connect_app(linking)
        await stack.enter_async_context(pages.lifespan())

        async def front(scope: Scope, receive: Receive, send: Send) -> None:
            is_page = scope["type"] == "http" and scope["path"].startswith(_PREFIX)
            await (cast(App, pages) if is_page else api)(scope, receive, send)

        yield front


def connect_url(settings: Settings) -> str:
    """Where people reach this deployment's pages."""
    return (settings.connect_url or settings.portal_url or f"http://{settings.host}:{settings.port}").rstrip("/")
