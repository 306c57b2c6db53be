"""QuickBooks' endpoints that can be called as they are: what has no noun of its own, and reports.

Source: https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities, read 2026-11-20.
"""

from typing import Final

from service.connectors.sdk.passthrough import Passthrough, Rule

_ENTITIES: Final = {
    "account": "An account of the chart of accounts.",
    "bill": "A bill.",
    "companyinfo": "The company.",
    "estimate": "An estimate.",
    "journalentry": "A journal entry.",
    "paymentmethod": "A payment method.",
    "taxcode": "A tax code.",
    "taxrate": "A tax rate.",
    "term": "A payment term.",
    "vendor": "A supplier.",
}

PASSTHROUGH: Final = Passthrough(
    rules=(
        Rule("GET", "/query", "A statement in QuickBooks' query language."),
        Rule("GET", "/cdc", "What changed in some entities since an instant."),
        Rule("GET", "/preferences", "How the company is set up."),
        *(Rule("GET", f"/{entity}/{{}}", about) for entity, about in _ENTITIES.items()),
        Rule("GET", "/reports/{}", "A report, such as `AgedReceivables`."),
    )
)
