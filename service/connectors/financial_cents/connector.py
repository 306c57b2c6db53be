"""Financial Cents: a personal token that lapses, 250 calls a minute, pages by number.

Its own reference is readable as far as its introduction; the rest is known from others who call it.
Sources, read 2026-11-20: https://documenter.gw.postman.com/view/metadata/2s9Y5bQ1UV and
https://raw.githubusercontent.com/jentic/jentic-public-apis/refs/heads/main/apis/openapi/financial-cents.com/main/1.0.0/openapi.json
"""

from datetime import timedelta
from typing import Final

from service.connectors.financial_cents.clients import BINDING as CLIENTS
from service.connectors.financial_cents.discovery import STAND_IN, discover
from service.connectors.financial_cents.faults import classify
from service.connectors.financial_cents.users import BINDING as USERS
from service.connectors.sdk.budget import BudgetSpec, Limit
from service.connectors.sdk.connector import Connector
from service.connectors.sdk.keys import ApiKey

_PRODUCTION: Final = "https://app.financial-cents.com"

FINANCIAL_CENTS: Final = Connector(
    slug="financial_cents",
    name="Financial Cents",
    # One host; no regions are published.
    base_urls={"us": _PRODUCTION, "eu": _PRODUCTION},
    root="/api/v1",
    auth=ApiKey(
        "authorization",
        prefix="Bearer ",
        label="API token",
        hint="Make one in Financial Cents under Settings → API Settings, for this use alone.",
        # About six months, as people who use it say; the vendor does not.
        lasts=timedelta(days=180),
    ),
    # Two firms quote the vendor's limit; what its 429 says is not known, so a minute is waited for in quarters.
    budget=BudgetSpec(
        limits=(Limit(250, 60.0),), scope="connection", default_retry_after_s=15.0, source="third parties"
    ),
    classify=classify,
    discover=discover,
    stand_in=STAND_IN,
    clients=CLIENTS,
    users=USERS,
)
