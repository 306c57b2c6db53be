"""Groups around clients."""

from typing import Final

from service.connectors.sdk.passthrough import Group
from service.connectors.sodium.groups.rules import READ, REPLACE, RUN, calls, table, told

_ALL: Final = ("page", "get", "create", "update", "delete")

CLIENTS: Final[tuple[Group, ...]] = (
    Group(
        name="Clients",
        operations=10,
        nouns={"clients": _ALL},
        rules=told(
            ("PATCH", "/clients", "Changes partner, manager or status of many clients at once."),
            ("POST", "/clients/{}/resolve-recipients", "The e-mail addresses behind a choice of recipients."),
            ("GET", "/clients/{}/tasks/summary", "How many tasks of a client are in which state."),
            ("GET", "/clients/third-party-mappings", "Clients with their ids in ledger, direct debit and AML."),
            ("PATCH", "/clients/{}/third-party-mappings", "Those ids of one client."),
        ),
    ),
    Group(name="Client - Business Details", operations=2, nouns={"clients": ("get", "update")}),
    Group(name="Client - Custom Fields", operations=2, nouns={"clients": ("get", "update")}),
    Group(name="Client - Dates", operations=2, nouns={"clients": ("get", "update")}),
    Group(name="Client - Links", operations=5, nouns={"clients": ("get", "update")}),
    Group(name="Client - Notes", operations=6, nouns={"clients": ("get", "update")}),
    Group(name="Client - Services", operations=7, nouns={"clients": ("get", "update")}),
    Group(
        name="Client - Billing - Lines",
        operations=6,
        nouns={"clients": ("get",)},
        rules=told(
            ("GET", "/clients/{}/billinglineitems/clientbillinglineitem", "What is to be billed to a client."),
            ("POST", "/clients/{}/billinglineitems/clientbillinglineitem", "A new line to be billed."),
            ("GET", "/clients/{}/billinglineitems/clientbillinglineitem/{}", "One line."),
            ("PUT", "/clients/{}/billinglineitems/clientbillinglineitem/{}", "A line, written anew."),
            ("DELETE", "/clients/{}/billinglineitems/clientbillinglineitem/{}", "Takes a line away."),
            ("PATCH", "/clients/{}/billinglineitems/{}/status", "Approves or cancels a line."),
        ),
    ),
    Group(
        name="Client - Agent Authorisations",
        operations=2,
        rules=calls("/clients/{}/agent-authorisations", "What HMRC lets the firm do for a client.", READ, REPLACE),
    ),
    Group(
        name="Client - Email Rules", operations=5, rules=table("/clients/{}/emailrules", "Whose mail is a client's.")
    ),
    Group(name="Client - Emails", operations=1, rules=calls("/clients/{}/emails", "Mail with a client.", READ)),
    Group(
        name="Client - Settings",
        operations=2,
        rules=calls("/client-settings", "Which fields of clients are shown.", READ, REPLACE),
    ),
    Group(
        name="Client Billable Services",
        operations=1,
        rules=(
            *calls("/client-billable-services", "All clients' services, for a board.", READ),
            *calls("/client-billable-services/{}/stage", "Moves one on the board.", "PATCH"),
        ),
    ),
    Group(
        name="Client Confirmations",
        operations=1,
        rules=calls("/client-confirmations", "What clients are asked to confirm.", READ),
    ),
    Group(
        name="Clients - Saved Filters",
        operations=5,
        rules=table("/saved-client-filters", "Filters of clients that a person saved."),
    ),
    Group(
        name="Clients - CSV Export",
        operations=2,
        rules=calls("/clients/export/{*}", "Clients as a CSV file.", READ, RUN),
    ),
    Group(
        name="Clients - CSV Import",
        operations=3,
        rules=calls("/clients/csv-import/{*}", "Clients out of a CSV file.", READ, RUN),
    ),
    Group(
        name="Clients - Platform Import",
        operations=2,
        rules=told(("POST", "/clients/import", "A client with contacts, links and notes in one go."))
        + calls("/clients/platform-import/{*}", "Clients out of a connected system.", READ, RUN),
    ),
    Group(
        name="Client Services - CSV Import",
        operations=6,
        rules=calls("/client-services/csv-import/{*}", "Clients' services out of a CSV file.", READ, RUN),
    ),
    Group(name="CSV Mappings", operations=5, rules=table("/csv-mappings", "Which column of a CSV file is what.")),
    Group(
        name="Revenue Ranges", operations=5, rules=table("/revenue-ranges", "Ranges of revenue that clients fall into.")
    ),
)
