"""New and changed jobs and tasks as TaxDome's requests, and the words of both. Names follow its screens: assumed."""

from collections.abc import Mapping
from typing import Final

from msgspec import UNSET, UnsetType

from service.connectors.sdk.references import invalid, refuse, remote_id_of
from service.connectors.taxdome import calls
from service.ids import Book
from service.resources.task import TaskCreate, TaskKind, TaskPriority, TaskStatus, TaskUpdate

JOB: Final = "job:"
TASK: Final = "task:"
JOB_WORDS: Final = {"active": TaskStatus.DOING, "completed": TaskStatus.DONE}
"""An archived job is out of sight, which says nothing of whether it was done: `other`."""
TASK_WORDS: Final = {
    "no_status": TaskStatus.TODO,
    "planned": TaskStatus.TODO,
    "in_progress": TaskStatus.DOING,
    "in_review": TaskStatus.DOING,
    "on_hold": TaskStatus.BLOCKED,
    "extended": TaskStatus.BLOCKED,
    "waiting_for_client": TaskStatus.BLOCKED,
    "waiting_for_signatures": TaskStatus.BLOCKED,
    "waiting_for_agency": TaskStatus.BLOCKED,
    "completed": TaskStatus.DONE,
    "canceled": TaskStatus.CANCELLED,
}
PRIORITIES: Final = {
    "low": TaskPriority.LOW,
    "medium": TaskPriority.MEDIUM,
    "high": TaskPriority.HIGH,
    "urgent": TaskPriority.HIGH,
}

_ACCEPTED: Final = ("name", "kind", "parent", "client", "status", "status_native")
_OF_JOBS_ALONE: Final = ("category", "stage", "assignees", "priority", "due_on")
_SAID_OF_JOBS: Final = {status: word for word, status in JOB_WORDS.items()}
_SAID_OF_TASKS: Final = {
    TaskStatus.TODO: "planned",
    TaskStatus.DOING: "in_progress",
    TaskStatus.BLOCKED: "on_hold",
    TaskStatus.DONE: "completed",
    TaskStatus.CANCELLED: "canceled",
}


def job_of(task: str, book: Book, pointer: str) -> str:
    """The vendor's id of the job that a `tsk_…` names. Raises Invalid at `pointer` for the id of a task inside one."""
    kind, _, job = remote_id_of(task, "tsk_", book, pointer).partition(":")
    if kind != "job":
        raise invalid(pointer, "not_a_job", "Name the job: a task whose `kind_native` is job.")
    return job


def from_job_create(new: TaskCreate, book: Book) -> dict[str, object]:
    """The body of a new job; it begins in the pipeline's first stage unless said."""
    if isinstance(new.category, UnsetType):
        raise invalid("/category", "required", "The id of a pipeline for a job, or a `parent` for a task inside one.")
    if new.kind is not UNSET and new.kind is not TaskKind.TASK:
        raise invalid("/kind", "choice", "A job is a task; what lies inside one is a subtask and has a `parent`.")
    return _job(new, book)


def from_job_update(new: TaskUpdate, book: Book) -> dict[str, object]:
    return _job(new, book)


def from_task_create(new: TaskCreate, parent: str, book: Book) -> dict[str, object]:
    """The body of a new task inside the job `parent`."""
    if new.kind is not UNSET and new.kind is not TaskKind.SUBTASK:
        raise invalid("/kind", "choice", "What lies inside a job is a subtask.")
    body = _task(new)
    if not isinstance(new.client, UnsetType):
        calls.own_client(new.client, book)
    return body | {"job_id": job_of(parent, book, "/parent")}


def from_task_update(new: TaskUpdate) -> dict[str, object]:
    return _task(new)


def _task(new: TaskCreate | TaskUpdate) -> dict[str, object]:
    calls.accept(new, (*_ACCEPTED, *_OF_JOBS_ALONE))
    refuse(new, _OF_JOBS_ALONE, "A TaxDome task")
    native = new.status_native
    if not isinstance(native, UnsetType) and native not in TASK_WORDS:
        raise invalid("/status_native", "choice", f"One of: {', '.join(TASK_WORDS)}.")
    status = _word(new.status, _SAID_OF_TASKS) if isinstance(native, UnsetType) else native
    return _said({"name": new.name, "status": status})


def _job(new: TaskCreate | TaskUpdate, book: Book) -> dict[str, object]:
    """What is said of a job. A `status_native` that is none of TaxDome's own words is the firm's own."""
    calls.accept(new, (*_ACCEPTED, *_OF_JOBS_ALONE))
    if isinstance(new, TaskCreate) and not isinstance(new.client, UnsetType):
        calls.own_client(new.client, book)
    if new.priority is TaskPriority.OTHER:
        raise invalid("/priority", "choice", "One of: low, medium, high.")
    body: dict[str, object] = {
        "name": new.name,
        "pipeline_id": new.category,
        "stage": new.stage,
        "status": _word(new.status, _SAID_OF_JOBS),
        "priority": UNSET if isinstance(new.priority, UnsetType) else new.priority.value,
        "due_date": new.due_on,
    }
    native = new.status_native
    if not isinstance(native, UnsetType):
        if not isinstance(new.status, UnsetType):
            raise invalid("/status_native", "one_of", "Give either `status` or `status_native`.")
        is_ours = native in (*JOB_WORDS, "archived")
        body |= {"status": native, "custom_status": None} if is_ours else {"custom_status": native}
    if not isinstance(new.assignees, UnsetType):
        body["assignees"] = [
            remote_id_of(user, "usr_", book, f"/assignees/{index}") for index, user in enumerate(new.assignees)
        ]
    return _said(body)


def _word(status: TaskStatus | UnsetType, words: Mapping[TaskStatus, str]) -> str | UnsetType:
    """TaxDome's word for the status. Raises Invalid for one that it does not have."""
    if isinstance(status, UnsetType):
        return UNSET
    if status not in words:
        raise invalid("/status", "choice", f"One of: {', '.join(words)}.")
    return words[status]


def _said(body: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in body.items() if value is not UNSET}
