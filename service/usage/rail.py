"""Our account at Stripe, as the settings have it."""

from billing import StripeRail
from service.settings import Settings


def rail_of(settings: Settings) -> StripeRail | None:
    """None without a key: then an invoice ends in its document."""
    key = settings.stripe_secret_key
    return None if key is None else StripeRail(key.text, base_url=settings.stripe_base_url)
