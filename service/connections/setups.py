"""Our registrations at the vendors, as the operator has configured them."""

from collections.abc import Mapping

from service.connections.vendors import VendorSetup
from service.connectors.sdk.auth import AppCredentials
from service.settings import Secret, Settings


def vendor_setups(settings: Settings) -> Mapping[str, VendorSetup]:
    """Our registrations at the vendors, by connector."""
    return {
        "quickbooks": VendorSetup(
            _app(settings.quickbooks_client_id, settings.quickbooks_client_secret),
            settings.quickbooks_base_url,
            settings.quickbooks_token_url,
            settings.quickbooks_authorize_url,
            settings.quickbooks_revoke_url,
        ),
        "canopy": VendorSetup(
            _app(settings.canopy_client_id, settings.canopy_client_secret),
            settings.canopy_base_url,
            settings.canopy_token_url,
        ),
        "canopy_public": VendorSetup(
            _app(settings.canopy_public_client_id, settings.canopy_public_client_secret),
            settings.canopy_public_base_url,
            settings.canopy_public_token_url,
            settings.canopy_public_authorize_url,
        ),
        "ignition": VendorSetup(
            _app(settings.ignition_client_id, settings.ignition_client_secret),
            settings.ignition_base_url,
            settings.ignition_token_url,
            settings.ignition_authorize_url,
            settings.ignition_revoke_url,
        ),
        "smartvault": VendorSetup(
            _app(settings.smartvault_client_id, settings.smartvault_client_secret),
            settings.smartvault_base_url,
            authorize_url=settings.smartvault_authorize_url,
        ),
        "xpm": VendorSetup(
            _app(settings.xpm_client_id, settings.xpm_client_secret),
            settings.xpm_base_url,
            settings.xpm_token_url,
            settings.xpm_authorize_url,
            settings.xpm_revoke_url,
        ),
        "financial_cents": VendorSetup(AppCredentials("", ""), settings.financial_cents_base_url),
        "uku": VendorSetup(
            _app(settings.uku_client_id, settings.uku_client_secret),
            settings.uku_base_url,
            settings.uku_token_url,
            settings.uku_authorize_url,
            settings.uku_revoke_url,
        ),
        "karbon": VendorSetup(AppCredentials("", ""), settings.karbon_base_url),
        "senta": VendorSetup(AppCredentials("", ""), settings.senta_base_url),
        "sodium": VendorSetup(AppCredentials("", ""), settings.sodium_base_url),
        "taxdome": VendorSetup(AppCredentials("", ""), settings.taxdome_base_url),
    }


def _app(client_id: str | None, secret: Secret | None) -> AppCredentials:
    return AppCredentials(client_id or "", secret.text if secret else "")
