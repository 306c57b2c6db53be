"""Chats with a client, with the tasks that the client is given in them."""

from typing import Any, Final

from msgspec import Struct

from service.connectors.sdk.binding import Binding, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.taxdome import calls
from service.connectors.taxdome.tasks import JOB
from service.connectors.taxdome.wire import ASSUMED, DOC, PAGES_MOVE
from service.ids import Book
from service.resources.common import Meta
from service.resources.message import ClientTask, Thread


class WireClientTask(Struct, frozen=True, gc=False):
    id: str
    text: str
    status: str


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


BINDING: Final = Binding[Thread, Any, Any](
    doc=DOC,
    wire=Wire(WireThread, many=("items",)),
    unsupported=UNSUPPORTED,
    page=calls.pages("/threads", json_reader(calls.Paged[WireThread]), to_thread),
    get=calls.gets("/threads", json_reader(WireThread), to_thread),
    max_page=calls.MAX_PAGE,
    notes=f"{ASSUMED} A client task whose word is not known counts as open. {PAGES_MOVE}",
)
