"""A questionnaire that a client fills in: organizers, questionnaires, data forms."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from service.resources.common import Meta


class OrganizerStatus(StrEnum):
    """How far a questionnaire has come."""

    DRAFT = "draft"
    PENDING = "pending"
    """Sent, and nothing answered yet."""
    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    SEALED = "sealed"
    OTHER = "other"


class AnswerKind(StrEnum):
    """What sort of answer a question takes."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    CHOICES = "choices"
    BOOLEAN = "boolean"
    FILE = "file"
    OTHER = "other"


class AnswerSource(StrEnum):
    """Who gave an answer."""

    CLIENT = "client"
    AI = "ai"
    FIRM = "firm"
    OTHER = "other"


class ReviewVerdict(StrEnum):
    """What a person says of an answer."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    OTHER = "other"


class Answer(Struct, frozen=True, gc=False, kw_only=True):
    """One question and what was answered. A suggestion is not an answer: a person has to accept it."""

    question_key: str
    question: str | None | UnsetType = UNSET
    section: str | None | UnsetType = UNSET
    kind: AnswerKind
    kind_native: str | None = None
    value: Any = None
    """Text, number, boolean or a list of texts; null while unanswered."""
    files: list[str] | UnsetType = UNSET
    """`doc_…`."""
    source: AnswerSource | None | UnsetType = UNSET
    """Who answered, or who made the suggestion."""
    suggested_value: Any = UNSET
    review: ReviewVerdict | None | UnsetType = UNSET


class Organizer(Struct, frozen=True, kw_only=True, gc=False, tag_field="object", tag="organizer"):
    """A questionnaire that a client fills in."""

    id: str
    """`org_…` is an organization, so organizers are `ogz_…`."""
    remote_id: str
    connection: str
    account: str
    client: str | None
    title: str
    template: str | None | UnsetType = UNSET
    status: OrganizerStatus
    status_native: str | None
    answers: list[Answer] | UnsetType = UNSET
    """In the order of the questions. Lists may leave them out where the vendor does: read the one record."""
    sent_at: datetime | None | UnsetType = UNSET
    submitted_at: datetime | None | UnsetType = UNSET
    task: str | None | UnsetType = UNSET
    created_at: datetime | None | UnsetType = UNSET
    updated_at: datetime | None | UnsetType = UNSET
    version: str | UnsetType = UNSET
    meta: Meta = Meta()
    expanded: dict[str, Any] | UnsetType = UNSET
    """With `expand`: the records behind the ids, by the name of the field that holds the id."""
    raw: dict[str, Any] | UnsetType = UNSET
    """With `include=raw`: the vendor's record as it came."""


class OrganizerCreate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A questionnaire to send to a client."""

    client: str
    """`cli_…`."""
    title: str | UnsetType = UNSET
    """Where it is named one by one; elsewhere it is called as its template is."""
    template: str | UnsetType = UNSET
    """The vendor's id of the form to send."""
    message: str | UnsetType = UNSET
    emails: list[str] | UnsetType = UNSET
    """Where to send it; the client's own addresses when left out."""
    task: str | UnsetType = UNSET
    """`tsk_…`: the work that it belongs to."""


class AnswerInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer to write; which form the value takes is the question's `kind`."""

    question_key: str
    value: Any


class AnswerVerdict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person says of one suggested answer."""

    question_key: str
    review: ReviewVerdict


class OrganizerUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The firm's verdict on single answers, answers that it fills in itself, and that it is handed in."""

    answers: list[AnswerVerdict] | UnsetType = UNSET
    values: list[AnswerInput] | UnsetType = UNSET
    """Answers in the client's place; those not named stay."""
    status: OrganizerStatus | UnsetType = UNSET
    """`submitted` hands it in."""
