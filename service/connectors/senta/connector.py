"""Senta: a host for each practice, one key, lists without pages.

Its reference (https://app.swaggerhub.com/apis-docs/senta/Senta/1.6) is not open to read; the key is described at
https://support.senta.co (article 12000068808), and the calls are known from others who make them:
https://github.com/PipedreamHQ/pipedream/tree/master/components/senta. Read 2026-11-20.
"""

from typing import Final

from service.connectors.sdk.budget import BudgetSpec, Limit
from service.connectors.sdk.connector import Connector
from service.connectors.sdk.keys import ApiKey, KeyField
from service.connectors.senta.clients import BINDING as CLIENTS
from service.connectors.senta.discovery import discover
from service.connectors.senta.faults import classify

_PRODUCTION: Final = "https://{account}.senta.co"

SENTA: Final = Connector(
    slug="senta",
    name="Senta",
    base_urls={"us": _PRODUCTION, "eu": _PRODUCTION},
    root="/api",
    auth=ApiKey(
        "x-auth",
        hint="In Senta under Settings → Users → Add integration → Generate API Key. Generating it once more ends the "
        "one before.",
        fields=(
            KeyField(
                name="practice",
                label="Practice",
                hint="The word before .senta.co in the address at which you use Senta: for https://acme.senta.co it is "
                "acme.",
                # One label of a host, and none of the vendor's own.
                pattern="(?!(?:www|app|api|support|help|status|mail|blog|static|cdn)$)"
                "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?",
                wrong="Only the word before .senta.co: small letters, digits and dashes.",
                secret=False,
            ),
        ),
    ),
    budget=BudgetSpec(limits=(Limit(60, 60.0),), scope="connection", default_retry_after_s=10.0, source="assumed"),
    classify=classify,
    redact=frozenset({"utr", "nino", "ninumber", "authcode"}),
    discover=discover,
    clients=CLIENTS,
)
