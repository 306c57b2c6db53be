"""QuickBooks' endpoints that can be called as they are: what has no noun of its own, reports, and batches.

Source: https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities, read 2026-11-20.
"""

from typing import Final

from service.connectors.quickbooks.batch import bundle
from service.connectors.sdk.passthrough import Passthrough, Rule

_ENTITIES: Final = {
    "Account": "An account of the chart of accounts.",
    "Bill": "A bill.",
    "BillPayment": "A payment of bills.",
    "CompanyInfo": "The company.",
    "Deposit": "A deposit.",
    "Estimate": "An estimate.",
    "JournalEntry": "A journal entry.",
    "PaymentMethod": "A payment method.",
    "Purchase": "A purchase by cash, check or card.",
    "PurchaseOrder": "A purchase order.",
    "RefundReceipt": "A refund receipt.",
    "SalesReceipt": "A sales receipt.",
    "TaxAgency": "A tax agency.",
    "TaxCode": "A tax code.",
    "TaxRate": "A tax rate.",
    "Term": "A payment term.",
    "Transfer": "A transfer between accounts.",
    "Vendor": "A supplier.",
    "VendorCredit": "A supplier's credit.",
}
_BATCH: Final = (
    "Up to 30 statements and writes in QuickBooks' own form, one call. A write needs the scope and the port that it "
    "needs alone; one item that may not be refuses all."
)

PASSTHROUGH: Final = Passthrough(
    rules=(
        *(
            Rule("GET", path, about, known="documented")
            for path, about in (
                ("/query", "A statement in QuickBooks' query language."),
                ("/cdc", "What changed in some entities since an instant."),
                ("/preferences", "How the company is set up."),
                *((f"/{entity.lower()}/{{}}", about) for entity, about in _ENTITIES.items()),
                ("/reports/{}", "A report, such as `AgedReceivables`."),
            )
        ),
        Rule(
            "POST",
            "/batch",
            _BATCH,
            lane="write",
            known="documented",
            bundle=bundle(frozenset({*_ENTITIES, "Preferences"})),
        ),
    )
)
