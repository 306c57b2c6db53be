"""Groups around documents, forms and the texts they are made of."""

from typing import Final

from service.connectors.sdk.passthrough import Group
from service.connectors.sodium.groups.rules import READ, REPLACE, RUN, calls, table, told

_ALL: Final = ("page", "get", "create", "update", "delete")

PAPERS: Final[tuple[Group, ...]] = (
    Group(
        name="Client - Documents",
        operations=16,
        nouns={"documents": ("page", "get", "update", "delete", "download", "upload")},
        rules=told(
            ("GET", "/clients/{}/document-folder", "Where an external store keeps a client's documents."),
            ("PUT", "/clients/{}/document-folder", "Sets that."),
            ("POST", "/clients/{}/clientdocument/track-external", "A document for a file in an external store."),
        ),
    ),
    Group(
        name="Client Documents",
        operations=1,
        rules=calls("/client-documents", "Documents of all clients that wait for approval.", READ),
    ),
    Group(
        name="Client - Document Requests",
        operations=11,
        nouns={"document_requests": _ALL},
        rules=calls("/clients/{}/documentrequest/{}/documents", "Puts a document into a request.", RUN)
        + calls("/clients/{}/documentrequest/{}/documents/{}", "Takes it out again.", "DELETE")
        + calls("/clients/{}/documentrequest/{}/responses", "Hands the documents in for the client.", RUN),
    ),
    Group(name="Document Requests", operations=1, nouns={"document_requests": ("page",)}),
    Group(
        name="Data Form - Requests",
        operations=6,
        nouns={"organizers": ("page", "get", "update", "delete")},
        rules=calls("/data-form-requests/{}/resend", "Sends a form again that waits for answers.", RUN)
        + calls("/data-form-requests/{}/accept-all", "Accepts every answer that waits.", REPLACE),
    ),
    Group(
        name="Data Forms",
        operations=13,
        nouns={"organizers": ("create",)},
        rules=told(
            ("GET", "/data-forms", "The practice's forms."),
            ("POST", "/data-forms", "A new form."),
            ("GET", "/data-forms/{}", "One form with its questions."),
            ("PUT", "/data-forms/{}", "A form, written anew."),
            ("DELETE", "/data-forms/{}", "Deletes a form."),
            ("GET", "/data-forms/library", "Forms to start from."),
            ("GET", "/data-forms/library/{}", "One of them."),
            ("POST", "/data-forms/library/{}/create", "A form made of one."),
            ("PUT", "/data-forms/{}/library-version", "Takes a form back to what the library has."),
            ("POST", "/data-forms/{}/send", "Sends a published form to a client."),
            ("POST", "/data-forms/{}/send-bulk", "Sends it to many clients."),
            ("POST", "/data-forms/convert", "Reads a form of another product."),
        )
        + calls("/data-forms/{}/preview", "A form as the client sees it.", READ),
    ),
    Group(name="Data Form - Categories", operations=5, rules=table("/data-form-categories", "Categories of forms.")),
    Group(name="Documents - Categories", operations=5, rules=table("/document-categories", "Categories of documents.")),
    Group(
        name="Document Templates",
        operations=11,
        rules=table("/document-templates", "Templates of documents.")
        + calls("/document-templates/{}/{*}", "The library of templates, and a template rendered.", READ, RUN),
    ),
    Group(
        name="Content Blocks",
        operations=12,
        rules=table("/content-blocks", "Blocks of text for letters.")
        + calls("/content-blocks/{}/{*}", "The library of blocks.", READ, RUN),
    ),
    Group(name="Custom Tokens", operations=5, rules=table("/custom-tokens", "Words that templates ask for.")),
    Group(
        name="Custom Fields",
        operations=5,
        nouns={"custom_fields": ("page", "get")},
        rules=told(("POST", "/custom-fields", "A new field."))
        + calls("/custom-fields/{}", "A field, changed or taken away.", REPLACE, "DELETE"),
    ),
    Group(name="Custom Field Groups", operations=5, rules=table("/custom-field-groups", "Groups of custom fields.")),
)
