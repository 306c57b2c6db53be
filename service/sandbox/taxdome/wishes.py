"""What may be written (assumed): the fields of each noun that a caller may send."""

from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from service.sandbox.http import Json
from service.sandbox.taxdome.errors import invalid

Text: TypeAlias = Annotated[str, Meta(min_length=1, max_length=500)]
Body: TypeAlias = Annotated[str, Meta(min_length=1, max_length=20_000)]
Day: TypeAlias = date
Amount: TypeAlias = Annotated[float, Meta(gt=0, le=10**10)]


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Fields to write; UNSET is not said."""


class AccountWish(Wish, frozen=True):
    """An account to write."""

    name: Text | UnsetType = UNSET
    type: Literal["individual", "business"] | UnsetType = UNSET
    tags: list[Text] | UnsetType = UNSET
    contact_ids: list[str] | UnsetType = UNSET


class ContactWish(Wish, frozen=True):
    """A contact to write."""

    name: Text | UnsetType = UNSET
    first_name: str | None | UnsetType = UNSET
    middle_name: str | None | UnsetType = UNSET
    last_name: str | None | UnsetType = UNSET
    email: Text | None | UnsetType = UNSET
    phone: Text | None | UnsetType = UNSET
    account_ids: list[str] | UnsetType = UNSET
    portal_access: bool | UnsetType = UNSET


class LineWish(Wish, frozen=True):
    """A line of an invoice; its amount follows from quantity and rate unless said."""

    description: Text
    quantity: Annotated[float, Meta(ge=0.01, le=10**6)] = 1
    rate: Annotated[float, Meta(ge=0, le=10**8)] = 0
    amount: Annotated[float, Meta(ge=0, le=10**10)] | None = None


class InvoiceWish(Wish, frozen=True):
    """An invoice to write; one posted in the future is scheduled."""

    lines: Annotated[list[LineWish], Meta(min_length=1)] | UnsetType = UNSET
    posted_at: Annotated[datetime, Meta(tz=True)] | UnsetType = UNSET
    due_date: Day | UnsetType = UNSET
    currency: Literal["USD", "CAD"] | UnsetType = UNSET


class PaymentWish(Wish, frozen=True):
    """An offline payment to record."""

    amount: Amount | UnsetType = UNSET
    source: Literal["cash", "check", "card", "other"] | UnsetType = UNSET
    paid_at: Annotated[datetime, Meta(tz=True)] | UnsetType = UNSET
    invoice_ids: list[str] | UnsetType = UNSET


class RefundWish(Wish, frozen=True):
    """Money to give back."""

    amount: Amount | UnsetType = UNSET


class JobWish(Wish, frozen=True):
    """A job to write."""

    name: Text | UnsetType = UNSET
    pipeline_id: str | UnsetType = UNSET
    stage: str | UnsetType = UNSET
    status: Literal["active", "completed", "archived"] | UnsetType = UNSET
    custom_status: str | None | UnsetType = UNSET
    priority: Literal["low", "medium", "high", "urgent"] | UnsetType = UNSET
    assignees: list[str] | UnsetType = UNSET
    due_date: Day | None | UnsetType = UNSET


class TaskWish(Wish, frozen=True):
    """A task to write."""

    job_id: str | UnsetType = UNSET
    name: Text | UnsetType = UNSET
    status: str | UnsetType = UNSET


class TimeWish(Wish, frozen=True):
    """A time entry to write."""

    user_id: Text | UnsetType = UNSET
    job_id: str | None | UnsetType = UNSET
    date: Day | UnsetType = UNSET
    minutes: Annotated[int, Meta(ge=1, le=1440)] | UnsetType = UNSET
    rate: Annotated[float, Meta(ge=0, le=10**8)] | UnsetType = UNSET
    billable: bool | UnsetType = UNSET


class ThreadWish(Wish, frozen=True):
    """A thread to write."""

    job_id: str | None | UnsetType = UNSET
    archived: bool | UnsetType = UNSET


class MessageWish(Wish, frozen=True):
    """A message to send; attachments are ids of documents of the account."""

    body: Body | UnsetType = UNSET
    attachments: list[str] | UnsetType = UNSET


class ClientTaskWish(Wish, frozen=True):
    """A client task to write."""

    text: Text | UnsetType = UNSET
    status: Literal["open", "done"] | UnsetType = UNSET


class DocumentWish(Wish, frozen=True):
    """What may change of a document."""

    name: Text | UnsetType = UNSET
    path: Annotated[str, Meta(pattern="^/")] | UnsetType = UNSET
    status: Literal["pending_approval", "approved", "disapproved", "sealed"] | None | UnsetType = UNSET


class OrganizerWish(Wish, frozen=True):
    """An organizer to send."""

    title: Text | UnsetType = UNSET


class AnswerWish(Wish, frozen=True):
    """An answer to one question; files are ids of documents among the organizer's attachments."""

    question_key: str
    value: str | float | bool | list[str] | None = None


class AnswersWish(Wish, frozen=True):
    """Answers to write."""

    answers: list[AnswerWish] | UnsetType = UNSET


def understood(body: Json, kind: type[Wish], *required: str) -> Json:
    """The body as this wish, as plain values; RefusalError for what cannot be accepted or is not there."""
    try:
        wish: Json = msgspec.to_builtins(msgspec.convert(body, kind))
    except msgspec.ValidationError as error:
        issue, _, path = str(error).partition(" - at `$")
        raise invalid(path.strip("`.") or "body", issue) from error
    for name in required:
        if name not in body:
            raise invalid(name, "is required")
    return {name: value for name, value in wish.items() if name in body}
