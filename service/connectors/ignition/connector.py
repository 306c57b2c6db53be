"""Ignition's reporting API. An administrator of a practice on Pro+ or Enterprise has to consent.

Source: https://developers.ignitionapp.com/docs/reporting and two public clients (third party), read 2026-11-20.
"""

from typing import Final

from service.connectors.ignition.clients import BINDING as CLIENTS
from service.connectors.ignition.contacts import BINDING as CONTACTS
from service.connectors.ignition.discovery import STAND_IN, discover
from service.connectors.ignition.engagements import BINDING as ENGAGEMENTS
from service.connectors.ignition.faults import classify
from service.connectors.sdk.auth import OAuth2
from service.connectors.sdk.budget import BudgetSpec, Limit
from service.connectors.sdk.connector import Connector

_HOST: Final = "https://developers.ignitionapp.com"

IGNITION: Final = Connector(
    slug="ignition",
    name="Ignition",
    # One host for practices of every country.
    base_urls={"us": _HOST, "eu": _HOST},
    root="/external/api/v1/reporting",
    # Each renewal replaces the refresh token; whether PKCE is looked at nobody says.
    auth=OAuth2(
        token_url=f"{_HOST}/oauth2/token",
        token_path="/oauth2/token",  # noqa: S106 (an address)
        authorize_url=f"{_HOST}/oauth2/authorize",
        authorize_path="/oauth2/authorize",
        revoke_url=f"{_HOST}/oauth2/revoke",
        revoke_path="/oauth2/revoke",
        scopes=("reporting",),
        client_auth="post",
    ),
    budget=BudgetSpec(
        limits=(Limit(1000, 3600.0),),
        scope="connection",
        default_retry_after_s=60.0,
        source="https://developers.ignitionapp.com/docs/reporting",
    ),
    classify=classify,
    discover=discover,
    stand_in=STAND_IN,
    clients=CLIENTS,
    contacts=CONTACTS,
    engagements=ENGAGEMENTS,
)
