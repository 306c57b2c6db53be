"""What hangs on messages: documents of an area of their own, which TaxDome shows nowhere but in its threads."""

from typing import Final

from service.connectors.sdk.binding import Query, RemotePage
from service.connectors.sdk.faults import NotFound
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.mapper import mapper
from service.connectors.taxdome.messages import WireMessage, attachment_id, find, page_over_threads
from service.connectors.taxdome.organizers import WireFile
from service.connectors.taxdome.wire import instant
from service.ids import Book
from service.resources.common import Meta
from service.resources.document import ApprovalState, Area, Document, SigningState

PARTS: Final = 3
"""Of the remote id: thread, message and file."""


def page(query: Query, book: Book, meta: Meta) -> Flow[RemotePage[Document]]:
    """The files on one page of one thread. What the vendor answers with are messages: there is nothing raw to show."""

    def files(message: WireMessage, thread: str, book: Book) -> list[Document]:
        return [to_attachment(file, message, thread, book, meta) for file in message.attachments]

    return page_over_threads(query, book, files, aside=True)


def get(remote_id: str, book: Book, meta: Meta) -> Flow[Document]:
    """One file, found by its message."""
    thread, message_id, own_id = remote_id.split(":")
    _, message = yield from find(thread, message_id, book)
    for file in message.attachments:
        if file.id == own_id:
            return to_attachment(file, message, thread, book, meta)
    raise NotFound("no record has such an id")


@mapper
def to_attachment(file: WireFile, message: WireMessage, thread: str, book: Book, meta: Meta) -> Document:
    """A file on a message, as a document that was handed over with it."""
    remote_id = attachment_id(thread, message.id, file.id)
    return Document(
        id=book.ref("doc_", remote_id),
        remote_id=remote_id,
        connection=book.connection,
        account=book.account,
        client=book.ref("cli_", book.account),
        name=file.name or file.id,
        area=Area.MESSAGE,
        area_native=None,
        folder=None,
        path=None,
        size_bytes=file.size,
        visible_to_client=True,
        uploaded_by=message.author,
        approval=ApprovalState.NONE,
        approval_native=None,
        signing=SigningState.NONE,
        status_native=None,
        created_at=instant(message.sent_at),
        meta=meta,
    )
