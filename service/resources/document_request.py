"""What the firm asks a client to hand in, and what came back."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from service.resources.common import Meta


class RequestStatus(StrEnum):
    """draft → open → submitted → accepted or rejected; cancelled from anywhere before the end."""

    DRAFT = "draft"
    OPEN = "open"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    OTHER = "other"


class RequestedItem(Struct, frozen=True, gc=False, kw_only=True):
    """One thing that a client is asked to hand in."""

    id: str | None = None
    name: str
    description: str | None = None
    done: bool | None = None


class RequestResponse(Struct, frozen=True, gc=False, kw_only=True):
    """One time that the client handed something in."""

    id: str
    documents: list[str]
    """`doc_…`."""
    submitted_at: datetime | None = None
    note: str | None = None
    accepted: bool | None = None
    review_note: str | None = None


class DocumentRequest(Struct, frozen=True, kw_only=True, gc=False, tag_field="object", tag="document_request"):
    """What the firm has asked a client to hand in."""

    id: str
    """`drq_…`."""
    remote_id: str
    connection: str
    account: str
    client: str | None
    title: str
    description: str | None
    status: RequestStatus
    status_native: str | None
    due_on: date | None
    items: list[RequestedItem] | UnsetType = UNSET
    responses: list[RequestResponse] | UnsetType = UNSET
    task: str | None | UnsetType = UNSET
    requested_by: str | None | UnsetType = UNSET
    """`usr_…`."""
    created_at: datetime | None | UnsetType = UNSET
    updated_at: datetime | None | UnsetType = UNSET
    version: str | UnsetType = UNSET
    meta: Meta = Meta()
    expanded: dict[str, Any] | UnsetType = UNSET
    """With `expand`: the records behind the ids, by the name of the field that holds the id."""
    raw: dict[str, Any] | UnsetType = UNSET
    """With `include=raw`: the vendor's record as it came."""


class DocumentRequestCreate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something new to ask a client for."""

    client: str
    """`cli_…`."""
    title: str
    description: str | None | UnsetType = UNSET
    due_on: date | UnsetType = UNSET


class DocumentRequestUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change, or the firm's verdict on what was handed in (`status` accepted or rejected)."""

    title: str | UnsetType = UNSET
    description: str | None | UnsetType = UNSET
    due_on: date | None | UnsetType = UNSET
    status: RequestStatus | UnsetType = UNSET
    review_note: str | UnsetType = UNSET
