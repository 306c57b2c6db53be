"""SmartVault. Its public record is thin: how each part is known stands at its binding."""

from typing import Final

from service.connectors.sdk.budget import BudgetSpec, Limit
from service.connectors.sdk.connector import Connector
from service.connectors.smartvault.clients import BINDING as CLIENTS
from service.connectors.smartvault.discovery import discover
from service.connectors.smartvault.faults import classify
from service.connectors.smartvault.tokens import DelegationTokens

_HOST: Final = "https://rest.smartvault.com"

SMARTVAULT: Final = Connector(
    slug="smartvault",
    name="SmartVault",
    # One host for firms of every country.
    base_urls={"us": _HOST, "eu": _HOST},
    root="/nodes/entity/SmartVault.Accounting.Firm/{account}",
    # Tokens are had at the API's own host. Source: https://developer.smartvault.com/api/authorization/oauth20,
    # read 2026-11-20. Documents show Basic with the person's address and, newer, Bearer: we send Bearer.
    auth=DelegationTokens(
        token_url=None,
        token_path="/auto/auth/dtoken/2",  # noqa: S106 (an address)
        refresh_path="/auto/auth/rtoken/2",
        authorize_url="https://my.smartvault.com/users/secure/IntegratedApplications.aspx",
        authorize_path="/users/secure/IntegratedApplications.aspx",
        client_auth="post",
    ),
    # None is published; a public client leaves 0.1 to 0.2 s between pages.
    budget=BudgetSpec(limits=(Limit(5, 1.0),), scope="connection", source="assumed"),
    classify=classify,
    discover=discover,
    clients=CLIENTS,
)
