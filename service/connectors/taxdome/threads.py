"""Chats with a client, with the tasks that the client is given in them."""

from typing import Annotated, Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.binding import Binding, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.references import invalid
from service.connectors.sdk.wire import UNMAPPED
from service.connectors.sdk.written import read_back
from service.connectors.taxdome import calls
from service.connectors.taxdome.tasks_write import JOB, job_of
from service.connectors.taxdome.wire import ASSUMED, DOC, PAGES_MOVE
from service.ids import Book
from service.resources.common import Meta
from service.resources.message import ClientTask, ClientTaskInput, Thread, ThreadCreate, ThreadUpdate


class WireClientTask(Struct, frozen=True, gc=False):
    id: str
    text: str
    status: Annotated[str, UNMAPPED]
    """Only whether it is done has a place."""


class WireThread(Struct, frozen=True, gc=False):
    id: str
    account_id: str
    archived: bool
    job_id: str | None
    client_tasks: list[WireClientTask]


UNSUPPORTED: Final = ("subject", "created_at", "updated_at", "version")
_META: Final = Meta(unsupported=UNSUPPORTED)


def to_thread(wire: WireThread, book: Book) -> Thread:
    tasks = wire.client_tasks
    return Thread(
        id=book.ref("thr_", wire.id),
        remote_id=wire.id,
        connection=book.connection,
        account=book.account,
        client=book.ref("cli_", wire.account_id),
        task=None if wire.job_id is None else book.ref("tsk_", JOB + wire.job_id),
        archived=wire.archived,
        client_tasks=[ClientTask(id=one.id, text=one.text, done=one.status == "done") for one in tasks],
        meta=_META,
    )


_read_one = json_reader(WireThread)
get: Final = calls.gets("/threads", _read_one, to_thread)


def create(new: ThreadCreate, key: str, book: Book) -> Flow[Thread]:
    """A new thread, about a job perhaps. Raises Invalid for what a thread has no place for."""
    del key
    calls.accept(new, ("client", "task"))
    calls.own_client(new.client, book)
    return (yield from calls.written("POST", "/threads", _body(new, book), _read_one, to_thread, book))


def update(remote_id: str, new: ThreadUpdate, version: str | None, key: str, book: Book) -> Flow[Thread]:
    """Puts a thread away or opens it again, or links it to a job; or gives the client a task, or changes one."""
    del version, key
    calls.accept(new, ("task", "archived", "client_task"))
    if not isinstance(new.client_task, UnsetType):
        if new.task is not UNSET or new.archived is not UNSET:
            raise invalid("/client_task", "alone", "TaxDome takes a client's task by itself: say it alone.")
        yield from _give(new.client_task, calls.below("/threads", remote_id, "client-tasks"), book)
        return (yield from read_back(get(remote_id, book)))
    body = _body(new, book) | ({} if isinstance(new.archived, UnsetType) else {"archived": new.archived})
    path = calls.below("/threads", remote_id)
    return (yield from calls.written("PATCH", path, body, _read_one, to_thread, book))


def _give(task: ClientTaskInput, path: str, book: Book) -> Flow[None]:
    """Writes one task of the client's."""
    done = {} if isinstance(task.done, UnsetType) else {"status": "done" if task.done else "open"}
    text = {} if isinstance(task.text, UnsetType) else {"text": task.text}
    if not isinstance(task.id, UnsetType):
        written = calls.write("PATCH", calls.below(path, task.id), text | done, book)
    elif text:
        written = calls.write("POST", path, text | done, book)
    else:
        raise invalid("/client_task/text", "required", "A new task says what the client is to do.")
    calls.refuse_fault((yield from calls.ask(written, book)))


def _body(new: ThreadCreate | ThreadUpdate, book: Book) -> dict[str, object]:
    if isinstance(new.task, UnsetType):
        return {}
    return {"job_id": None if new.task is None else job_of(new.task, book, "/task")}


BINDING: Final = Binding[Thread, ThreadCreate, ThreadUpdate](
    doc=DOC,
    wire=Wire(WireThread, many=("items",)),
    unsupported=UNSUPPORTED,
    page=calls.pages("/threads", json_reader(calls.Paged[WireThread]), to_thread),
    get=get,
    create=create,
    update=update,
    max_page=calls.MAX_PAGE,
    notes=f"{ASSUMED} A client task whose word is not known counts as open; one is written at a time, by itself. "
    f"{PAGES_MOVE}",
)
