"""Groups around the practice itself, and what it has connected."""

from typing import Final

from service.connectors.sdk.passthrough import Group
from service.connectors.sodium.groups.rules import READ, REPLACE, RUN, calls, table, told

_ABOVE: Final = "Lies above the tenant, where a connection does not reach."

OFFICE: Final[tuple[Group, ...]] = (
    Group(name="AI", operations=4, rules=calls("/ai/{*}", "Texts by a model, and how many.", READ, RUN, REPLACE)),
    Group(
        name="AML",
        operations=11,
        rules=told(("POST", "/aml/clients", "A new client in the connected AML system."))
        + calls("/aml/clients", "Clients with the state of their checks.", READ)
        + calls("/aml/{*}", "Clients, contacts and risk assessments.", READ, RUN, REPLACE),
    ),
    Group(
        name="Companies House",
        operations=7,
        rules=calls("/companies-house/{*}", "The public register of companies.", READ),
    ),
    Group(name="Design Themes", operations=8, rules=table("/design-themes", "Colours and fonts of documents.")),
    Group(
        name="Design Theme - Background Images",
        operations=4,
        rules=calls("/design-themes/{}/background-images", "Pictures behind pages.", READ, RUN)
        + calls("/design-themes/{}/background-images/{}", "One of them.", REPLACE, "DELETE"),
    ),
    Group(name="Email - Configs", operations=7, rules=table("/email/configs", "Mailboxes and servers.")),
    Group(
        name="Email - History",
        operations=2,
        rules=calls("/email/history/{*}", "What was sent.", READ) + calls("/email/history", "What was sent.", READ),
    ),
    Group(
        name="Email - Mailbox",
        operations=13,
        rules=calls("/email/mailbox/{*}", "Mail in a connected mailbox; sends and answers.", READ, RUN, REPLACE),
    ),
    Group(name="Email - Settings", operations=2, rules=calls("/email-settings", "Sender and looks.", READ, REPLACE)),
    Group(
        name="Import Jobs",
        operations=2,
        rules=calls("/import-jobs", "Imports.", READ) + calls("/import-jobs/{}", "How one went.", READ),
    ),
    Group(
        name="Media Library",
        operations=6,
        rules=table("/media-library", "Pictures."),
        closed="The bytes of pictures: passthrough gives JSON, PDF and CSV.",
    ),
    Group(name="Metadata", operations=69, rules=calls("/metadata/{*}", "Sodium's own enumerations.", READ)),
    Group(name="Packages", operations=3, closed=f"{_ABOVE} What Sodium itself costs."),
    Group(name="Practice", operations=2, rules=calls("/practice", "The practice itself.", READ, REPLACE)),
    Group(
        name="Professional Clearance",
        operations=8,
        rules=table("/professional-clearance", "What former accountants are asked for.")
        + calls("/professional-clearance/{}/{*}", "Settings, and letters sent.", READ, RUN, REPLACE),
    ),
    Group(
        name="Subscription",
        operations=5,
        rules=calls("/subscription", "What the practice pays Sodium.", READ),
        closed="Reading only: to change what the practice pays is for its owner, in Sodium.",
    ),
    Group(
        name="Subscription - Billing",
        operations=10,
        rules=calls("/subscription/billing/{*}", "Sodium's invoices to the practice.", READ),
        closed="Reading only: mandates over the practice's money are for its owner, in Sodium.",
    ),
    Group(
        name="Subscription - Discounts",
        operations=3,
        rules=calls("/subscription/discounts", "The discount that holds.", READ),
        closed="Reading only: codes are redeemed by the practice's owner, in Sodium.",
    ),
    Group(
        name="Third-Party Connections",
        operations=11,
        rules=calls("/third-party-connections", "Systems that the practice has connected.", READ)
        + calls("/third-party-connections/{*}", "One of them.", READ),
        closed="Reading only: consents to other systems are given by a person, in Sodium.",
    ),
)
