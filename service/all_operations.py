"""Every operation of the API, and the parts that they are made of. The contract needs no more than this."""

from collections.abc import Mapping
from typing import Any, Final, cast

from msgspec import Struct
from redis.asyncio import Redis

from billing import PriceBook, Seller, StripeRail, UsageLedger
from service.accounts.authenticate import KeyRing
from service.accounts.key_operations import key_operations
from service.accounts.key_routes import without_token
from service.accounts.leak_routes import LeakRoutes, leak_operations
from service.accounts.organization_routes import organization_operations
from service.accounts.routes import account_operations
from service.accounts.team_operations import team_operations
from service.accounts.team_routes import Mails
from service.accounts.tokens import Peppers
from service.api.contract import contract_operation
from service.api.health import health_operations
from service.api.limits import Policy
from service.api.modes import minding_modes
from service.api.openapi import render
from service.api.operation import Operation
from service.api.pagination import Cursors
from service.audit.checkpoints import Signer
from service.audit.routes import audit_operations
from service.connections.approvals.guard import GUARDED, as_export
from service.connections.firm_routes import firm_operations
from service.connections.linking import Linking
from service.connections.linking_routes import linking_operations
from service.connections.open import Connections
from service.connections.routes import connection_operations
from service.connections.vault import Vault
from service.connectors.registry import CONNECTORS
from service.connectors.sdk.connector import Connector
from service.consent.disclosure_routes import disclosure_operations
from service.consent.evidence_routes import evidence_operations
from service.consent.routes import consent_operations
from service.db.pool import Pool
from service.events.endpoint_routes import without_secret
from service.events.operations import webhook_operations
from service.events.routes import event_operations
from service.events.secrets import Webhooks
from service.idempotency.claim import Idempotency
from service.idempotency.once import Keeps, once_if_asked
from service.settings import Settings
from service.unified import around
from service.unified.around import Around
from service.unified.coverage import Coverage
from service.unified.downloads import Downloads
from service.unified.read import Reader
from service.unified.routes.capabilities import capability_operations
from service.unified.routes.nouns import unified_operations
from service.unified.uploads import Uploads
from service.unified.write import Writer
from service.usage.body_routes import body_operations
from service.usage.key_usage import key_usage_operations
from service.usage.routes import usage_operations
from service.usage.standing import Standings
from service.usage.standing_routes import standing_operations
from service.usage.stripe_routes import stripe_operations


class Parts(Struct, frozen=True):
    """What the routes are made of: built once for each process."""

    settings: Settings
    policy: Policy
    pool: Pool
    redis: Redis
    ledger: UsageLedger
    prices: PriceBook
    cursors: Cursors
    seller: Seller
    rail: StripeRail | None
    stripe_secrets: tuple[bytes, ...]
    keys: KeyRing
    peppers: Peppers
    connections: Connections
    reader: Reader
    writer: Writer
    downloads: Downloads
    uploads: Uploads
    coverage: Coverage
    around: Around
    connectors: tuple[Connector, ...]
    linking: Linking
    vault: Vault
    signer: Signer
    idempotency: Idempotency
    leaks: LeakRoutes
    invitations: Mails
    webhooks: Webhooks
    standings: Standings


ONCE_IF_ASKED: Final[Mapping[str, Keeps | None]] = {
    "createLinkSession": None,
    "createConsent": None,
    "createFirm": None,
    "createInvitation": None,
    "createKey": without_token,
    "rollKey": without_token,
    "createWebhookEndpoint": without_secret,
    "rollWebhookSecret": without_secret,
}
"""Operations that make something of ours and may have an `Idempotency-Key`; what is kept of answers, if not all."""


def operations(parts: Parts) -> tuple[Operation, ...]:
    """Every operation of the API."""
    found: list[Operation] = [contract_operation(lambda: found)]
    found += unified_operations(
        parts.reader, parts.writer, parts.downloads, parts.uploads, parts.coverage, parts.connectors
    )
    found += parts.around.all()
    found += standing_operations(parts.standings)
    found += capability_operations(parts.connections, parts.coverage)
    found += firm_operations(parts.pool, parts.cursors)
    found += connection_operations(parts.connections, parts.cursors)
    found += linking_operations(parts.linking)
    found += consent_operations(parts.pool, parts.cursors, parts.connections)
    found += disclosure_operations(parts.pool, parts.cursors)
    found += evidence_operations(parts.pool, parts.vault, parts.signer)
    found += audit_operations(parts.pool, parts.cursors, parts.signer.public_key if parts.signer else "")
    found += account_operations(parts.pool, parts.policy)
    found += organization_operations(parts.pool)
    found += key_operations(parts.pool, parts.peppers, parts.cursors)
    found += team_operations(parts.pool, parts.cursors, parts.invitations)
    found += usage_operations(parts.pool, parts.prices, parts.cursors, parts.seller)
    found += key_usage_operations(parts.pool, parts.prices)
    found += body_operations(parts.pool, parts.vault)
    found += stripe_operations(parts.pool, parts.rail, parts.stripe_secrets, parts.cursors)
    found += event_operations(parts.pool, parts.cursors)
    found += webhook_operations(parts.webhooks, parts.cursors)
    found += leak_operations(parts.leaks)
    found += health_operations(parts.pool, parts.redis, parts.ledger)
    for place, one in enumerate(found):
        if one.id in ONCE_IF_ASKED:
            found[place] = once_if_asked(one, parts.idempotency, ONCE_IF_ASKED[one.id])
        if one.exports in GUARDED:
            found[place] = as_export(one, parts.linking)
        found[place] = minding_modes(found[place])
    return tuple(found)


class _Unopened:
    """Stands for a part that is only named, never used."""

    def __getattr__(self, name: str) -> object:
        return None


def contract() -> bytes:
    """The OpenAPI document, without opening anything."""
    return render(operations(unopened_parts()))


def unopened_parts() -> Parts:
    """Parts for looking at operations, none of which can be carried out."""
    unopened = cast(Any, None)
    return Parts(
        settings=unopened,
        policy=unopened,
        pool=unopened,
        redis=unopened,
        ledger=unopened,
        prices=unopened,
        cursors=unopened,
        seller=unopened,
        rail=None,
        stripe_secrets=(),
        keys=unopened,
        peppers=unopened,
        connections=unopened,
        reader=unopened,
        writer=unopened,
        downloads=cast(Any, _Unopened()),
        uploads=cast(Any, _Unopened()),
        coverage=Coverage(CONNECTORS),
        around=around.unopened(_Unopened(), CONNECTORS),
        connectors=CONNECTORS,
        linking=unopened,
        vault=unopened,
        signer=unopened,
        idempotency=unopened,
        leaks=cast(Any, _Unopened()),
        invitations=unopened,
        webhooks=unopened,
        standings=unopened,
    )
