"""Work: jobs on their way through a pipeline, and the tasks inside them.

TaxDome keeps the two apart and both have ids of their own, so the remote id here says which it is: `job:7`, `task:7`.
"""

from datetime import date
from typing import Annotated, Any, Final, Protocol

from msgspec import Struct, UnsetType
from msgspec.structs import replace

from service.connectors.sdk.binding import Binding, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.faults import NotFound
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.wire import UNMAPPED
from service.connectors.taxdome import calls
from service.connectors.taxdome.tasks_write import (
    JOB,
    JOB_WORDS,
    PRIORITIES,
    TASK,
    TASK_WORDS,
    from_job_create,
    from_job_update,
    from_task_create,
    from_task_update,
)
from service.connectors.taxdome.wire import ASSUMED, DOC, PAGES_MOVE, day
from service.ids import Book
from service.resources.common import Meta
from service.resources.task import Task, TaskCreate, TaskKind, TaskPriority, TaskStatus, TaskUpdate


class WireJob(Struct, frozen=True, gc=False):
    id: str
    account_id: str
    pipeline_id: str | None
    stage: str | None
    status: Annotated[str, UNMAPPED]
    """Not shown in its own word where the firm has one of its own."""
    custom_status: str | None
    priority: str | None
    assignees: list[str]
    due_date: str | None
    name: str | None = None


class WireTask(Struct, frozen=True, gc=False):
    id: str
    job_id: str | None
    status: str
    done: Annotated[bool, UNMAPPED]
    """A tick beside a word that says otherwise has no place of its own."""
    name: str | None = None


class WireWork(Struct, frozen=True, gc=False):
    """What is mapped of a job or a task; neither has all of these."""

    id: str
    status: Annotated[str, UNMAPPED]
    name: str | None = None
    account_id: str | None = None
    job_id: str | None = None
    done: Annotated[bool | None, UNMAPPED] = None
    pipeline_id: str | None = None
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


class _Complete(Protocol):
    """What `replace` does here, typed. Two calls, because one of more than 15 keywords is slow (README, Speed)."""

    def __call__(
        self,
        record: Task,
        /,
        *,
        parent: str | None,
        category: str | None,
        stage: str | None,
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
        JOB_WORDS.get(wire.status, TaskStatus.OTHER),
        wire.custom_status or wire.status,
        wire.account_id,
        book,
        [book.ref("usr_", user) for user in wire.assignees],
        day(wire.due_date, "$.due_date"),
    )
    return _complete(
        task,
        parent=None,
        category=wire.pipeline_id,
        stage=wire.stage,
        priority=None if priority is None else PRIORITIES.get(priority, TaskPriority.OTHER),
        priority_native=priority,
        meta=_META,
    )


def to_task(wire: WireTask, book: Book) -> Task:
    """A task, a part of its job. A tick without a final word beside it counts as done."""
    status, job = TASK_WORDS.get(wire.status, TaskStatus.OTHER), wire.job_id
    if wire.done and status is not TaskStatus.CANCELLED:
        status = TaskStatus.DONE
    kind = TaskKind.TASK if job is None else TaskKind.SUBTASK
    name = wire.name or wire.id
    task = _to_work(TASK + wire.id, name, kind, "task", status, wire.status, book.account, book, [], None)
    return _complete(
        task,
        parent=None if job is None else book.ref("tsk_", JOB + job),
        category=None,
        stage=None,
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


def create(new: TaskCreate, key: str, book: Book) -> Flow[Task]:
    """A new job in a pipeline, or with a `parent` a new task inside that job. Raises Invalid for what has no place."""
    del key
    if isinstance(new.parent, UnsetType):
        body = from_job_create(new, book)
        return (yield from calls.written("POST", "/jobs", body, _read_job, to_job, book))
    body = from_task_create(new, new.parent, book)
    return (yield from calls.written("POST", "/tasks", body, _read_task, to_task, book))


def update(remote_id: str, new: TaskUpdate, version: str | None, key: str, book: Book) -> Flow[Task]:
    """Changes a job or a task. Raises Invalid for what it has no place for."""
    del version, key
    if remote_id.startswith(JOB):
        path, body = calls.below("/jobs", remote_id.removeprefix(JOB)), from_job_update(new, book)
        return (yield from calls.written("PATCH", path, body, _read_job, to_job, book))
    if not remote_id.startswith(TASK):
        raise NotFound("no record has such an id")
    path, body = calls.below("/tasks", remote_id.removeprefix(TASK)), from_task_update(new)
    return (yield from calls.written("PATCH", path, body, _read_task, to_task, book))


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
    "pipeline's id as `category`: passthrough `/pipelines` tells their names and stages. A new job needs one; a new "
    "task needs the job as its `parent`. What lies inside a job is a subtask and belongs to the client whose account "
    "is asked. A job's `status_native` is the firm's own word where it has one. An urgent job is of high priority. "
    f"{PAGES_MOVE}",
)
