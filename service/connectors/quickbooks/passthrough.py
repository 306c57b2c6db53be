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
        *(
            Rule("GET", path, about, known="documented")
            for path, about in (
                ("/query", "A statement in QuickBooks' query language."),
                ("/cdc", "What changed in some entities since an instant."),
                ("/preferences", "How the company is set up."),
                *((f"/{entity}/{{}}", about) for entity, about in _ENTITIES.items()),
                ("/reports/{}", "A report, such as `AgedReceivables`."),
            )
        ),
    )
)
