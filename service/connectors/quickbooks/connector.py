"""QuickBooks Online, Accounting API v3.

Sources, read 2026-11-20: https://developer.intuit.com/app/developer/qbo/docs/learn/limits-and-throttles,
https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/oauth-2.0.
"""

from typing import Final

from service.connectors.quickbooks.changes import capture_together
from service.connectors.quickbooks.clients import BINDING as CLIENTS
from service.connectors.quickbooks.clients import CHANGES as CLIENTS_CHANGES
from service.connectors.quickbooks.credits import BINDING as CREDITS
from service.connectors.quickbooks.credits import CHANGES as CREDITS_CHANGES
from service.connectors.quickbooks.discovery import discover
from service.connectors.quickbooks.documents import BINDING as DOCUMENTS
from service.connectors.quickbooks.faults import classify
from service.connectors.quickbooks.invoices import BINDING as INVOICES
from service.connectors.quickbooks.invoices import CHANGES as INVOICES_CHANGES
from service.connectors.quickbooks.passthrough import PASSTHROUGH
from service.connectors.quickbooks.payments import BINDING as PAYMENTS
from service.connectors.quickbooks.payments import CHANGES as PAYMENTS_CHANGES
from service.connectors.quickbooks.service_items import BINDING as SERVICE_ITEMS
from service.connectors.quickbooks.service_items import CHANGES as SERVICE_ITEMS_CHANGES
from service.connectors.quickbooks.time_entries import BINDING as TIME_ENTRIES
from service.connectors.quickbooks.tracking import BINDING as TRACKING
from service.connectors.quickbooks.tracking import CHANGES as TRACKING_CHANGES
from service.connectors.quickbooks.users import BINDING as USERS
from service.connectors.quickbooks.users import CHANGES as USERS_CHANGES
from service.connectors.sdk.auth import OAuth2
from service.connectors.sdk.budget import BudgetSpec, Limit
from service.connectors.sdk.connector import Connector

_PRODUCTION: Final = "https://quickbooks.api.intuit.com"

QUICKBOOKS: Final = Connector(
    slug="quickbooks",
    name="QuickBooks Online",
    # One host for companies of every country.
    base_urls={"us": _PRODUCTION, "eu": _PRODUCTION, "sandbox": "https://sandbox-quickbooks.api.intuit.com"},
    root="/v3/company/{account}",
    auth=OAuth2(
        token_url="https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",  # noqa: S106 (an address)
        token_path="/oauth2/v1/tokens/bearer",  # noqa: S106 (an address)
        authorize_url="https://appcenter.intuit.com/connect/oauth2",
        authorize_path="/connect/oauth2",
        revoke_url="https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
        revoke_path="/v2/oauth2/tokens/revoke",
        scopes=("com.intuit.quickbooks.accounting",),
        client_auth="basic",
        # Tells when the five years of a consent end.
        # Source: https://blogs.a.intuit.com/2025/11/12/important-changes-to-refresh-token-policy, read 2026-11-20.
        token_headers=(("x-include-refresh-token-hard-expires-in", "true"),),
    ),
    budget=BudgetSpec(
        limits=(Limit(10, 1.0), Limit(500, 60.0)),
        # Of our app; the 120 a minute of all apps together at one company we cannot count.
        apart={"batch": (Limit(40, 60.0),)},
        scope="account",
        concurrent=10,
        default_retry_after_s=60.0,
        source="https://developer.intuit.com/app/developer/qbo/docs/learn/limits-and-throttles",
    ),
    classify=classify,
    request_id_headers=("intuit_tid", "intuit-tid"),
    redact=frozenset(
        {
            "PrimaryTaxIdentifier",
            "SecondaryTaxIdentifier",
            "TaxIdentifier",
            "GSTIN",
            "BusinessNumber",
            "SSN",
            "BirthDate",
            "FileAccessUri",
            "TempDownloadUri",
            "ThumbnailFileAccessUri",
            "ThumbnailTempDownloadUri",
        }
    ),
    discover=discover,
    changes=capture_together(
        {
            "clients": (CLIENTS_CHANGES,),
            "invoices": (INVOICES_CHANGES,),
            "payments": (PAYMENTS_CHANGES,),
            "credits": (CREDITS_CHANGES,),
            "users": (USERS_CHANGES,),
            "service_items": (SERVICE_ITEMS_CHANGES,),
            "tracking": TRACKING_CHANGES,
        }
    ),
    passthrough=PASSTHROUGH,
    clients=CLIENTS,
    invoices=INVOICES,
    payments=PAYMENTS,
    credits=CREDITS,
    documents=DOCUMENTS,
    time_entries=TIME_ENTRIES,
    users=USERS,
    service_items=SERVICE_ITEMS,
    tracking=TRACKING,
)
