"""Messages. TaxDome lists them by thread only, so the threads are walked, unless one is named."""

from typing import Any, Final

from msgspec import Struct

from service.connectors.sdk.binding import Binding, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import Instant, json_reader
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.paging import converted
from service.connectors.taxdome import calls
from service.connectors.taxdome.organizers import WireFile
from service.connectors.taxdome.threads import WireThread
from service.connectors.taxdome.wire import ASSUMED, DOC, PAGES_MOVE, instant
from service.ids import Book
from service.resources.common import Meta
from service.resources.message import Message


class WireMessage(Struct, frozen=True, gc=False):
    id: str
    body: str
    author: str | None
    sent_at: Instant | None
    attachments: list[WireFile]


UNSUPPORTED: Final = ("version",)
_META: Final = Meta(unsupported=UNSUPPORTED)
_THREADS_AT_ONCE: Final = 10


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
        attachments=[book.ref("doc_", file.id) for file in wire.attachments],
        meta=_META,
    )


_read_threads = json_reader(calls.Paged[WireThread])
_read_list = json_reader(calls.Paged[WireMessage])


def page(query: Query, book: Book) -> Flow[RemotePage[Message]]:
    """One page of one thread; threads without messages are passed over, ten at most in one call.

    The position is `<page of threads>.<thread in it>.<page>.<size>`; with a thread named the first two are 0.
    """
    outer, index, inner, size = _place(query)
    named = query.filters.get("thread")
    if named is not None:
        records, following = yield from _messages(named[0], inner, size, book)
        return RemotePage(records, None if following is None else f"0.0.{following}.{size}")
    answer = _read_threads((yield from calls.ask(calls.list_rows("/threads", outer, _THREADS_AT_ONCE, book), book)))
    more_threads = calls.next_page(answer, outer)
    for at in range(index, len(answer.items)):
        records, following = yield from _messages(answer.items[at].id, inner, size, book)
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


def _messages(thread: str, page: int, size: int, book: Book) -> Flow[tuple[list[Message], int | None]]:
    path = calls.below("/threads", thread, "messages")
    answer = _read_list((yield from calls.ask(calls.list_rows(path, page, size, book), book)))
    records = converted(answer.items, lambda wire, book: to_message(wire, thread, book), book, "$.items")
    return records, calls.next_page(answer, page)


BINDING: Final = Binding[Message, Any, Any](
    doc=DOC,
    wire=Wire(WireMessage, many=("items",)),
    unsupported=UNSUPPORTED,
    page=page,
    filters={"thread": Filter(kind="reference", prefix="thr_", description="The messages of one thread.")},
    max_page=calls.MAX_PAGE,
    paging="emulated",
    notes=f"{ASSUMED} Without `filter[thread]` the threads are walked one after another: pages may be short or empty "
    f"before the end. The ids in `attachments` lead to the bytes of documents, not to records. {PAGES_MOVE}",
)
