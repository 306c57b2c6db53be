"""Work: jobs on their way through a pipeline, and the tasks inside them.

TaxDome keeps the two apart and both have ids of their own, so the remote id here says which it is: `job:7`, `task:7`.
"""

from typing import Annotated, Any, Final

from msgspec import Struct, UnsetType

from service.connectors.sdk.binding import Binding, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.faults import NotFound
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.mapper import mapper
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
    "note_entries",
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


@mapper
def to_job(wire: WireJob, book: Book) -> Task:
    """A job, at its stage of a pipeline. The firm's own status, where it has one, is the native one."""
    remote_id, priority = JOB + wire.id, wire.priority
    return Task(
        id=book.ref("tsk_", remote_id),
        remote_id=remote_id,
        connection=book.connection,
        account=book.account,
        name=wire.name or wire.id,
        kind=TaskKind.TASK,
        kind_native="job",
        status=JOB_WORDS.get(wire.status, TaskStatus.OTHER),
        status_native=wire.custom_status or wire.status,
        client=book.ref("cli_", wire.account_id),
        parent=None,
        assignees=[book.ref("usr_", user) for user in wire.assignees],
        start_on=None,
        due_on=day(wire.due_date, "$.due_date"),
        category=wire.pipeline_id,
        stage=wire.stage,
        priority=None if priority is None else PRIORITIES.get(priority, TaskPriority.OTHER),
        priority_native=priority,
        meta=_META,
    )


@mapper
def to_task(wire: WireTask, book: Book) -> Task:
    """A task, a part of its job. A tick without a final word beside it counts as done."""
    remote_id, job = TASK + wire.id, wire.job_id
    status = TASK_WORDS.get(wire.status, TaskStatus.OTHER)
    if wire.done and status is not TaskStatus.CANCELLED:
        status = TaskStatus.DONE
    return Task(
        id=book.ref("tsk_", remote_id),
        remote_id=remote_id,
        connection=book.connection,
        account=book.account,
        name=wire.name or wire.id,
        kind=TaskKind.TASK if job is None else TaskKind.SUBTASK,
        kind_native="task",
        status=status,
        status_native=wire.status,
        client=book.ref("cli_", book.account),
        parent=None if job is None else book.ref("tsk_", JOB + job),
        assignees=[],
        start_on=None,
        due_on=None,
        category=None,
        stage=None,
        priority=None,
        priority_native=None,
        meta=_META,
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
