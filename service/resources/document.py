"""Documents and the folders they lie in: metadata here, bytes through `/v1/documents/{id}/content`."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from service.resources.common import Meta


class Area(StrEnum):
    """Which side of the practice a document belongs to. Areas are never mixed: a firm's filing depends on them."""

    CLIENT_UPLOADED = "client_uploaded"
    FIRM_SHARED = "firm_shared"
    ORGANIZER = "organizer"
    MESSAGE = "message"
    PRIVATE = "private"
    OTHER = "other"


class ReviewState(StrEnum):
    """What the firm says of a document."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    OTHER = "other"


class ApprovalState(StrEnum):
    """Whether the client has approved what the firm prepared."""

    NONE = "none"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    OTHER = "other"


class SigningState(StrEnum):
    """Whether a document is signed."""

    NONE = "none"
    PENDING = "pending"
    SIGNED = "signed"
    DECLINED = "declined"
    SEALED = "sealed"
    OTHER = "other"


class DocumentVersion(Struct, frozen=True, gc=False, kw_only=True):
    """One state of a document's bytes."""

    number: int
    size_bytes: int | None = None
    sha256: str | None = None
    added_by: str | None = None
    added_at: datetime | None = None


class DocumentEvent(Struct, frozen=True, gc=False, kw_only=True):
    """One line of a document's history."""

    at: datetime
    action: str
    """In the vendor's word: added, renamed, viewed …"""
    by: str | None = None
    """`usr_…` or `cnt_…`."""


class Document(Struct, frozen=True, kw_only=True, gc=False, tag_field="object", tag="document"):
    """A file of the practice; its bytes are at `/v1/documents/{id}/content`."""

    id: str
    """`doc_…`."""
    remote_id: str
    connection: str
    account: str
    client: str | None
    """`cli_…`."""
    name: str
    area: Area
    area_native: str | None | UnsetType = UNSET
    folder: str | None | UnsetType = UNSET
    """`fol_…`."""
    path: str | None | UnsetType = UNSET
    """The folders it lies in, from the top, separated by `/`."""
    category: str | None | UnsetType = UNSET
    summary: str | None | UnsetType = UNSET
    dated_on: date | None | UnsetType = UNSET
    """The day that the document itself bears."""
    size_bytes: int | None | UnsetType = UNSET
    media_type: str | None | UnsetType = UNSET
    sha256: str | None | UnsetType = UNSET
    visible_to_client: bool | None | UnsetType = UNSET
    versions: list[DocumentVersion] | UnsetType = UNSET
    history: list[DocumentEvent] | UnsetType = UNSET
    """Oldest first. Lists may leave it out where the vendor does: read the one record."""
    uploaded_by: str | None | UnsetType = UNSET
    review: ReviewState | None | UnsetType = UNSET
    review_native: str | None | UnsetType = UNSET
    approval: ApprovalState | None | UnsetType = UNSET
    approval_native: str | None | UnsetType = UNSET
    signing: SigningState | None | UnsetType = UNSET
    status_native: str | None | UnsetType = UNSET
    created_at: datetime | None | UnsetType = UNSET
    updated_at: datetime | None | UnsetType = UNSET
    version: str | UnsetType = UNSET
    meta: Meta = Meta()
    expanded: dict[str, Any] | UnsetType = UNSET
    """With `expand`: the records behind the ids, by the name of the field that holds the id."""
    raw: dict[str, Any] | UnsetType = UNSET
    """With `include=raw`: the vendor's record as it came."""


class Folder(Struct, frozen=True, kw_only=True, gc=False, tag_field="object", tag="folder"):
    """Where documents lie."""

    id: str
    """`fol_…`."""
    remote_id: str
    connection: str
    account: str
    client: str | None
    name: str
    path: str | UnsetType = UNSET
    area: Area
    parent: str | None | UnsetType = UNSET
    document_count: int | None | UnsetType = UNSET
    version: str | UnsetType = UNSET
    meta: Meta = Meta()
    expanded: dict[str, Any] | UnsetType = UNSET
    """With `expand`: the records behind the ids, by the name of the field that holds the id."""
    raw: dict[str, Any] | UnsetType = UNSET
    """With `include=raw`: the vendor's record as it came."""


class DocumentUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of a document's metadata, or a review of it."""

    name: str | UnsetType = UNSET
    category: str | None | UnsetType = UNSET
    summary: str | None | UnsetType = UNSET
    review: ReviewState | UnsetType = UNSET
    approval: ApprovalState | UnsetType = UNSET
    """`pending` asks the client to approve; `none` takes the question back."""
    path: str | UnsetType = UNSET
    """The folders it is to lie in, from the top."""
    folder: str | None | UnsetType = UNSET
    """`fol_…`: where folders have ids."""
    visible_to_client: bool | UnsetType = UNSET
