"""New and changed tasks for Canopy, whose words for a task's status are the firm's own."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.references import accept, invalid, remote_id_of
from service.ids import Book
from service.resources.task import ChecklistItemInput, TaskCreate, TaskKind, TaskPriority, TaskStatus, TaskUpdate


class WriteItem(Struct, frozen=True):
    text: str
    done: bool
    id: str | UnsetType = UNSET


class WriteTask(Struct, frozen=True, kw_only=True):
    name: str | UnsetType = UNSET
    kind: str | UnsetType = UNSET
    parent_id: str | UnsetType = UNSET
    client_id: str | UnsetType = UNSET
    engagement_id: str | UnsetType = UNSET
    status: str | UnsetType = UNSET
    assignee_ids: list[str] | UnsetType = UNSET
    priority: str | UnsetType = UNSET
    start_date: date | None | UnsetType = UNSET
    due_date: date | None | UnsetType = UNSET
    budget_minutes: int | None | UnsetType = UNSET
    tax_year: int | None | UnsetType = UNSET
    checklist: list[WriteItem] | UnsetType = UNSET


def from_task_create(new: TaskCreate, book: Book) -> WriteTask:
    """The body of a new task; one with a parent is a subtask unless its kind says else."""
    accept(new, (*_ACCEPTED, "kind", "parent", "client", "engagement"), "Canopy")
    kind = new.kind
    if isinstance(kind, UnsetType) and not isinstance(new.parent, UnsetType):
        kind = TaskKind.SUBTASK
    if kind in (TaskKind.OTHER, TaskKind.RECURRING):
        raise invalid("/kind", "unsupported", "Canopy has tasks, subtasks and client requests.")
    if kind is TaskKind.SUBTASK and isinstance(new.parent, UnsetType):
        raise invalid("/parent", "required", "A subtask is a part of another task.")
    return WriteTask(
        name=new.name,
        kind=kind if isinstance(kind, UnsetType) else kind.value,
        parent_id=_id(new.parent, "tsk_", book, "/parent"),
        client_id=_id(new.client, "cli_", book, "/client"),
        engagement_id=_id(new.engagement, "eng_", book, "/engagement"),
        status=_status(new.status, new.status_native),
        assignee_ids=_assignees(new.assignees, book),
        priority=_priority(new.priority),
        start_date=new.start_on,
        due_date=new.due_on,
        budget_minutes=new.budget_minutes,
        tax_year=new.tax_year,
        checklist=_checklist(new.checklist),
    )


def from_task_update(new: TaskUpdate, book: Book) -> WriteTask:
    """The body of a change."""
    accept(new, _ACCEPTED, "Canopy")
    return WriteTask(
        name=new.name,
        status=_status(new.status, new.status_native),
        assignee_ids=_assignees(new.assignees, book),
        priority=_priority(new.priority),
        start_date=new.start_on,
        due_date=new.due_on,
        budget_minutes=new.budget_minutes,
        tax_year=new.tax_year,
        checklist=_checklist(new.checklist),
    )


_ACCEPTED: Final = (
    "name",
    "status",
    "status_native",
    "assignees",
    "priority",
    "start_on",
    "due_on",
    "budget_minutes",
    "tax_year",
    "checklist",
)
_STATUSES: Final = {TaskStatus.TODO: "Ready", TaskStatus.DOING: "In progress", TaskStatus.DONE: "Completed"}
"""The words that firms start with."""


def _status(status: TaskStatus | UnsetType, native: str | UnsetType) -> str | UnsetType:
    if not isinstance(native, UnsetType):
        if not isinstance(status, UnsetType):
            raise invalid("/status_native", "one_of", "Give either `status` or `status_native`.")
        return native
    if isinstance(status, UnsetType):
        return UNSET
    if status not in _STATUSES:
        raise invalid("/status", "unsupported", "Firms name this state themselves: give their word as `status_native`.")
    return _STATUSES[status]


def _id(text: str | UnsetType, prefix: str, book: Book, pointer: str) -> str | UnsetType:
    return UNSET if isinstance(text, UnsetType) else remote_id_of(text, prefix, book, pointer)


def _assignees(users: Sequence[str] | UnsetType, book: Book) -> list[str] | UnsetType:
    if isinstance(users, UnsetType):
        return UNSET
    return [remote_id_of(user, "usr_", book, f"/assignees/{index}") for index, user in enumerate(users)]


def _priority(priority: TaskPriority | UnsetType) -> str | UnsetType:
    if priority is TaskPriority.OTHER:
        raise invalid("/priority", "unsupported", "Canopy has low, medium and high.")
    return UNSET if isinstance(priority, UnsetType) else priority.value


def _checklist(items: Sequence[ChecklistItemInput] | UnsetType) -> list[WriteItem] | UnsetType:
    return UNSET if isinstance(items, UnsetType) else [WriteItem(item.text, item.done, item.id) for item in items]
