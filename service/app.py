"""Wires the parts together. The only place that knows them all."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from ipaddress import ip_network
from typing import Final

from msgspec import Struct
from redis.asyncio import Redis

from billing import Caps, UsageLedger, load_price_book
from service import telemetry
from service.accounts.authenticate import KeyRing
from service.accounts.tokens import Peppers
from service.all_operations import Parts, operations
from service.api.edge import Edge
from service.api.limits import Limits, Policy
from service.api.pagination import Cursors
from service.api.routing import Routing
from service.audit import calls as audit_calls
from service.audit.personal import PersonalKeys
from service.audit.signing import signer_of
from service.clock import Clock, now
from service.connections.hosted.opening import connect_url
from service.connections.linking import Linking
from service.connections.open import Connections
from service.connections.refresh import CredentialKeeper
from service.connections.setups import vendor_setups
from service.connections.vault import LocalKey, Vault
from service.connections.vendors import Vendors
from service.connectors.budgets import RedisBudgetKeeper
from service.connectors.registry import CONNECTORS
from service.connectors.sdk.budget import Limit
from service.connectors.sdk.connector import Connector
from service.connectors.sdk.engine import Engine
from service.connectors.transport import HttpTransport
from service.consent.ledger import ConsentLedger
from service.db.pool import Pool, open_pool
from service.db.region import check_region
from service.db.together import Together
from service.derived_key import derived_key
from service.events.secrets import Webhooks
from service.idempotency.claim import Idempotency
from service.leases import Leases
from service.operations.routes import Operations
from service.operations.settling import Settler
from service.operations.slow import SlowWrites
from service.portal.inviting import InvitationMail
from service.portal.leaks import leak_routes
from service.settings import Settings
from service.telemetry import Metrics, Telemetry
from service.unified.around import Around
from service.unified.batch import Batches
from service.unified.consented import Consented
from service.unified.coverage import Coverage
from service.unified.downloads import Downloads
from service.unified.overrides.held import HeldOverrides
from service.unified.overrides.routes import Overrides
from service.unified.passthrough import Passthroughs
from service.unified.read import Reader
from service.unified.routes.nouns import NOUNS
from service.unified.sessions import Sessions
from service.unified.uploads import Uploads
from service.unified.ways import Ways
from service.unified.write import Writer
from service.usage.bodies import BodyKeeper
from service.usage.rail import rail_of
from service.usage.seller import seller_of
from service.usage.standing import Standings

_HOUSEKEEPING_S: Final = 15.0


@asynccontextmanager
async def open_edge(
    settings: Settings,
    connectors: tuple[Connector, ...] = CONNECTORS,
    observer: Telemetry | None = None,
) -> AsyncGenerator[Edge]:
    """The whole API, with its pools open and its ledger running, for the length of the block."""
    async with _opened(settings, connectors, observer) as (edge, _):
        yield edge


@asynccontextmanager
async def open_settler(
    settings: Settings, operators: Pool, connectors: tuple[Connector, ...] = CONNECTORS, clock: Clock = now
) -> AsyncGenerator[Settler]:
    """What settles writes of unknown outcome, with a whole API of its own to do it through."""
    async with _opened(settings, connectors, None, clock) as (edge, writes):
        docs_url = _docs_url(settings)
        yield Settler(operators, writes.pool, edge, writes.idempotency, writes.slow, docs_url, clock)


class _Writes(Struct, frozen=True):
    pool: Pool
    idempotency: Idempotency
    slow: SlowWrites


@asynccontextmanager
async def _opened(
    settings: Settings, connectors: tuple[Connector, ...], observer: Telemetry | None, clock: Clock = now
) -> AsyncGenerator[tuple[Edge, _Writes]]:
    async with AsyncExitStack() as stack:
        observer = observer or Telemetry()
        pool = await open_pool(settings.database_url, "tickmark_app", max_size=settings.database_pool_size)
        stack.push_async_callback(pool.close)
        await check_region(pool, settings.region)
        meter_pool = await open_pool(settings.database_url, "tickmark_meter", max_size=2)
        stack.push_async_callback(meter_pool.close)
        redis = Redis.from_url(settings.redis_url)  # pyright: ignore[reportUnknownMemberType]
        stack.push_async_callback(redis.aclose)
        transport = await stack.enter_async_context(HttpTransport())
        ledger = UsageLedger(meter_pool, beside=audit_calls.BESIDE)
        await ledger.start()
        stack.push_async_callback(ledger.close)
        caps_pool = await open_pool(settings.database_url, "tickmark_app", max_size=2)
        stack.push_async_callback(caps_pool.close)
        reads = Together(pool)
        caps = Caps(caps_pool, prices := load_price_book(), reads.read)
        await caps.start()
        stack.push_async_callback(caps.close)
        peppers = Peppers({version: secret.value for version, secret in settings.key_peppers.items()})
        keys = KeyRing(pool, peppers)
        live_keys_reach_sandboxes = settings.live_keys_reach_sandboxes
        connections = Connections(pool, live_keys_reach_sandboxes=live_keys_reach_sandboxes, reads=reads)
        # Connections of their own for renewals: each is held while a vendor answers.
        renewals = await open_pool(settings.database_url, "tickmark_app", max_size=6)
        stack.push_async_callback(renewals.close)
        vault = Vault(*(LocalKey(key.value) for key in settings.key_encryption_key))
        personal = PersonalKeys(pool, vault)
        credentials = CredentialKeeper(renewals, vault)
        stack.push_async_callback(credentials.close)
        budgets = RedisBudgetKeeper(redis, processes=settings.workers)
        engine = Engine(transport, budgets)
        consented = Consented(ConsentLedger(pool, reads=reads))
        ways = Ways(
            connections, credentials, transport, connectors, vendor_setups(settings), consented, settings.region
        )
        cursors = Cursors(derived_key(settings.cursor_key.value, "cursors"))
        nouns = {noun.name: noun for noun in NOUNS}
        held = HeldOverrides(reads)
        reader = Reader(ways, engine, cursors, nouns, held, settings.max_body_bytes)
        idempotency = Idempotency(pool, derived_key(settings.cursor_key.value, "idempotency"), clock)
        slow = SlowWrites(pool, derived_key(settings.cursor_key.value, "operations"), idempotency, clock)
        stack.push_async_callback(slow.close)
        writer = Writer(ways, reader, idempotency, slow, pool, prices, settings.max_body_bytes)
        coverage = Coverage(connectors)
        policy = key_policy(settings)
        parts = Parts(
            settings=settings,
            policy=policy,
            pool=pool,
            redis=redis,
            ledger=ledger,
            prices=prices,
            cursors=cursors,
            seller=seller_of(settings),
            rail=rail_of(settings),
            stripe_secrets=tuple(secret.value for secret in settings.stripe_webhook_secrets),
            keys=keys,
            peppers=peppers,
            connections=connections,
            reader=reader,
            writer=writer,
            downloads=Downloads(ways, reader, engine),
            uploads=Uploads(writer, settings.max_document_bytes),
            coverage=coverage,
            around=Around(
                batches=Batches(settings.max_body_bytes),
                passthroughs=Passthroughs(ways, reader, writer, nouns, settings.max_body_bytes),
                sessions=Sessions(ways, reader),
                operations=Operations(pool, slow, connections, ways.consented.still),
                overrides=Overrides(
                    pool, held, connections, nouns, tuple(one.slug for one in connectors), settings.max_body_bytes
                ),
                slow=slow,
                connectors=connectors,
            ),
            connectors=connectors,
            linking=Linking(
                pool,
                vault,
                Vendors(transport, connectors, vendor_setups(settings), settings.region),
                connections,
                credentials,
                connect_url(settings),
            ),
            vault=vault,
            signer=signer_of(settings),
            idempotency=idempotency,
            webhooks=Webhooks(pool, vault, personal, loopback=settings.webhooks_to_loopback),
            standings=Standings(pool, connectors),
            leaks=leak_routes(settings, pool, redis, transport, partial(derived_key, settings.cursor_key.value)),
            invitations=InvitationMail(settings, redis, partial(derived_key, settings.cursor_key.value)),
        )
        housekeeping = asyncio.create_task(_keep_house(keys))
        stack.callback(housekeeping.cancel)
        stack.push_async_callback(keys.write_last_used)
        routing = Routing(operations(parts))
        await stack.enter_async_context(routing.litestar.lifespan())
        limits = Limits(redis, workers=settings.workers, default=policy, unknown=unknown_key_policy(settings))
        measure(observer.metrics, ledger, caps, {"key": limits.leases, "vendor": budgets.leases})
        edge = Edge(
            routing,
            keys,
            limits,
            caps,
            ledger,
            audit_calls.CallLog(personal),
            observer,
            BodyKeeper(pool, vault, personal),
            max_header_bytes=settings.max_header_bytes,
            proxies=tuple(ip_network(network) for network in settings.trusted_proxies),
            docs_url=_docs_url(settings),
        )
        parts.around.attach(edge)
        yield edge, _Writes(pool, idempotency, slow)


def _docs_url(settings: Settings) -> str | None:
    return None if settings.portal_url is None else f"{settings.portal_url.rstrip('/')}/problems/"


def measure(metrics: Metrics, ledger: UsageLedger, caps: Caps, leases: Mapping[str, Leases]) -> None:
    """Puts on the metrics page what stands in this process: what waits, what is leased, how Redis does."""
    metrics.gauge("tickmark_queue_length", lambda: ledger.waiting, queue="usage")
    metrics.gauge("tickmark_spend_leases", lambda: caps.leases)
    for limit, held in leases.items():
        metrics.gauge("tickmark_limit_round_trips", partial(getattr, held, "round_trips"), limit=limit)
        metrics.gauge("tickmark_limit_outages", partial(getattr, held, "outages"), limit=limit)


def key_policy(settings: Settings) -> Policy:
    """What each API key may do."""
    return Policy(
        (Limit(settings.key_calls_per_second, 1.0), Limit(settings.key_calls_per_minute, 60.0)),
        concurrent=settings.key_calls_at_once,
    )


def unknown_key_policy(settings: Settings) -> Policy:
    """How many keys that do not exist one address may try."""
    return Policy((Limit(settings.unknown_keys_per_minute, 60.0),))


async def _keep_house(keys: KeyRing) -> None:
    while True:
        await asyncio.sleep(_HOUSEKEEPING_S)
        try:
            await keys.write_last_used()
        except Exception as error:
            telemetry.log_exception(error)
