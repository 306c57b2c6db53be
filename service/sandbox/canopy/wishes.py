"""What a caller may write, per entity (assumed).

Everything is optional here; REQUIRED says what a new row cannot do without.
"""

import datetime as dt
from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

Text: TypeAlias = Annotated[str, Meta(min_length=1, max_length=500)]
Cents: TypeAlias = Annotated[int, Meta(ge=0, le=10**12)]


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Fields to write; UNSET is not said."""


class Labelled(Wish, frozen=True):
    """An e-mail or telephone number and what it is for."""

    type: Text
    value: Text


class Link(Wish, frozen=True):
    """A tie between two clients."""

    client_id: str
    kind: Literal["spouse", "dependent", "important"]


class ClientWish(Wish, frozen=True):
    """A client to write."""

    display_name: Text | UnsetType = UNSET
    client_facing_name: Text | None | UnsetType = UNSET
    filing_type: Literal["Individual", "Business"] | UnsetType = UNSET
    status: Literal["Active", "Prospect", "Other", "Archived"] | UnsetType = UNSET
    owner_id: str | None | UnsetType = UNSET
    external_id: str | None | UnsetType = UNSET
    emails: list[Labelled] | UnsetType = UNSET
    phones: list[Labelled] | UnsetType = UNSET
    addresses: list[dict[str, str | None]] | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    custom_fields: dict[str, object] | UnsetType = UNSET
    group_id: str | None | UnsetType = UNSET
    linked: list[Link] | UnsetType = UNSET


class ContactWish(Wish, frozen=True):
    """A contact to write."""

    client_ids: list[str] | UnsetType = UNSET
    kind: Literal["primary", "spouse", "dependent", "employee", "partner", "other"] | UnsetType = UNSET
    first_name: Text | UnsetType = UNSET
    last_name: Text | UnsetType = UNSET
    emails: list[Labelled] | UnsetType = UNSET
    phones: list[Labelled] | UnsetType = UNSET
    birthday: date | None | UnsetType = UNSET


class LineWish(Wish, frozen=True):
    """An invoice line to write; its amount follows from quantity and rate or from its time, and what is put on."""

    description: str
    quantity: Annotated[float, Meta(gt=0)] | None = None
    rate_cents: Cents | None = None
    service_item_id: str | None = None
    sku: str | None = None
    wuwd_cents: int = 0
    line_id: str | None = None
    amount_cents: int | None = None
    time_entry_ids: list[str] = []


class InvoiceWish(Wish, frozen=True):
    """An invoice to write."""

    number: Text | UnsetType = UNSET
    client_id: str | UnsetType = UNSET
    status: Literal["draft", "scheduled", "unpaid", "archived"] | UnsetType = UNSET
    issue_date: date | UnsetType = UNSET
    due_date: date | UnsetType = UNSET
    terms: str | UnsetType = UNSET
    currency: Literal["USD", "CAD"] | UnsetType = UNSET
    lines: Annotated[list[LineWish], Meta(min_length=1)] | UnsetType = UNSET
    class_: str | None | UnsetType = msgspec.field(default=UNSET, name="class")
    location: str | None | UnsetType = UNSET
    category: str | None | UnsetType = UNSET


class Cover(Wish, frozen=True):
    """An amount put on an invoice."""

    invoice_id: str
    amount_cents: Annotated[int, Meta(gt=0)]


class PaymentWish(Wish, frozen=True):
    """A payment to write."""

    client_id: str | UnsetType = UNSET
    method: Literal["card", "ach", "cash", "check", "other"] | UnsetType = UNSET
    amount_cents: Cents | UnsetType = UNSET
    received_at: datetime | UnsetType = UNSET
    allocations: list[Cover] | UnsetType = UNSET
    reference: str | None | UnsetType = UNSET


class CreditWish(Wish, frozen=True):
    """A credit to write."""

    client_id: str | UnsetType = UNSET
    amount_cents: Cents | UnsetType = UNSET
    applications: list[Cover] | UnsetType = UNSET


class CheckWish(Wish, frozen=True):
    """One line of a checklist."""

    text: Text
    done: bool = False
    id: str | None = None
    completed_at: str | None = None


class TaskWish(Wish, frozen=True):
    """A task to write."""

    parent_id: str | None | UnsetType = UNSET
    kind: Literal["task", "subtask", "client_request"] | UnsetType = UNSET
    name: Text | UnsetType = UNSET
    status: Text | UnsetType = UNSET
    client_id: str | None | UnsetType = UNSET
    engagement_id: str | None | UnsetType = UNSET
    assignee_ids: list[str] | UnsetType = UNSET
    priority: Literal["low", "medium", "high"] | UnsetType = UNSET
    start_date: date | None | UnsetType = UNSET
    due_date: date | None | UnsetType = UNSET
    budget_minutes: Cents | None | UnsetType = UNSET
    tax_year: int | None | UnsetType = UNSET
    checklist: list[CheckWish] | UnsetType = UNSET


class TimeWish(Wish, frozen=True):
    """Time to write; what it comes to follows from minutes and rate."""

    user_id: str | UnsetType = UNSET
    client_id: str | None | UnsetType = UNSET
    task_id: str | None | UnsetType = UNSET
    service_item_id: str | None | UnsetType = UNSET
    date: dt.date | UnsetType = UNSET
    minutes: Annotated[int, Meta(gt=0, le=1440)] | UnsetType = UNSET
    billable: bool | UnsetType = UNSET
    rate_cents: Cents | UnsetType = UNSET
    state: Literal["saved", "archived"] | UnsetType = UNSET


class FileWish(Wish, frozen=True):
    """A file to write, or what is said of one that is sent."""

    name: Text | UnsetType = UNSET
    client_id: str | UnsetType = UNSET
    folder_id: str | None | UnsetType = UNSET
    visible_to_client: bool | UnsetType = UNSET


class ItemWish(Wish, frozen=True):
    """A service that is being agreed on; its name and rate are the firm's unless they are given."""

    service_item_id: str
    name: Text | None = None
    quantity: Annotated[float, Meta(gt=0)] = 1
    rate_cents: Cents | None = None
    rate_type: Literal["hourly", "fixed"] | None = None


