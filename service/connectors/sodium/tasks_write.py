"""New and changed tasks as Sodium's requests. The names follow Sodium's other requests: assumed."""

from datetime import date
from decimal import Decimal
from typing import Final

from msgspec import UNSET, UnsetType

from service.connectors.sdk.references import invalid, remote_id_of
from service.connectors.sodium.calls import accept, said
from service.connectors.sodium.task_windows import STATUSES
from service.ids import Book
from service.resources.task import TaskCreate, TaskKind, TaskStatus, TaskUpdate

_ACCEPTED: Final = (
    "name",
    "kind",
    "client",
    "category",
    "description",
    "status",
    "status_native",
    "assignees",
    "start_on",
    "due_on",
    "statutory_due_on",
    "budget_minutes",
)


def from_task_create(new: TaskCreate, book: Book) -> dict[str, object]:
    """The body of a new task. Raises Invalid for what a Sodium task cannot hold."""
    if new.kind is not UNSET and new.kind is not TaskKind.TASK:
        raise invalid("/kind", "unsupported", "Sodium has tasks only.")
    body = {"name": new.name} | _common(new, book)
    if not isinstance(new.client, UnsetType):
        client = remote_id_of(new.client, "cli_", book, "/client")
        body |= {"primaryClientCode": client, "clientCodes": [client]}
    return body


def from_task_update(new: TaskUpdate, book: Book) -> dict[str, object]:
    """What changes of the body that is there. Raises Invalid for what a Sodium task cannot hold."""
    changes = _common(new, book)
    if not isinstance(new.name, UnsetType):
        changes["name"] = new.name
    return changes


def _common(new: TaskCreate | TaskUpdate, book: Book) -> dict[str, object]:
    accept(new, _ACCEPTED if isinstance(new, TaskCreate) else (*_ACCEPTED, "checklist", "note_entries"))
    days: dict[str, date | str | None | UnsetType] = {
        "description": new.description,
        "startDate": new.start_on,
        "dueDate": new.due_on,
        "statutoryDueDate": new.statutory_due_on,
    }
    changes = said(days)
    if (status := _status(new)) is not None:
        changes["status"] = status
    if not isinstance(new.assignees, UnsetType):
        changes["assignedUserCode"] = _assignee(new.assignees, book)
    minutes = new.budget_minutes
    if not isinstance(minutes, UnsetType):
        changes["timeEstimate"] = None if minutes is None else round(Decimal(minutes) / 60, 4)
    return changes


def _status(new: TaskCreate | TaskUpdate) -> str | None:
    """Sodium's word. Its statuses are fixed, so a word of the firm's own has to be one of them."""
    native = new.status_native
    if not isinstance(native, UnsetType):
        if native not in STATUSES.values():
            raise invalid("/status_native", "choice", f"One of: {', '.join(STATUSES.values())}.")
        return native
    if isinstance(new.status, UnsetType):
        return None
    if new.status is TaskStatus.OTHER:
        raise invalid("/status", "unsupported", f"One of: {', '.join(STATUSES)}.")
    return STATUSES[new.status.value]


def _assignee(users: list[str], book: Book) -> str | None:
    if len(users) > 1:
        raise invalid("/assignees/1", "no_place", "A Sodium task has one assignee.")
    return remote_id_of(users[0], "usr_", book, "/assignees/0") if users else None
