"""Work: jobs on their way through a pipeline, and the tasks inside them.

TaxDome keeps the two apart and both have ids of their own, so the remote id here says which it is: `job:7`, `task:7`.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final, Protocol

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from service.connectors.sdk.binding import Binding, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.faults import NotFound
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.references import invalid, refuse, remote_id_of
from service.connectors.sdk.wire import UNMAPPED
from service.connectors.taxdome import calls
from service.connectors.taxdome.wire import ASSUMED, DOC, PAGES_MOVE, day
from service.ids import Book
from service.resources.common import Meta
from service.resources.task import Task, TaskCreate, TaskKind, TaskPriority, TaskStatus, TaskUpdate

JOB: Final = "job:"
TASK: Final = "task:"


class WireJob(Struct, frozen=True, gc=False):
    id: str
    account_id: str
    pipeline_id: Annotated[str | None, UNMAPPED]
    stage: str | None
    status: str
    custom_status: str | None
    priority: str | None
    assignees: list[str]
    due_date: str | None
    name: str | None = None


class WireTask(Struct, frozen=True, gc=False):
    id: str
    job_id: str | None
    status: str
    done: bool
    name: str | None = None


class WireWork(Struct, frozen=True, gc=False):
    """What is mapped of a job or a task; neither has all of these."""

    id: str
    status: str
    name: str | None = None
    account_id: str | None = None
    job_id: str | None = None
    done: bool | None = None
    pipeline_id: Annotated[str | None, UNMAPPED] = None
    stage: str | None = None
    custom_status: str | None = None
    priority: str | None = None
    assignees: list[str] = []
    due_date: str | None = None


UNSUPPORTED: Final = (
    "other_clients",
    "description",
    "engagement",
    "statutory_due_on",
    "projected",
    "recurrence",
    "step_count",
    "steps_done",
    "budget_minutes",
    "tax_year",
    "checklist",
    "created_at",
    "updated_at",
    "version",
)
_META: Final = Meta(unsupported=UNSUPPORTED)
_JOBS: Final = {"active": TaskStatus.DOING, "completed": TaskStatus.DONE}
"""An archived job is out of sight, which says nothing of whether it was done: `other`."""
_TASKS: Final = {
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
_PRIORITIES: Final = {
    "low": TaskPriority.LOW,
    "medium": TaskPriority.MEDIUM,
    "high": TaskPriority.HIGH,
    "urgent": TaskPriority.HIGH,
}


class _Complete(Protocol):
    """What `replace` does here, typed. Two calls, because one of more than 15 keywords is slow (README, Speed)."""

    def __call__(
        self,
        record: Task,
        /,
        *,
        parent: str | None,
        category: str | None,
        priority: TaskPriority | None,
        priority_native: str | None,
        meta: Meta,
    ) -> Task: ...


_complete: _Complete = replace


def to_job(wire: WireJob, book: Book) -> Task:
    """A job, at its stage of a pipeline. The firm's own status, where it has one, is the native one."""
    priority = wire.priority
    task = _to_work(
        JOB + wire.id,
        wire.name or wire.id,
        TaskKind.TASK,
        "job",
        _JOBS.get(wire.status, TaskStatus.OTHER),
        wire.custom_status or wire.status,
        wire.account_id,
        book,
        [book.ref("usr_", user) for user in wire.assignees],
        day(wire.due_date, "$.due_date"),
    )
    return _complete(
        task,
        parent=None,
        category=wire.stage,
        priority=None if priority is None else _PRIORITIES.get(priority, TaskPriority.OTHER),
        priority_native=priority,
        meta=_META,
    )


def to_task(wire: WireTask, book: Book) -> Task:
    """A task, a part of its job. A tick without a final word beside it counts as done."""
    status, job = _TASKS.get(wire.status, TaskStatus.OTHER), wire.job_id
    if wire.done and status is not TaskStatus.CANCELLED:
        status = TaskStatus.DONE
    kind = TaskKind.TASK if job is None else TaskKind.SUBTASK
    name = wire.name or wire.id
    task = _to_work(TASK + wire.id, name, kind, "task", status, wire.status, book.account, book, [], None)
    return _complete(
        task,
        parent=None if job is None else book.ref("tsk_", JOB + job),
        category=None,
        priority=None,
        priority_native=None,
        meta=_META,
    )


def _to_work(
    remote_id: str,
    name: str,
    kind: TaskKind,
    kind_native: str,
    status: TaskStatus,
    word: str,
    account: str,
    book: Book,
    assignees: list[str],
    due_on: date | None,
) -> Task:
    return Task(
        id=book.ref("tsk_", remote_id),
        remote_id=remote_id,
        connection=book.connection,
        account=book.account,
        name=name,
        kind=kind,
        kind_native=kind_native,
        status=status,
        status_native=word,
        client=book.ref("cli_", account),
        assignees=assignees,
        start_on=None,
        due_on=due_on,
    )


_read_job = json_reader(WireJob)
_read_task = json_reader(WireTask)
_LANES: Final[dict[str, calls.Lane[Any, Task]]] = {
    "job": calls.Lane("/jobs", json_reader(calls.Paged[WireJob]), to_job),
    "task": calls.Lane("/tasks", json_reader(calls.Paged[WireTask]), to_task),
}
_READ: Final = {JOB: calls.gets("/jobs", _read_job, to_job), TASK: calls.gets("/tasks", _read_task, to_task)}