class SignerWish(Wish, frozen=True):
    """Who is to sign."""

    contact_id: str
    signed_at: str | None = None


class EngagementWish(Wish, frozen=True):
    """An engagement to write."""

    client_id: str | UnsetType = UNSET
    name: Text | UnsetType = UNSET
    status: Literal["draft", "sent", "active", "archived"] | UnsetType = UNSET
    start_date: date | None | UnsetType = UNSET
    end_date: date | None | UnsetType = UNSET
    items: list[ItemWish] | UnsetType = UNSET
    signers: list[SignerWish] | UnsetType = UNSET


class AnswerWish(Wish, frozen=True):
    """What one question of a questionnaire is to say; the others stay as they are."""

    question_key: str
    value: object = UNSET
    suggested_value: object = UNSET


class QuestionnaireWish(Wish, frozen=True):
    """A questionnaire to write."""

    client_id: str | UnsetType = UNSET
    template_id: str | UnsetType = UNSET
    name: Text | UnsetType = UNSET
    status: Literal["draft", "sent", "in_progress", "submitted"] | UnsetType = UNSET
    answers: list[AnswerWish] | UnsetType = UNSET


WISHES: dict[str, type[Wish]] = {
    "clients": ClientWish,
    "contacts": ContactWish,
    "invoices": InvoiceWish,
    "payments": PaymentWish,
    "credits": CreditWish,
    "tasks": TaskWish,
    "time_entries": TimeWish,
    "documents": FileWish,
    "engagements": EngagementWish,
    "questionnaires": QuestionnaireWish,
}
MADE_OTHERWISE = frozenset({"documents"})
"""Entities whose new rows are not made from such a body: files come with their bytes."""
REQUIRED = {
    "clients": ("display_name", "filing_type"),
    "contacts": ("client_ids", "first_name", "last_name"),
    "invoices": ("client_id", "lines"),
    "payments": ("client_id", "method", "amount_cents"),
    "credits": ("client_id", "amount_cents"),
    "tasks": ("name",),
    "time_entries": ("user_id", "date", "minutes"),
    "engagements": ("client_id", "name"),
    "questionnaires": ("client_id", "name"),
}
