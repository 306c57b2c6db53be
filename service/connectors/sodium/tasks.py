"""Tasks, projected ones too, with the steps of their workflow as a checklist."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from service.connectors.sdk.binding import Binding, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.flow import Flow, Request, Response
from service.connectors.sdk.mapper import mapper
from service.connectors.sodium import calls
from service.connectors.sodium.notes import WireNote, pinned_first, to_note, write_notes
from service.connectors.sodium.recurring_tasks import RECURRING, get_recurring, page_recurring
from service.connectors.sodium.task_steps import noted_at_steps, progress_in, read_progress, tick, to_checklist
from service.connectors.sodium.task_windows import STATUSES, lanes
from service.connectors.sodium.tasks_write import from_task_create, from_task_update
from service.connectors.sodium.wire import RefId, RefName, day, documented, instant, meta, minutes, name_of, reference
from service.ids import Book
from service.resources.task import ChecklistItem, Task, TaskCreate, TaskKind, TaskStatus, TaskUpdate


class WireTask(Struct, frozen=True, gc=False):
    """`timeEstimate` is in hours; `timeEstimateMinutes` is what other records of Sodium's have come to call it."""

    code: str
    name: str
    status: str
    isProjected: bool = False
    description: str | None = None
    timeEstimate: Decimal | None = None
    timeEstimateMinutes: int | None = None
    startDate: str | None = None
    dueDate: str | None = None
    statutoryDueDate: str | None = None
    clients: list[RefId] | None = None
    primaryClient: RefId | None = None
    assignedUser: RefId | None = None
    recurringTask: RefName | None = None
    category: RefName | None = None
    workflowSteps: int | None = None
    workflowStepsComplete: int | None = None
    createdDate: datetime | None = None
    updatedDate: datetime | None = None


UNSUPPORTED: Final = ("parent", "stage", "engagement", "priority", "priority_native", "tax_year", "version")
_IN_LIST: Final = meta(*UNSUPPORTED, "checklist", "note_entries")
_STATUSES: Final = {word: TaskStatus(status) for status, word in STATUSES.items()}
_PROJECTED: Final = "proj-"


@mapper
def to_task(wire: WireTask, book: Book) -> Task:
    """A task as a list shows it. One that is projected gets another id once it is there."""
    clients, primary = wire.clients or (), wire.primaryClient
    first = primary if primary is not None or not clients else clients[0]
    return Task(
        id=book.ref("tsk_", wire.code),
        remote_id=wire.code,
        connection=book.connection,
        account=book.account,
        name=wire.name,
        kind=TaskKind.TASK,
        kind_native=None,
        status=_STATUSES.get(wire.status, TaskStatus.OTHER),
        status_native=wire.status,
        client=reference("cli_", first, book),
        description=wire.description or None,
        assignees=[] if wire.assignedUser is None else [book.ref("usr_", wire.assignedUser.code)],
        start_on=day(wire.startDate, "$.startDate"),
        due_on=day(wire.dueDate, "$.dueDate"),
        other_clients=[book.ref("cli_", one.code) for one in clients if first is None or one.code != first.code],
        category=name_of(wire.category),
        statutory_due_on=day(wire.statutoryDueDate, "$.statutoryDueDate"),
        projected=wire.isProjected,
        recurrence=name_of(wire.recurringTask),
        step_count=wire.workflowSteps,
        steps_done=wire.workflowStepsComplete,
        budget_minutes=_budget(wire),
        created_at=instant(wire.createdDate),
        updated_at=instant(wire.updatedDate),
        meta=_IN_LIST,
    )


def _budget(wire: WireTask) -> int | None:
    given = wire.timeEstimateMinutes
    return minutes(wire.timeEstimate, "$.timeEstimate") if given is None else given


_read_list = json_reader(calls.Paged[WireTask])
_read_one = json_reader(WireTask)
_read_note_page = json_reader(calls.Paged[WireNote])


def page(query: Query, book: Book) -> Flow[RemotePage[Task]]:
    """The next page of the lane that the list is in; empty lanes are passed over. The position is `<lane>.<row>`."""
    if "recurring" in query.filters:
        return (yield from page_recurring(query, book))
    ways = lanes(query.filters)
    common = calls.repeated("client", query.filters.get("client", ()))
    common += calls.repeated("user", query.filters.get("assignee", ()))
    head, _, tail = (query.position or "0.0").partition(".")
    start = int(tail)
    for lane in range(int(head), len(ways)):
        request = calls.list_rows("/tasks", start, query.limit, ways[lane] + common)
        page = calls.page_of(_read_list((yield request)), start, query.limit, to_task, book)
        if page.next is not None:
            return RemotePage(page.records, f"{lane}.{page.next}")
        start = 0
        if page.records:
            return RemotePage(page.records, f"{lane + 1}.0" if lane + 1 < len(ways) else None)
    return RemotePage([], None)


