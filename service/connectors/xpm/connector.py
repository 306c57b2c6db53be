"""Xero Practice Manager 3.1. The scopes have to be granted to our app by Xero before a firm can consent to them."""

from typing import Final

from service.connectors.sdk.auth import OAuth2
from service.connectors.sdk.budget import BudgetSpec, Limit
from service.connectors.sdk.connector import Connector
from service.connectors.sdk.xml import xml_as_json
from service.connectors.xpm.clients import BINDING as CLIENTS
from service.connectors.xpm.contacts import BINDING as CONTACTS
from service.connectors.xpm.discovery import discover
from service.connectors.xpm.faults import classify

_API: Final = "https://api.xero.com"
_DAY_S: Final = 86_400

XPM: Final = Connector(
    slug="xpm",
    name="Xero Practice Manager",
    # One host for practices of every country.
    base_urls={"us": _API, "eu": _API},
    root="/practicemanager/3.1",
    # Source: https://developer.xero.com/documentation/guides/oauth2/scopes and xero-identity.yaml, read 2026-11-20.
    auth=OAuth2(
        token_url="https://identity.xero.com/connect/token",  # noqa: S106 (an address)
        token_path="/connect/token",  # noqa: S106 (an address)
        authorize_url="https://login.xero.com/identity/connect/authorize",
        authorize_path="/identity/connect/authorize",
        revoke_url="https://identity.xero.com/connect/revocation",
        revoke_path="/connect/revocation",
        scopes=("offline_access", "practicemanager.client.read"),
        client_auth="basic",
        # Each refresh token is good once; an answer that was lost can be asked for again for half an hour.
        refresh_life_s=60 * _DAY_S,
    ),
    budget=BudgetSpec(
        limits=(Limit(60, 60.0), Limit(5000, float(_DAY_S))),
        scope="account",
        concurrent=5,
        source="https://developer.xero.com/documentation/guides/oauth2/limits",
    ),
    classify=classify,
    as_json=xml_as_json,
    request_id_headers=("xero-correlation-id",),
    redact=frozenset({"TaxNumber", "BusinessNumber", "DateOfBirth"}),
    discover=discover,
    clients=CLIENTS,
    contacts=CONTACTS,
)
