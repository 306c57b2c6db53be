"""Uku, version 3 of its public API.

Its OAuth is announced, but production still refused to describe it (403) in August 2026, so a firm gives a key and the
id of its company. Source: https://app.getuku.com/api/v3/docs and https://getuku.com/agents/, read 2026-11-20.
"""

from typing import Final

from service.connectors.sdk.budget import BudgetSpec, Limit
from service.connectors.sdk.connector import Connector
from service.connectors.sdk.keys import ApiKey, KeyField
from service.connectors.uku.clients import BINDING as CLIENTS
from service.connectors.uku.contacts import BINDING as CONTACTS
from service.connectors.uku.discovery import COMPANY, discover
from service.connectors.uku.faults import classify

_HOST: Final = "https://app.getuku.com"

UKU: Final = Connector(
    slug="uku",
    name="Uku",
    # One host for companies of every country.
    base_urls={"us": _HOST, "eu": _HOST},
    root="/api/v3",
    auth=ApiKey(
        "x-api-key",
        hint="In Uku, Settings & Apps → Public API (Elite plan): the owner or an administrator makes a key there. "
        "The scope Read is enough.",
        fields=(
            KeyField(
                name=COMPANY,
                label="Company id",
                hint="Beside the key: 36 letters, digits and dashes.",
                header="x-uku-company",
                pattern="[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
                wrong="It is 36 letters, digits and dashes. Copy it again, without blanks.",
                secret=False,
            ),
        ),
    ),
    # The figure for reads is not published; writes were 30 a minute on the vendor's own account.
    budget=BudgetSpec(limits=(Limit(60, 60.0),), scope="connection", default_retry_after_s=10.0, source="assumed"),
    classify=classify,
    request_id_headers=("x-request-id",),
    discover=discover,
    clients=CLIENTS,
    contacts=CONTACTS,
)
