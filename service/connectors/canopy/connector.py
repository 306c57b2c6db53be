"""Canopy practice management.

Canopy publishes no reference; everything here is `assumed`. The host is set by the operator.
"""

from typing import Final

from service.connectors.canopy.clients import BINDING as CLIENTS
from service.connectors.canopy.credits import BINDING as CREDITS
from service.connectors.canopy.faults import classify
from service.connectors.canopy.invoices import BINDING as INVOICES
from service.connectors.canopy.payments import BINDING as PAYMENTS
from service.connectors.canopy.tasks import BINDING as TASKS
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
        scopes=("clients:read", "tasks:read", "billing:read"),
        client_auth="post",
    ),
    budget=BudgetSpec(limits=(Limit(120, 60.0),), scope="connection", source="assumed"),
    classify=classify,
    redact=frozenset({"ein", "ein_masked", "ssn", "ssn_masked", "tin", "tin_masked"}),
    clients=CLIENTS,
    invoices=INVOICES,
    payments=PAYMENTS,
    credits=CREDITS,
    tasks=TASKS,
)
