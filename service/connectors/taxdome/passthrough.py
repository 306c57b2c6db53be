"""TaxDome's endpoints that can be called as they are. All assumed, as everything at TaxDome."""

from typing import Final

from service.connectors.sdk.passthrough import Passthrough, Rule

PASSTHROUGH: Final = Passthrough(
    rules=(
        Rule("GET", "/pipelines", "The firm's pipelines and their stages."),
        Rule("GET", "/jobs", "The jobs of the account that `X-Account-Id` names."),
    ),
    headers=("x-account-id",),
)
