"""Canopy's tasks, subtasks and client requests. Each firm defines its own words for their status."""

from datetime import date
from typing import Final

from msgspec import Struct

from service.connectors.canopy.entity import Entity
from service.connectors.canopy.tasks_write import from_task_create, from_task_update
from service.connectors.canopy.wire import DOC, reference
from service.connectors.sdk.binding import Binding
from service.connectors.sdk.codec import Instant, utc
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.mapper import mapper
from service.ids import Book
from service.resources.common import Meta
from service.resources.task import ChecklistItem, Task, TaskCreate, TaskKind, TaskPriority, TaskStatus, TaskUpdate


class WireItem(Struct, frozen=True, gc=False):
    id: str
    text: str
    done: bool
    completed_at: Instant | None = None


class WireTask(Struct, frozen=True, gc=False):
    task_id: str
    kind: str
    name: str
    status: str
    assignee_ids: list[str]
    checklist: list[WireItem]
    parent_id: str | None = None
    client_id: str | None = None
    engagement_id: str | None = None
    priority: str | None = None
    start_date: date | None = None
    due_date: date | None = None
    budget_minutes: int | None = None
    tax_year: int | None = None


UNSUPPORTED: Final = (
    "note_entries",
    "other_clients",
    "description",
    "category",
    "stage",
    "statutory_due_on",
    "projected",
    "recurrence",
    "step_count",
    "steps_done",
    "created_at",
    "updated_at",
    "version",
)
_META: Final = Meta(unsupported=UNSUPPORTED)
_KINDS: Final = {
    "task": TaskKind.TASK,
    "subtask": TaskKind.SUBTASK,
    "client_request": TaskKind.CLIENT_REQUEST,
}
_PRIORITIES: Final = {"low": TaskPriority.LOW, "medium": TaskPriority.MEDIUM, "high": TaskPriority.HIGH}
_STATUSES: Final = {
    "blocked": TaskStatus.BLOCKED,
    "cancelled": TaskStatus.CANCELLED,
    "canceled": TaskStatus.CANCELLED,
    "complete": TaskStatus.DONE,
    "completed": TaskStatus.DONE,
    "done": TaskStatus.DONE,
    "in progress": TaskStatus.DOING,
    "needs review": TaskStatus.DOING,
    "not started": TaskStatus.TODO,
    "on hold": TaskStatus.BLOCKED,
    "ready": TaskStatus.TODO,
    "to do": TaskStatus.TODO,
}
"""The words that firms start with, in lower case; theirs alone are `other`."""


@mapper
def to_task(wire: WireTask, book: Book) -> Task:
    priority = wire.priority
    return Task(
        id=book.ref("tsk_", wire.task_id),
        remote_id=wire.task_id,
        connection=book.connection,
        account=book.account,
        name=wire.name,
        kind=_KINDS.get(wire.kind, TaskKind.OTHER),
        kind_native=wire.kind,
        status=_STATUSES.get(wire.status) or _status(wire.status),
        status_native=wire.status,
        parent=reference("tsk_", wire.parent_id, book),
        client=reference("cli_", wire.client_id, book),
        assignees=[book.ref("usr_", user) for user in wire.assignee_ids],
        priority=None if priority is None else _PRIORITIES.get(priority, TaskPriority.OTHER),
        start_on=wire.start_date,
        due_on=wire.due_date,
        engagement=reference("eng_", wire.engagement_id, book),
        priority_native=priority,
        budget_minutes=wire.budget_minutes,
        tax_year=wire.tax_year,
        checklist=[_item(item) for item in wire.checklist],
        meta=_META,
    )


def _status(word: str) -> TaskStatus:
    return _STATUSES.get(word.lower().replace("_", " ").replace("-", " ").strip(), TaskStatus.OTHER)


def _item(wire: WireItem) -> ChecklistItem:
    at = wire.completed_at
    return ChecklistItem(id=wire.id, text=wire.text, done=wire.done, completed_at=None if at is None else utc(at))


_TASKS: Final = Entity("tasks", WireTask, to_task)


def create(new: TaskCreate, key: str, book: Book) -> Flow[Task]:
    return (yield from _TASKS.created(from_task_create(new, book), key, book))


def update(remote_id: str, new: TaskUpdate, version: str | None, key: str, book: Book) -> Flow[Task]:
    """Changes what is given. Completing the last subtask completes its parent, too."""
    return (yield from _TASKS.changed(remote_id, from_task_update(new, book), key, book))


BINDING: Final = Binding[Task, TaskCreate, TaskUpdate](
    doc=DOC,
    wire=_TASKS.place,
    unsupported=UNSUPPORTED,
    page=_TASKS.page,
    get=_TASKS.get,
    create=create,
    update=update,
    notes="Firms define their own statuses; a word that is not known is `other`, kept in `status_native`, and is "
    "written so. A task completes by itself with its last subtask.",
)
