"""Work in the practice: a task, a subtask, or a request that the client sees."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from service.resources.common import Meta, Note, NoteInput


class TaskKind(StrEnum):
    """What a task is."""

    TASK = "task"
    SUBTASK = "subtask"
    CLIENT_REQUEST = "client_request"
    RECURRING = "recurring"
    """A pattern that tasks are made after, and none itself."""
    OTHER = "other"


class TaskStatus(StrEnum):
    """How far a task has come."""

    TODO = "todo"
    DOING = "doing"
    BLOCKED = "blocked"
    DONE = "done"
    CANCELLED = "cancelled"
    OTHER = "other"


class TaskPriority(StrEnum):
    """How urgent a task is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    OTHER = "other"


class ChecklistItem(Struct, frozen=True, gc=False, kw_only=True):
    """One thing to tick off within a task."""

    id: str | None
    text: str
    done: bool
    completed_at: datetime | None = None
    completed_by: str | None | UnsetType = UNSET
    """`usr_…`."""
    assignee: str | None | UnsetType = UNSET
    """`usr_…`."""
    group: str | None | UnsetType = UNSET
    """The part of the workflow that it belongs to."""
    kind_native: str | None | UnsetType = UNSET
    """What a step of a workflow does, in the vendor's word (Standard, SendEmail, …)."""
    status_native: str | None | UnsetType = UNSET


class Task(Struct, frozen=True, kw_only=True, gc=False, tag_field="object", tag="task"):
    """A piece of the practice's work."""

    id: str
    """`tsk_…`."""
    remote_id: str
    connection: str
    account: str
    name: str
    kind: TaskKind
    kind_native: str | None
    status: TaskStatus
    """Firms define their own words: what is not recognized is `other`, with the firm's word in `status_native`."""
    status_native: str | None
    parent: str | None | UnsetType = UNSET
    client: str | None
    other_clients: list[str] | UnsetType = UNSET
    """`cli_…`: those that the task is for besides `client`."""
    description: str | None | UnsetType = UNSET
    category: str | None | UnsetType = UNSET
    """What sort of work it is, in the vendor's word: a category, or the id of a pipeline."""
    stage: str | None | UnsetType = UNSET
    """Where in its pipeline it stands, in the vendor's word."""
    engagement: str | None | UnsetType = UNSET
    assignees: list[str]
    """`usr_…`."""
    priority: TaskPriority | None | UnsetType = UNSET
    priority_native: str | None | UnsetType = UNSET
    start_on: date | None
    due_on: date | None
    statutory_due_on: date | None | UnsetType = UNSET
    """The day set by law, where the firm's own is earlier."""
    projected: bool | UnsetType = UNSET
    """Not there yet: what a recurring task will become. Its id changes when it does."""
    recurrence: str | None | UnsetType = UNSET
    """The recurring task it comes from, as people call it."""
    step_count: int | None | UnsetType = UNSET
    steps_done: int | None | UnsetType = UNSET
    budget_minutes: int | None | UnsetType = UNSET
    tax_year: int | None | UnsetType = UNSET
    checklist: list[ChecklistItem] | UnsetType = UNSET
    """The steps of a workflow too. Lists may leave it out where the vendor does: read the one record."""
    note_entries: list[Note] | UnsetType = UNSET
    """Notes on the task and on its steps. Lists may leave them out where the vendor does: read the one record."""
    created_at: datetime | None | UnsetType = UNSET
    updated_at: datetime | None | UnsetType = UNSET
    version: str | UnsetType = UNSET
    meta: Meta = Meta()
    expanded: dict[str, Any] | UnsetType = UNSET
    """With `expand`: the records behind the ids, by the name of the field that holds the id."""
    raw: dict[str, Any] | UnsetType = UNSET


class ChecklistItemInput(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a checklist; `id` names the one it replaces."""

    text: str
    done: bool = False
    id: str | UnsetType = UNSET


class TaskCreate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new task. Only `name` is required."""

    name: str
    kind: TaskKind | UnsetType = UNSET
    parent: str | UnsetType = UNSET
    """`tsk_…`: the task that this one is a part of."""
    client: str | UnsetType = UNSET
    category: str | UnsetType = UNSET
    """As records show it. Some vendors insist on one: at TaxDome a job needs a pipeline."""
    stage: str | UnsetType = UNSET
    engagement: str | UnsetType = UNSET
    status: TaskStatus | UnsetType = UNSET
    status_native: str | UnsetType = UNSET
    """The firm's own word, where firms define them; instead of `status`."""
    assignees: list[str] | UnsetType = UNSET
    """`usr_…`."""
    priority: TaskPriority | UnsetType = UNSET
    description: str | UnsetType = UNSET
    start_on: date | UnsetType = UNSET
    due_on: date | UnsetType = UNSET
    statutory_due_on: date | UnsetType = UNSET
    budget_minutes: int | UnsetType = UNSET
    tax_year: int | UnsetType = UNSET
    checklist: list[ChecklistItemInput] | UnsetType = UNSET


class TaskUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of a task. A field left out stays as it is; null empties it; a list replaces the whole list."""

    name: str | UnsetType = UNSET
    category: str | UnsetType = UNSET
    stage: str | UnsetType = UNSET
    """Another stage moves the work along its pipeline."""
    status: TaskStatus | UnsetType = UNSET
    status_native: str | UnsetType = UNSET
    assignees: list[str] | UnsetType = UNSET
    priority: TaskPriority | UnsetType = UNSET
    description: str | None | UnsetType = UNSET
    start_on: date | None | UnsetType = UNSET
    due_on: date | None | UnsetType = UNSET
    statutory_due_on: date | None | UnsetType = UNSET
    budget_minutes: int | None | UnsetType = UNSET
    tax_year: int | None | UnsetType = UNSET
    checklist: list[ChecklistItemInput] | UnsetType = UNSET
    """The steps of a workflow are ticked off here, by `id`: none can be added or taken away."""
    note_entries: list[NoteInput] | UnsetType = UNSET
    """All notes on the task as a whole, anew: those not named are deleted."""
