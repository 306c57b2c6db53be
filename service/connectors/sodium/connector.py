"""Sodium practice management.

Its reference shows two prefixes for the same operations: `/tenants/…` and `/api/tenants/…`. We call the former; an
operator who needs the latter gives a connection the base URL `https://api.sodiumhq.com/api`.
Sources, read 2026-11-20: https://sodiumhq.com/docs/api/guides/authentication, https://sodiumhq.com/docs/api/operations/.
"""

from typing import Final

from service.connectors.sdk.budget import BudgetSpec, Limit
from service.connectors.sdk.connector import Connector
from service.connectors.sdk.keys import ApiKey
from service.connectors.sodium.clients import BINDING as CLIENTS
from service.connectors.sodium.contacts import BINDING as CONTACTS
from service.connectors.sodium.custom_fields import BINDING as CUSTOM_FIELDS
from service.connectors.sodium.discovery import discover
from service.connectors.sodium.document_requests import BINDING as DOCUMENT_REQUESTS
from service.connectors.sodium.documents import BINDING as DOCUMENTS
from service.connectors.sodium.engagements import BINDING as ENGAGEMENTS
from service.connectors.sodium.faults import classify
from service.connectors.sodium.groups import GROUPS
from service.connectors.sodium.invoices import BINDING as INVOICES
from service.connectors.sodium.organizers import BINDING as ORGANIZERS
from service.connectors.sodium.passthrough import PASSTHROUGH
from service.connectors.sodium.services import BINDING as SERVICE_ITEMS
from service.connectors.sodium.tasks import BINDING as TASKS
from service.connectors.sodium.users import BINDING as USERS

_PRODUCTION: Final = "https://api.sodiumhq.com"

SODIUM: Final = Connector(
    slug="sodium",
    name="Sodium",
    # One host; no regions are published.
    base_urls={"us": _PRODUCTION, "eu": _PRODUCTION},
    root="/tenants/{account}",
    auth=ApiKey("x-api-key"),
    budget=BudgetSpec(
        limits=(Limit(10, 1.0), Limit(300, 60.0)), scope="connection", default_retry_after_s=5.0, source="assumed"
    ),
    classify=classify,
    redact=frozenset(
        {
            "magicLinkToken",
            "downloadUrl",
            "guid",
            "link",
            "acceptanceSignature",
            "directDebitMandateId",
            "companiesHouseAuthenticationCode",
            "utr",
            "niNumber",
            "apiKey",
            "password",
            "smtpPassword",
            "clientSecret",
            "accessToken",
            "refreshToken",
        }
    ),
    discover=discover,
    passthrough=PASSTHROUGH,
    groups=GROUPS,
    clients=CLIENTS,
    contacts=CONTACTS,
    invoices=INVOICES,
    tasks=TASKS,
    documents=DOCUMENTS,
    document_requests=DOCUMENT_REQUESTS,
    organizers=ORGANIZERS,
    engagements=ENGAGEMENTS,
    users=USERS,
    service_items=SERVICE_ITEMS,
    custom_fields=CUSTOM_FIELDS,
)
