"""Opens what the portal needs: a pool of its own, so that no page ever takes a connection from the API."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_network

from redis.asyncio import Redis

from billing import PUBLIC_PLAN, load_price_book
from service.accounts.mailed_links import MailedLinks
from service.accounts.passwords import Passwords
from service.accounts.second_factor import SecondFactors
from service.accounts.tokens import Peppers
from service.api.asgi import App, Message, Receive, Scope, Send
from service.api.call import PROBLEM_JSON
from service.audit.personal import PersonalKeys
from service.audit.signing import signer_of
from service.connections.hosted.opening import connect_url
from service.connections.linking import Linking
from service.connections.open import Connections
from service.connections.refresh import CredentialKeeper
from service.connections.setups import vendor_setups
from service.connections.vault import LocalKey, Vault
from service.connections.vendors import Vendors
from service.connectors.sdk.connector import Connector
from service.connectors.transport import HttpTransport
from service.db.pool import open_pool
from service.events.secrets import Webhooks
from service.portal.assets import Assets
from service.portal.challenges import Challenges
from service.portal.late_mail import LateMail
from service.portal.mail import Outbox, SmtpMailer
from service.portal.openid import OpenId
from service.portal.parts import Parts
from service.portal.portal import make_portal
from service.portal.reference import Reference
from service.portal.route import Portal
from service.portal.sandboxes import Sandbox, Sandboxes
from service.portal.templates import Templates
from service.portal.terms import Terms
from service.portal.throttle import Throttle
from service.settings import Settings
from service.usage.rail import rail_of
from service.usage.seller import seller_of
from service.usage.standing import Standings

_POOL_SIZE = 6
_API_PREFIX = "/v1/"


class Front:
    """The API and the portal under one roof; a call of the API passes with one look at its path."""

    def __init__(self, api: App, portal: Portal) -> None:
        self._api = api
        self._portal = portal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_API_PREFIX):
            await self._api(scope, receive, send)
        elif self._portal.serves(scope["path"]):
            await self._portal(scope, receive, send)
        elif scope["method"] == "GET" and _is_browser(scope):
            await self._show(scope, receive, send)
        else:
            await self._api(scope, receive, send)

    async def _show(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A person who went astray gets a page; what the API has at other paths goes out as it is."""
        astray = False

        async def pass_on(message: Message) -> None:
            nonlocal astray
            if message["type"] == "http.response.start":
                astray = message["status"] == 404 and (b"content-type", PROBLEM_JSON) in message["headers"]
            if not astray:
                await send(message)

        await self._api(scope, receive, pass_on)
        if astray:
            await self._portal(scope, receive, send)


def _is_browser(scope: Scope) -> bool:
    return any(name == b"accept" and value.startswith(b"text/html") for name, value in scope["headers"])


@asynccontextmanager
async def opened_front(
    settings: Settings,
    api: App,
    connectors: tuple[Connector, ...],
    contract: Callable[[], bytes],
    key_for: Callable[[str], bytes],
) -> AsyncGenerator[App]:
    """The API with the portal beside it, for the length of the block. `key_for` gives a key for each purpose."""
    async with AsyncExitStack() as stack:
        pool = await open_pool(settings.database_url, "tickmark_app", max_size=_POOL_SIZE)
        stack.push_async_callback(pool.close)
        redis = Redis.from_url(settings.redis_url)  # pyright: ignore[reportUnknownMemberType]
        stack.push_async_callback(redis.aclose)
        mailer = SmtpMailer(settings.smtp_url, settings.mail_sender) if settings.smtp_url else Outbox(redis)
        late_mail = LateMail(redis, mailer, MailedLinks(key_for("late mail")))
        transport = await stack.enter_async_context(HttpTransport())
        vault = Vault(*(LocalKey(key.value) for key in settings.key_encryption_key))
        assets = Assets()
        prices = load_price_book()
        parts = Parts(
            pool=pool,
            redis=redis,
            prices=prices,
            peppers=Peppers({version: secret.value for version, secret in settings.key_peppers.items()}),
            connectors=connectors,
            api=api,
            sandboxes=await _sandboxes(settings, stack),
            linking=Linking(
                pool,
                vault,
                Vendors(transport, connectors, vendor_setups(settings), settings.region),
                Connections(pool),
                CredentialKeeper(pool, vault),
                connect_url(settings),
            ),
            webhooks=Webhooks(pool, vault, PersonalKeys(pool, vault), loopback=settings.webhooks_to_loopback),
            signer=signer_of(settings),
            standings=Standings(pool, connectors),
            reference=Reference(contract, Terms(prices.find(*PUBLIC_PLAN), settings)),
            passwords=Passwords(),
            factors=SecondFactors(key_for("second factors")),
            links=MailedLinks(key_for("mailed links")),
            mailer=mailer,
            late_mail=late_mail,
            throttle=Throttle(redis),
            challenges=Challenges(redis),
            openid=OpenId(settings.openid_issuers, await stack.enter_async_context(HttpTransport())),
            templates=Templates(assets.path),
            assets=assets,
            cookie_key=key_for("portal cookies"),
            seller=seller_of(settings),
            rail=rail_of(settings),
            audit_key=signer_of(settings).public_key,
            public_url=settings.portal_url.rstrip("/") if settings.portal_url else None,
        )
        portal = make_portal(parts, tuple(ip_network(network) for network in settings.trusted_proxies))
        await stack.enter_async_context(portal.litestar.lifespan())
        stack.callback(asyncio.create_task(late_mail.run(), name="late mail").cancel)
        yield Front(api, portal)


async def _sandboxes(settings: Settings, stack: AsyncExitStack) -> Sandboxes:
    """The embedded sandboxes, on a demonstration alone: connecting one acts as an operator."""
    vault = Vault(*(LocalKey(key.value) for key in settings.key_encryption_key))
    if not settings.live_keys_reach_sandboxes:
        return Sandboxes({}, None, vault)
    from service.sandbox.serve import SandboxServer  # never loaded where real vendors are

    addresses = {"quickbooks": settings.quickbooks_base_url, "canopy": settings.canopy_base_url}
    servers: dict[str, Sandbox] = {
        vendor: SandboxServer(vendor, address) for vendor, address in addresses.items() if address
    }
    operators = await open_pool(settings.database_url, "tickmark_operator", max_size=2)
    stack.push_async_callback(operators.close)
    return Sandboxes(servers, operators, vault)
