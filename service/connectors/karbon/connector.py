"""Karbon: two secrets in two headers, OData lists, 120 calls a minute.

Source: https://karbonhq.github.io/karbon-api-reference/KarbonAPI.json and the guides beside it, read 2026-11-20.
"""

from typing import Final

from service.connectors.karbon.clients import BINDING as CLIENTS
from service.connectors.karbon.discovery import STAND_IN, discover
from service.connectors.karbon.faults import classify
from service.connectors.sdk.budget import BudgetSpec, Limit
from service.connectors.sdk.connector import Connector
from service.connectors.sdk.keys import ApiKey, KeyField

_PRODUCTION: Final = "https://api.karbonhq.com"

KARBON: Final = Connector(
    slug="karbon",
    name="Karbon",
    # One host; no regions are published.
    base_urls={"us": _PRODUCTION, "eu": _PRODUCTION},
    root="/v3",
    auth=ApiKey(
        "authorization",
        prefix="Bearer ",
        label="Bearer token",
        hint="Karbon gives two secrets with each API application: this one is 36 letters, digits and dashes. An "
        "administrator of your Karbon makes the application, for this use alone.",
        # Only a JWT is turned away: that is the other one of the two.
        pattern="(?!eyJ)[!-~]{8,4000}",
        fields=(
            KeyField(
                name="access_key",
                label="Access key",
                hint="The second secret of the same application: it is long, and begins with eyJ.",
                header="accesskey",
                pattern="eyJ[!-~]{8,3990}",
                wrong="It begins with eyJ. Copy it again, without blanks.",
            ),
        ),
    ),
    # Recommended by the vendor, for each account and application; its 429 says 10 seconds when it says nothing else.
    budget=BudgetSpec(
        limits=(Limit(120, 60.0),), scope="connection", default_retry_after_s=10.0, source="Karbon API guide"
    ),
    classify=classify,
    redact=frozenset({"RegistrationNumber", "RegistrationNumbers", "InvoiceMagicLink", "InvoicePdfUrl"}),
    discover=discover,
    stand_in=STAND_IN,
    clients=CLIENTS,
)