def get(remote_id: str, book: Book) -> Flow[Task]:
    """The task with its notes and, where it has a workflow, its steps: two calls or three."""
    if remote_id.startswith(RECURRING):
        return (yield from get_recurring(remote_id, book))
    is_projected = remote_id.startswith(_PROJECTED)
    path = calls.below("/projected-tasks" if is_projected else "/tasks", remote_id)
    wire = _read_one((yield calls.read_one(path)))
    notes = [] if is_projected else (yield from calls.guessed(_notes(path), _read_notes))
    steps: list[ChecklistItem] | UnsetType = []
    if wire.workflowSteps:
        progress = yield from calls.optional(read_progress(path), progress_in)
        steps = UNSET if progress is None else to_checklist(progress, book)
        if progress is not None and notes is not None:
            notes += noted_at_steps(progress, notes)
    entries = UNSET if notes is None else [to_note(note, book) for note in pinned_first(notes)]
    unsaid = [name for name, value in (("checklist", steps), ("note_entries", entries)) if value is UNSET]
    return replace(to_task(wire, book), checklist=steps, note_entries=entries, meta=meta(*UNSUPPORTED, *unsaid))


def _notes(path: str) -> Request:
    paging = (("offset", "0"), ("limit", str(calls.MAX_PAGE)))
    return Request(method="GET", path=f"{path}/taskitemnote", query=paging, lane="read", aside=True)


def _read_notes(response: Response) -> list[WireNote]:
    return [note for note in _read_note_page(response).data if note.text is not None or note.content is not None]


def create(new: TaskCreate, key: str, book: Book) -> Flow[Task]:
    del key
    body = from_task_create(new, book)
    if not isinstance(new.category, UnsetType):
        body["categoryCode"] = yield from calls.code_named("/task-categories", new.category, "/category")
    code = calls.code_of_new((yield calls.write("POST", "/tasks", body)))
    return (yield from calls.read_back(get(code, book)))


def update(remote_id: str, new: TaskUpdate, version: str | None, key: str, book: Book) -> Flow[Task]:
    """Changes the task's steps, then its notes, then itself: a call for each that changes."""
    del version, key
    changes = from_task_update(new, book)
    path = calls.below("/tasks", remote_id)
    if not isinstance(new.category, UnsetType):
        changes["categoryCode"] = yield from calls.code_named("/task-categories", new.category, "/category")
    if not isinstance(new.checklist, UnsetType):
        yield from tick(path, new.checklist)
    if not isinstance(new.note_entries, UnsetType):
        yield from write_notes(f"{path}/taskitemnote", new.note_entries)
    if changes or (new.checklist is UNSET and new.note_entries is UNSET):
        body = calls.replacement((yield calls.read_one(path)), changes, _COMPUTED)
        yield calls.write("PUT", path, body)
    return (yield from calls.read_back(get(remote_id, book)))


_COMPUTED: Final = frozenset({"isProjected", "workflowSteps", "workflowStepsComplete", "workflowStepDetails"})


def delete(remote_id: str, version: str | None, key: str, book: Book) -> Flow[None]:
    del version, key, book
    yield calls.write("DELETE", calls.below("/tasks", remote_id))


BINDING: Final = Binding[Task, TaskCreate, TaskUpdate](
    doc=documented("operations/tasks/listtaskitems.html"),
    wire=Wire(WireTask, many=("data",)),
    unsupported=UNSUPPORTED,
    record_only=("checklist", "note_entries"),
    page=page,
    get=get,
    create=create,
    update=update,
    delete=delete,
    filters={
        "status": Filter(kind="choice", choices=tuple(STATUSES), description="Skipped tasks are cancelled."),
        "client": Filter(kind="reference", prefix="cli_", description="The tasks of one client."),
        "assignee": Filter(kind="reference", prefix="usr_", description="The tasks of one person."),
        "starts_from": Filter(kind="date", description="Starts on that day or later."),
        "starts_to": Filter(kind="date", description="Starts on that day or earlier."),
        "due_from": Filter(kind="date", description="Due on that day or later."),
        "due_to": Filter(kind="date", description="Due on that day or earlier."),
        "overdue": Filter(kind="choice", choices=("true",), description="Due before today and not finished."),
        "projected": Filter(
            kind="choice", choices=("included",), description="With a range of days: what recurring tasks will become."
        ),
        "recurring": Filter(
            kind="choice", choices=("only",), description="The patterns that tasks are made after, instead of tasks."
        ),
    },
    max_page=calls.MAX_PAGE,
    notes="Without a range of days all are listed: those not yet started window by window from 1970 to 2099 by their "
    "start day, then all others; one started meanwhile may be seen twice. A task without a start day that is not yet "
    "started is found through `filter[overdue]`, `due_from` or `due_to` only. `budget_minutes` are rounded. A "
    "workflow is set and taken away by passthrough; here its steps are ticked off. Documented: the addresses of "
    "projected tasks, of notes and of steps; assumed: where the steps of a real task are read, recurring tasks, the "
    "names of the user and projected parameters, and of what is written.",
)
