"""Every vendor we speak to."""

from typing import Final

from service.connectors.canopy.connector import CANOPY
from service.connectors.canopy_public.connector import CANOPY_PUBLIC
from service.connectors.financial_cents.connector import FINANCIAL_CENTS
from service.connectors.ignition.connector import IGNITION
from service.connectors.karbon.connector import KARBON
from service.connectors.quickbooks.connector import QUICKBOOKS
from service.connectors.sdk.connector import Connector
from service.connectors.senta.connector import SENTA
from service.connectors.smartvault.connector import SMARTVAULT
from service.connectors.sodium.connector import SODIUM
from service.connectors.taxdome.connector import TAXDOME
from service.connectors.uku.connector import UKU
from service.connectors.xpm.connector import XPM

CONNECTORS: Final[tuple[Connector, ...]] = (
    CANOPY,
    CANOPY_PUBLIC,
    FINANCIAL_CENTS,
    IGNITION,
    KARBON,
    QUICKBOOKS,
    SENTA,
    SMARTVAULT,
    SODIUM,
    TAXDOME,
    UKU,
    XPM,
)

_BY_SLUG: Final = {connector.slug: connector for connector in CONNECTORS}


def get_connector(slug: str) -> Connector:
    """The connector called `slug`, such as `quickbooks`. KeyError if there is none."""
    return _BY_SLUG[slug]