def page(query: Query, book: Book) -> Flow[RemotePage[Task]]:
    """Jobs first, then tasks, each on pages of their own."""
    wanted = query.filters.get("kind", tuple(_LANES))
    return calls.page_over([_LANES[kind] for kind in _LANES if kind in wanted], query, book)


def get(remote_id: str, book: Book) -> Flow[Task]:
    for kind, read in _READ.items():
        if remote_id.startswith(kind):
            return (yield from read(remote_id.removeprefix(kind), book))
    raise NotFound("no record has such an id")


def job_of(task: str, book: Book, pointer: str) -> str:
    """The vendor's id of the job that a `tsk_…` names. Raises Invalid at `pointer` for the id of a task inside one."""
    kind, _, job = remote_id_of(task, "tsk_", book, pointer).partition(":")
    if kind != "job":
        raise invalid(pointer, "not_a_job", "Name the job: a task whose `kind_native` is job.")
    return job


_ACCEPTED: Final = ("name", "kind", "parent", "client", "status", "status_native", "assignees", "priority", "due_on")
_OF_JOBS_ALONE: Final = ("assignees", "priority", "due_on")
_JOB_WORDS: Final = {status: word for word, status in _JOBS.items()}
_TASK_WORDS: Final = {
    TaskStatus.TODO: "planned",
    TaskStatus.DOING: "in_progress",
    TaskStatus.BLOCKED: "on_hold",
    TaskStatus.DONE: "completed",
    TaskStatus.CANCELLED: "canceled",
}


def create(new: TaskCreate, key: str, book: Book) -> Flow[Task]:
    """A new task inside a job. A job needs a pipeline, which the unified task cannot name: Invalid without `parent`."""
    del key
    calls.accept(new, _ACCEPTED)
    refuse(new, _OF_JOBS_ALONE, "A TaxDome task")
    if isinstance(new.parent, UnsetType):
        raise invalid("/parent", "required", "TaxDome makes tasks inside a job: name one.")
    if new.kind is not UNSET and new.kind is not TaskKind.SUBTASK:
        raise invalid("/kind", "choice", "What lies inside a job is a subtask.")
    if not isinstance(new.client, UnsetType):
        calls.own_client(new.client, book)
    body = _task_body(new) | {"job_id": job_of(new.parent, book, "/parent")}
    return (yield from calls.written("POST", "/tasks", body, _read_task, to_task, book))


def update(remote_id: str, new: TaskUpdate, version: str | None, key: str, book: Book) -> Flow[Task]:
    """Changes a job or a task. Raises Invalid for what it has no place for."""
    del version, key
    calls.accept(new, _ACCEPTED)
    kind, _, own_id = remote_id.partition(":")
    if kind == "job":
        path = calls.below("/jobs", own_id)
        return (yield from calls.written("PATCH", path, _job_body(new, book), _read_job, to_job, book))
    if kind != "task":
        raise NotFound("no record has such an id")
    refuse(new, _OF_JOBS_ALONE, "A TaxDome task")
    path = calls.below("/tasks", own_id)
    return (yield from calls.written("PATCH", path, _task_body(new), _read_task, to_task, book))


def _task_body(new: TaskCreate | TaskUpdate) -> dict[str, object]:
    body: dict[str, object] = {"name": new.name, "status": _word(new, _TASK_WORDS, tuple(_TASKS))}
    return {name: value for name, value in body.items() if value is not UNSET}


def _job_body(new: TaskUpdate, book: Book) -> dict[str, object]:
    if new.priority is TaskPriority.OTHER:
        raise invalid("/priority", "choice", "One of: low, medium, high.")
    body: dict[str, object] = {
        "name": new.name,
        "status": _word(new, _JOB_WORDS, ("active", "completed", "archived")),
        "priority": UNSET if isinstance(new.priority, UnsetType) else new.priority.value,
        "due_date": new.due_on,
    }
    if not isinstance(new.assignees, UnsetType):
        body["assignees"] = [
            remote_id_of(user, "usr_", book, f"/assignees/{index}") for index, user in enumerate(new.assignees)
        ]
    return {name: value for name, value in body.items() if value is not UNSET}


def _word(new: TaskCreate | TaskUpdate, words: Mapping[TaskStatus, str], natives: tuple[str, ...]) -> str | UnsetType:
    """TaxDome's word for the status. Raises Invalid for one that it does not have."""
    native, status = new.status_native, new.status
    if not isinstance(native, UnsetType):
        if native not in natives:
            raise invalid("/status_native", "choice", f"One of: {', '.join(natives)}.")
        return native
    if isinstance(status, UnsetType):
        return UNSET
    if status not in words:
        raise invalid("/status", "choice", f"One of: {', '.join(words)}.")
    return words[status]


BINDING: Final = Binding[Task, TaskCreate, TaskUpdate](
    doc=DOC,
    wire=Wire(WireWork, many=("items",)),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
    create=create,
    update=update,
    filters={"kind": Filter(kind="choice", choices=tuple(_LANES), description="Jobs, or the tasks inside them.")},
    max_page=calls.MAX_PAGE,
    paging="emulated",
    notes=f"{ASSUMED} Jobs come before tasks, never both on one page. A job is a task of `kind_native` job with its "
    "stage as `category`; the tasks inside are its subtasks and belong to the client whose account is asked. An urgent "
    f"one is of high priority. {PAGES_MOVE}",
)
