"""Sodium's groups that fall on no noun, as they are.

Source: https://sodiumhq.com/docs/api/operations/, read 2026-11-20.
"""

from typing import Final

from service.connectors.sdk.passthrough import Passthrough, Rule

_READ: Final = {
    "/aml/clients": "Clients with the state of their money-laundering checks.",
    "/clients/{}/billinglineitems/clientbillinglineitem": "What is to be billed to a client, line by line.",
    "/clients/{}/emails": "E-mail with a client.",
    "/companies-house/search": "Companies by name or number.",
    "/content-blocks": "Blocks of text for letters.",
    "/custom-field-groups": "Groups of custom fields.",
    "/data-form-categories": "Categories of data forms.",
    "/design-themes": "Themes of the portal.",
    "/direct-debit/mandates": "Mandates.",
    "/document-categories": "Categories of documents.",
    "/document-templates": "Templates of documents.",
    "/email/configs": "Configured mailboxes.",
    "/email/mailbox/{}/conversations": "Conversations of a mailbox.",
    "/email/mailbox/{}/messages": "Messages of a mailbox.",
    "/holidays": "Public holidays.",
    "/import-jobs": "Imports and how they went.",
    "/metadata/{}": "The values of one of Sodium's enumerations.",
    "/practice": "The practice.",
    "/practice/engagement-settings": "How engagements are set up.",
    "/professional-clearance": "Requests for professional clearance.",
    "/revenue-ranges": "Ranges of revenue.",
    "/service-packages": "Packages of services.",
    "/task-categories": "Categories of tasks.",
    "/teams": "Teams.",
    "/teams/{}/members": "The members of a team.",
    "/third-party-connections": "Systems that the practice has connected.",
    "/workflows": "Workflows.",
}

PASSTHROUGH: Final = Passthrough(
    rules=(
        *(Rule("GET", path, about) for path, about in _READ.items()),
        Rule("POST", "/data-forms/{}/send", "Sends a published data form to a client.", "write"),
        Rule("POST", "/clients/{}/billinglineitems/clientbillinglineitem", "Makes a line to be billed.", "write"),
        Rule("POST", "/engagements/{}/email", "Sends an engagement to its recipient.", "write"),
        Rule("POST", "/task-categories", "Makes a category of tasks.", "write"),
    )
)
