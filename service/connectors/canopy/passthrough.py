"""Canopy's endpoints that can be called as they are. All assumed, as everything at Canopy."""

from typing import Final

from service.connectors.sdk.passthrough import Passthrough, Rule

PASSTHROUGH: Final = Passthrough(
    rules=(
        Rule("POST", "/clients/search", "Clients by Canopy's own filters."),
        Rule("POST", "/tasks/search", "Tasks by Canopy's own filters."),
        Rule("POST", "/invoices/search", "Invoices by Canopy's own filters."),
        Rule("GET", "/clients/{}", "A client as Canopy has it."),
        Rule("GET", "/documents/{}/history", "What became of a file."),
        Rule("GET", "/me/sessions", "The session behind the connection."),
    )
)
