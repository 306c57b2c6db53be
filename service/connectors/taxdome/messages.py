"""Messages. TaxDome lists them by thread only, so the threads are walked, unless one is named."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from msgspec import Struct, UnsetType

from service.connectors.sdk.binding import Binding, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import Instant, json_reader
from service.connectors.sdk.faults import NotFound, Unavailable
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.paging import converted
from service.connectors.sdk.references import remote_id_of
from service.connectors.taxdome import calls
from service.connectors.taxdome.organizers import WireFile
from service.connectors.taxdome.threads import WireThread
from service.connectors.taxdome.wire import ASSUMED, DOC, PAGES_MOVE, instant
from service.ids import Book
from service.resources.common import Meta
from service.resources.message import Message, MessageCreate

M = TypeVar("M")


class WireMessage(Struct, frozen=True, gc=False):
    id: str
    body: str
    author: str | None
    sent_at: Instant | None
    attachments: list[WireFile]


UNSUPPORTED: Final = ("version",)
_META: Final = Meta(unsupported=UNSUPPORTED)
_THREADS_AT_ONCE: Final = 10
_MOVES: Final = 3


def to_message(wire: WireMessage, thread: str, book: Book) -> Message:
    """A message. Its files are documents in the area `message`."""
    remote_id = f"{thread}:{wire.id}"
    return Message(
        id=book.ref("msg_", remote_id),
        remote_id=remote_id,
        connection=book.connection,
        account=book.account,
        thread=book.ref("thr_", thread),
        author=wire.author,
        body=wire.body,
        sent_at=instant(wire.sent_at),
        attachments=[book.ref("doc_", attachment_id(thread, wire.id, file.id)) for file in wire.attachments],
        meta=_META,
    )


def attachment_id(thread: str, message: str, file: str) -> str:
    """The remote id of a file on a message: TaxDome knows it by its place alone."""
    return f"{thread}:{message}:{file}"


_read_threads = json_reader(calls.Paged[WireThread])
_read_list = json_reader(calls.Paged[WireMessage])


def page(query: Query, book: Book) -> Flow[RemotePage[Message]]:
    """One page of one thread, or of the thread that is named."""
    return page_over_threads(query, book, lambda wire, thread, book: [to_message(wire, thread, book)])


def page_over_threads(
    query: Query, book: Book, records_of: Callable[[WireMessage, str, Book], list[M]], *, aside: bool = False
) -> Flow[RemotePage[M]]:
    """What the messages of one page of one thread become; threads with nothing are passed over, ten at most in a call.

    The position is `<page of threads>.<thread in it>.<page>.<size>`; with a thread named the first two are 0.
    """
    outer, index, inner, size = _place(query)
    named = query.filters.get("thread")
    if named is not None:
        records, following = yield from _messages(named[0], inner, size, book, records_of, aside)
        return RemotePage(records, None if following is None else f"0.0.{following}.{size}")
    threads = calls.list_rows("/threads", outer, _THREADS_AT_ONCE, book, aside=True)
    answer = _read_threads((yield from calls.ask(threads, book)))
    more_threads = calls.next_page(answer, outer)
    for at in range(index, len(answer.items)):
        records, following = yield from _messages(answer.items[at].id, inner, size, book, records_of, aside)
        if following is not None:
            return RemotePage(records, f"{outer}.{at}.{following}.{size}")
        inner = 1
        if records and at + 1 < len(answer.items):
            return RemotePage(records, f"{outer}.{at + 1}.1.{size}")
        if records:
            return RemotePage(records, None if more_threads is None else f"{more_threads}.0.1.{size}")
    return RemotePage([], None if more_threads is None else f"{more_threads}.0.1.{size}")


def _place(query: Query) -> tuple[int, int, int, int]:
    if query.position is None:
        return 1, 0, 1, min(query.limit, calls.MAX_PAGE)
    outer, index, inner, size = (int(part) for part in query.position.split("."))
    return outer, index, inner, size


def _messages(
    thread: str,
    page: int,
    size: int,
    book: Book,
    records_of: Callable[[WireMessage, str, Book], list[M]],
    aside: bool,
) -> Flow[tuple[list[M], int | None]]:
    path = calls.below("/threads", thread, "messages")
    answer = _read_list((yield from calls.ask(calls.list_rows(path, page, size, book, aside=aside), book)))
    found = converted(answer.items, lambda wire, book: records_of(wire, thread, book), book, "$.items")
    return [record for records in found for record in records], calls.next_page(answer, page)


_read_one = json_reader(WireMessage)


def get(remote_id: str, book: Book) -> Flow[Message]:
    """One message. It is asked for on a page of its own in the end, so that the last answer is its record alone."""
    thread, _, own_id = remote_id.partition(":")
    place, _ = yield from find(thread, own_id, book)
    return (yield from _alone(calls.below("/threads", thread, "messages"), place, own_id, thread, book))


def find(thread: str, own_id: str, book: Book) -> Flow[tuple[int, WireMessage]]:
    """A message and its place in its thread. TaxDome only lists them, so the thread is read until it comes."""
    path = calls.below("/threads", thread, "messages")
    page: int | None = 1
    while page is not None:
        rows = calls.list_rows(path, page, calls.MAX_PAGE, book, aside=True)
        answer = _read_list((yield from calls.ask(rows, book)))
        for index, wire in enumerate(answer.items):
            if wire.id == own_id:
                return (page - 1) * calls.MAX_PAGE + index + 1, wire
        page = calls.next_page(answer, page)
    raise NotFound("no record has such an id")


def _alone(path: str, place: int, own_id: str, thread: str, book: Book) -> Flow[Message]:
    """The message that was seen at a place of its thread, or a little further on where new ones came meanwhile."""
    for moved in range(_MOVES):
        answer = _read_list((yield from calls.ask(calls.list_rows(path, place + moved, 1, book), book)))
        if [wire.id for wire in answer.items] == [own_id]:
            return to_message(answer.items[0], thread, book)
    raise Unavailable("the thread is moving too fast to read one of its messages")


def create(new: MessageCreate, key: str, book: Book) -> Flow[Message]:
    """A message sent in the name of the login; its attachments are documents, or attachments of other messages."""
    del key
    thread = remote_id_of(new.thread, "thr_", book, "/thread")
    body: dict[str, object] = {"body": new.body}
    if not isinstance(new.attachments, UnsetType):
        body["attachments"] = [
            remote_id_of(file, "doc_", book, f"/attachments/{index}").rpartition(":")[2]
            for index, file in enumerate(new.attachments)
        ]
    path = calls.below("/threads", thread, "messages")
    return (
        yield from calls.written("POST", path, body, _read_one, lambda wire, book: to_message(wire, thread, book), book)
    )


BINDING: Final = Binding[Message, MessageCreate, Any](
    doc=DOC,
    wire=Wire(WireMessage, one=("items",), many=("items",)),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
    create=create,
    filters={"thread": Filter(kind="reference", prefix="thr_", description="The messages of one thread.")},
    max_page=calls.MAX_PAGE,
    paging="emulated",
    notes=f"{ASSUMED} Without `filter[thread]` the threads are walked one after another: pages may be short or empty "
    "before the end. One message is found by reading its thread, a hundred with each call. What is sent is sent in the "
    "name of the login. What hangs on a message is a document of the area `message`, under an id of its own. "
    f"{PAGES_MOVE}",
)
