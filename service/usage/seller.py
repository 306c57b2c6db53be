"""Who bills, as the settings have it."""

import logging
from typing import Final

from billing import Seller
from service.settings import Settings

UNNAMED: Final = "Seller not named: set TICKMARK_SELLER_NAME"
_log: Final = logging.getLogger(__name__)


def seller_of(settings: Settings) -> Seller:
    """What invoices print. One that nobody has named says so, on paper too."""
    if settings.seller_name is None:
        _log.warning("TICKMARK_SELLER_NAME is not set: invoices name no seller")
    return Seller(
        name=settings.seller_name or UNNAMED,
        address=_lines(settings.seller_address),
        tax_id=settings.seller_tax_id,
        email=settings.seller_email,
        payment=_lines(settings.seller_payment),
    )


def _lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.split(";"))
