"""Our registrations at the vendors, as the operator has configured them."""

from collections.abc import Mapping

from service.connections.vendors import VendorSetup
from service.connectors.sdk.auth import AppCredentials
from service.settings import Settings


def vendor_setups(settings: Settings) -> Mapping[str, VendorSetup]:
    """Our registrations at the vendors, by connector."""
    return {
        "quickbooks": VendorSetup(
            AppCredentials(
                settings.quickbooks_client_id or "",
                settings.quickbooks_client_secret.text if settings.quickbooks_client_secret else "",
            ),
            settings.quickbooks_base_url,
            settings.quickbooks_token_url,
            settings.quickbooks_authorize_url,
            settings.quickbooks_revoke_url,
        ),
        "canopy": VendorSetup(
            AppCredentials(
                settings.canopy_client_id or "",
                settings.canopy_client_secret.text if settings.canopy_client_secret else "",
            ),
            settings.canopy_base_url,
            settings.canopy_token_url,
        ),
        "sodium": VendorSetup(AppCredentials("", ""), settings.sodium_base_url),
        "taxdome": VendorSetup(AppCredentials("", ""), settings.taxdome_base_url),
    }
