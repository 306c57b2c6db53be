"""Recurring tasks: the patterns that tasks are made after. Their addresses and names are assumed.

Source: https://sodiumhq.com/docs/api/operations/ (Tasks - Recurring), read 2026-11-20.
"""

from decimal import Decimal
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from service.connectors.sdk.binding import Query, RemotePage
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.faults import NotFound
from service.connectors.sdk.flow import Flow, Request
from service.connectors.sdk.mapper import mapper
from service.connectors.sodium import calls
from service.connectors.sodium.wire import Ref, RefId, RefName, day, meta, minutes, name_of
from service.ids import Book
from service.resources.task import Task, TaskKind, TaskStatus

RECURRING: Final = "recurring:"


class WireRecurring(Struct, frozen=True, gc=False):
    code: str
    name: str
    description: str | None = None
    frequency: str | None = None
    startDate: str | None = None
    endDate: str | None = None
    timeEstimate: Decimal | None = None
    category: RefName | None = None
    assignedUser: RefId | None = None
    isActive: bool | None = None


_UNSAID: Final = (
    "parent",
    "stage",
    "engagement",
    "priority",
    "priority_native",
    "tax_year",
    "statutory_due_on",
    "projected",
    "step_count",
    "steps_done",
    "checklist",
    "note_entries",
    "created_at",
    "updated_at",
    "version",
)
_META: Final = meta(*_UNSAID)
_IN_LIST: Final = meta("other_clients", *_UNSAID)


@mapper
def to_task(wire: WireRecurring, clients: list[str] | None, book: Book) -> Task:
    """A pattern as a task of the kind `recurring`: from when on, how often, and until when it is `due`."""
    remote_id = RECURRING + wire.code
    task = Task(
        id=book.ref("tsk_", remote_id),
        remote_id=remote_id,
        connection=book.connection,
        account=book.account,
        name=wire.name,
        kind=TaskKind.RECURRING,
        kind_native="recurring",
        status=TaskStatus.CANCELLED if wire.isActive is False else TaskStatus.TODO,
        status_native=None if wire.isActive is None else str(wire.isActive).lower(),
        client=None,
        description=wire.description or None,
        category=name_of(wire.category),
        assignees=[] if wire.assignedUser is None else [book.ref("usr_", wire.assignedUser.code)],
        start_on=day(wire.startDate, "$.startDate"),
        due_on=day(wire.endDate, "$.endDate"),
        recurrence=wire.frequency,
        budget_minutes=minutes(wire.timeEstimate, "$.timeEstimate"),
        meta=_IN_LIST,
    )
    if clients is None:
        return task
    return replace(task, other_clients=[book.ref("cli_", one) for one in clients], meta=_META)


_read_list = json_reader(calls.Paged[WireRecurring])
_read_one = json_reader(WireRecurring)
_read_clients = json_reader(calls.Paged[Ref])


def page_recurring(query: Query, book: Book) -> Flow[RemotePage[Task]]:
    start = calls.start_of(query)
    answer = _read_list((yield calls.list_rows("/recurring-tasks", start, query.limit)))
    return calls.page_of(answer, start, query.limit, lambda row, book: to_task(row, None, book), book)


def get_recurring(remote_id: str, book: Book) -> Flow[Task]:
    """The pattern and, up to fifty, the clients it is for: two calls."""
    path = calls.below("/recurring-tasks", remote_id.removeprefix(RECURRING))
    if path.endswith("/"):
        raise NotFound("no record has such an id")
    wire = _read_one((yield calls.read_one(path)))
    paging = (("offset", "0"), ("limit", str(calls.MAX_PAGE)))
    asked = Request(method="GET", path=f"{path}/clients", query=paging, lane="read", aside=True)
    clients = yield from calls.guessed(asked, _read_clients)
    whole = clients is not None and not calls.has_more(clients, 0, calls.MAX_PAGE)
    return to_task(wire, [one.code for one in clients.data] if clients is not None and whole else None, book)
