"""Canopy by its public API, version 3: clients, contacts and custom fields, and nothing of money or documents.

The vendor gives its reference to approved customers; a third party keeps the specification (see `wire`). Tokens are had
at `/public/v3/token` with scopes such as `contacts:read` (another third party's settings, read 2026-11-20). Assumed:
the consent page, the other scopes, how an app shows its secret, and the limit.
"""

from typing import Final

from service.connectors.canopy_public.clients import BINDING as CLIENTS
from service.connectors.canopy_public.contacts import BINDING as CONTACTS
from service.connectors.canopy_public.custom_fields import BINDING as CUSTOM_FIELDS
from service.connectors.canopy_public.discovery import STAND_IN, discover
from service.connectors.canopy_public.faults import classify
from service.connectors.sdk.auth import OAuth2
from service.connectors.sdk.budget import BudgetSpec, Limit
from service.connectors.sdk.connector import Connector

_HOST: Final = "https://api.canopytax.com"

CANOPY_PUBLIC: Final = Connector(
    slug="canopy_public",
    name="Canopy (public API)",
    base_urls={"us": _HOST},
    root="/public/v3",
    auth=OAuth2(
        token_url=f"{_HOST}/public/v3/token",
        token_path="/public/v3/token",  # noqa: S106 (an address)
        authorize_url="https://app.canopytax.com/oauth/authorize",
        authorize_path="/oauth/authorize",
        scopes=("clients:read", "clients:write", "contacts:read", "contacts:write", "custom_fields:read"),
        client_auth="post",
    ),
    budget=BudgetSpec(limits=(Limit(120, 60.0),), scope="connection", source="assumed"),
    classify=classify,
    redact=frozenset({"tin"}),
    discover=discover,
    stand_in=STAND_IN,
    clients=CLIENTS,
    contacts=CONTACTS,
    custom_fields=CUSTOM_FIELDS,
)
