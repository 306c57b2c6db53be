"""The noun `documents`."""

from typing import Final

from service.resources.document import Document, DocumentUpdate
from service.unified.noun import Noun
from service.unified.routes.clients import CLIENT_ID, HOME

DOCUMENTS: Final = Noun(
    name="documents",
    singular="document",
    prefix="doc_",
    model=Document,
    update=DocumentUpdate,
    about="Documents are the files of the practice: what clients handed in and what the firm shared, each in its area.",
    references={"client": "clients", "folder": "folders"},
    example={
        "object": "document",
        "id": "doc_AZjy0VpQfSKbQ5v7tYvJ6QABODg",
        "remote_id": "88",
        **HOME,
        "client": CLIENT_ID,
        "name": "W-2 2025.pdf",
        "area": "client_uploaded",
        "path": "Tax/2025",
        "size_bytes": 48213,
        "media_type": "application/pdf",
        "review": "pending",
        "created_at": "2026-02-03T10:00:00Z",
        "meta": {},
    },
    update_example={"name": "Engagement letter 2027.pdf"},
)
