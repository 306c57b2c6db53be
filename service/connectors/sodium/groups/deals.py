"""Groups around what is agreed and billed."""

from typing import Final

from service.connectors.sdk.passthrough import Group
from service.connectors.sodium.groups.rules import READ, RUN, calls, table, told

_ALL: Final = ("page", "get", "create", "update", "delete")

DEALS: Final[tuple[Group, ...]] = (
    Group(
        name="Engagements",
        operations=13,
        nouns={"engagements": _ALL, "documents": ("get", "download")},
        rules=calls("/engagements/{}/email", "What was sent to the recipient; sends.", READ, RUN)
        + calls("/engagements/{}/pdf/{}", "Proposal or letter as a PDF; puts one in.", READ, RUN),
    ),
    Group(
        name="Engagement - Acceptance",
        operations=5,
        nouns={"engagements": ("get",), "documents": ("download",)},
        closed="Its addresses are the secret links of clients, who accept there; how it ended stands in `acceptance`.",
    ),
    Group(
        name="Engagement - Settings",
        operations=2,
        rules=told(
            ("GET", "/practice/engagement-settings", "How engagements are set up."),
            ("PUT", "/practice/engagement-settings", "Sets that up."),
        ),
    ),
    Group(
        name="Services",
        operations=12,
        nouns={"service_items": _ALL},
        rules=calls("/services/{}/{*}", "The library of services, and what is generated.", READ, RUN)
        + calls("/services/library", "Services to start from.", READ),
    ),
    Group(
        name="Service - Packages",
        operations=6,
        rules=table("/service-packages", "Packages of services.")
        + told(("POST", "/clients/{}/apply-service-package/{}", "Gives a client a package of services.")),
    ),
    Group(
        name="Service - Onboarding Tasks",
        operations=6,
        rules=table("/services/{}/onboarding-tasks", "Tasks that come with a new service."),
    ),
    Group(
        name="Accounting",
        operations=5,
        nouns={"invoices": ("page",)},
        rules=told(
            ("GET", "/accounting/customers", "Customers of the connected ledger."),
            ("POST", "/accounting/customers", "A new customer there."),
            ("GET", "/accounting/customers/{}", "One customer."),
            ("GET", "/accounting/customers/{}/invoices", "The invoices of one customer."),
            ("GET", "/accounting/invoices/{}/pdf", "An invoice as a PDF."),
        ),
    ),
    Group(
        name="DirectDebit",
        operations=7,
        rules=calls("/direct-debit/{*}", "Payers and mandates of the connected direct debit.", READ, RUN),
    ),
)
