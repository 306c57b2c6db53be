"""What the pages are made of: built once for each process."""

from msgspec import Struct
from redis.asyncio import Redis

from billing import PriceBook, Seller, StripeRail
from service.accounts.mailed_links import MailedLinks
from service.accounts.passwords import Passwords
from service.accounts.second_factor import SecondFactors
from service.accounts.tokens import Peppers
from service.api.asgi import App
from service.audit.checkpoints import Signer
from service.clock import Clock, now
from service.connections.linking import Linking
from service.connectors.sdk.connector import Connector
from service.db.pool import Pool
from service.events.secrets import Webhooks
from service.portal.assets import Assets
from service.portal.challenges import Challenges
from service.portal.late_mail import LateMail
from service.portal.mail import Mailer
from service.portal.openid import OpenId
from service.portal.reference import Reference
from service.portal.sandboxes import Sandboxes
from service.portal.templates import Templates
from service.portal.throttle import Throttle
from service.usage.standing import Standings


class Parts(Struct, frozen=True, kw_only=True):
    """All that pages reach for."""

    pool: Pool
    redis: Redis
    prices: PriceBook
    peppers: Peppers
    connectors: tuple[Connector, ...]
    api: App
    """The API behind its edge: what a page tries out goes the same way as everybody's calls."""
    sandboxes: Sandboxes
    linking: Linking
    """What connecting and ending connections is made of, on the portal's own pool."""
    webhooks: Webhooks
    signer: Signer
    standings: Standings
    reference: Reference
    passwords: Passwords
    factors: SecondFactors
    links: MailedLinks
    mailer: Mailer
    late_mail: LateMail
    throttle: Throttle
    challenges: Challenges
    openid: OpenId
    templates: Templates
    assets: Assets
    cookie_key: bytes
    seller: Seller
    rail: StripeRail | None
    """None where invoices are paid otherwise than through Stripe."""
    audit_key: str
    """The public key that the audit log's checkpoints are signed with."""
    public_url: str | None
    """Where browsers find us; None means: on this machine only."""
    clock: Clock = now
