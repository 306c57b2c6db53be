"""Canopy practice management.

Canopy publishes no reference; everything here is `assumed`. The host is set by the operator.
"""

from typing import Final

from service.connectors.canopy.clients import BINDING as CLIENTS
from service.connectors.canopy.contacts import BINDING as CONTACTS
from service.connectors.canopy.credits import BINDING as CREDITS
from service.connectors.canopy.discovery import discover, home_currency
from service.connectors.canopy.documents import BINDING as DOCUMENTS
from service.connectors.canopy.engagements import BINDING as ENGAGEMENTS
from service.connectors.canopy.faults import classify
from service.connectors.canopy.folders import BINDING as FOLDERS
from service.connectors.canopy.invoices import BINDING as INVOICES
from service.connectors.canopy.organizers import BINDING as ORGANIZERS
from service.connectors.canopy.passthrough import PASSTHROUGH
from service.connectors.canopy.payments import BINDING as PAYMENTS
from service.connectors.canopy.tasks import BINDING as TASKS
from service.connectors.canopy.time_entries import BINDING as TIME_ENTRIES
from service.connectors.canopy.users import BINDING as USERS
from service.connectors.canopy.users import session
from service.connectors.sdk.auth import OAuth2
from service.connectors.sdk.budget import BudgetSpec, Limit
from service.connectors.sdk.connector import Connector

CANOPY: Final = Connector(
    slug="canopy",
    name="Canopy",
    base_urls={},
    root="/practice/v1",
    auth=OAuth2(
        token_url=None,
        token_path="/oauth/token",  # noqa: S106 (an address)
        authorize_path="/oauth/authorize",
        scopes=(
            "clients:read",
            "clients:write",
            "tasks:read",
            "tasks:write",
            "documents:read",
            "documents:write",
            "billing:read",
            "billing:write",
            "engagements:read",
            "engagements:write",
            "time:read",
            "time:write",
        ),
        client_auth="post",
    ),
    budget=BudgetSpec(limits=(Limit(120, 60.0),), scope="connection", source="assumed"),
    classify=classify,
    redact=frozenset({"ein", "ein_masked", "ssn", "ssn_masked", "tin", "tin_masked"}),
    discover=discover,
    home_currency=home_currency,
    session=session,
    passthrough=PASSTHROUGH,
    clients=CLIENTS,
    contacts=CONTACTS,
    invoices=INVOICES,
    payments=PAYMENTS,
    credits=CREDITS,
    tasks=TASKS,
    documents=DOCUMENTS,
    folders=FOLDERS,
    organizers=ORGANIZERS,
    engagements=ENGAGEMENTS,
    time_entries=TIME_ENTRIES,
    users=USERS,
)
