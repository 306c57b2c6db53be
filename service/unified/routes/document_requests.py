"""The noun `document_requests`."""

from typing import Final

from service.resources.document_request import DocumentRequest, DocumentRequestCreate, DocumentRequestUpdate
from service.unified.noun import Noun
from service.unified.routes.clients import CLIENT_ID, HOME

DOCUMENT_REQUESTS: Final = Noun(
    name="document_requests",
    singular="document_request",
    prefix="drq_",
    model=DocumentRequest,
    create=DocumentRequestCreate,
    update=DocumentRequestUpdate,
    about="Document requests are what the firm has asked a client to hand in, and what came back.",
    references={"client": "clients", "task": "tasks"},
    example={
        "object": "document_request",
        "id": "drq_AZjy0VpQfSKbQ5v7tYvJ6QABMTI",
        "remote_id": "12",
        **HOME,
        "client": CLIENT_ID,
        "title": "Papers for the 2025 return",
        "description": None,
        "status": "open",
        "status_native": "Open",
        "due_on": "2026-03-01",
        "meta": {},
    },
    create_example={"client": CLIENT_ID, "title": "Papers for the 2025 return", "due_on": "2027-03-01"},
    update_example={"due_on": "2027-03-15"},
)
