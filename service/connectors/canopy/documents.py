"""Canopy's files: every version is kept, and the history of a file is asked for apart."""

from typing import Any, Final

import msgspec
from msgspec import Struct

from service.connectors.canopy.search import read_one, search
from service.connectors.canopy.wire import DOC, reference
from service.connectors.sdk.binding import Binding, Query, RemotePage, Wire
from service.connectors.sdk.codec import Instant, json_reader, utc
from service.connectors.sdk.flow import Flow, Request
from service.connectors.sdk.paging import cursor_page
from service.connectors.sdk.references import path_segment
from service.ids import Book
from service.resources.common import Meta
from service.resources.document import Area, Document, DocumentEvent, DocumentUpdate, DocumentVersion


class WireVersion(Struct, frozen=True, gc=False):
    version: int
    size: int | None = None
    sha256: str | None = None
    added_by: str | None = None
    added_at: Instant | None = None


class WireFile(Struct, frozen=True, gc=False):
    file_id: str
    client_id: str | None
    name: str
    visible_to_client: bool
    versions: list[WireVersion]
    folder_id: str | None = None
    size: int | None = None
    mime: str | None = None
    sha256: str | None = None
    added_by: str | None = None
    added_at: Instant | None = None


class WireEvent(Struct, frozen=True, gc=False):
    action: str
    at: Instant
    by: str | None = None


class _History(Struct, frozen=True, gc=False):
    history: list[WireEvent]


UNSUPPORTED: Final = (
    "area_native",
    "path",
    "category",
    "summary",
    "dated_on",
    "review",
    "review_native",
    "approval",
    "approval_native",
    "signing",
    "status_native",
    "updated_at",
    "version",
)
RECORD_ONLY: Final = ("history",)
_META: Final = Meta(unsupported=(*UNSUPPORTED, *RECORD_ONLY))
_WHOLE: Final = Meta(unsupported=UNSUPPORTED)


def to_document(wire: WireFile, book: Book) -> Document:
    """A file as lists show it. What the client can see is the firm's shared area, all else is private.

    A file without a folder lies in the inbox.
    """
    return Document(
        id=book.ref("doc_", wire.file_id),
        remote_id=wire.file_id,
        connection=book.connection,
        account=book.account,
        client=reference("cli_", wire.client_id, book),
        name=wire.name,
        area=Area.FIRM_SHARED if wire.visible_to_client else Area.PRIVATE,
        folder=reference("fol_", wire.folder_id, book),
        size_bytes=wire.size,
        media_type=wire.mime,
        sha256=wire.sha256,
        visible_to_client=wire.visible_to_client,
        versions=[_version(version, book) for version in wire.versions],
        uploaded_by=reference("usr_", wire.added_by, book),
        created_at=None if wire.added_at is None else utc(wire.added_at),
        meta=_META,
    )


def _version(wire: WireVersion, book: Book) -> DocumentVersion:
    return DocumentVersion(
        number=wire.version,
        size_bytes=wire.size,
        sha256=wire.sha256,
        added_by=reference("usr_", wire.added_by, book),
        added_at=None if wire.added_at is None else utc(wire.added_at),
    )


class _List(Struct, frozen=True, gc=False):
    documents: list[WireFile]
    next_cursor: str | None


_read_list = json_reader(_List)
_read_one = json_reader(WireFile)
_read_history = json_reader(_History)


def page(query: Query, book: Book) -> Flow[RemotePage[Document]]:
    answer = _read_list((yield search("documents", query)))
    return cursor_page(answer.documents, answer.next_cursor, query, to_document, book, "$.documents")


def get(remote_id: str, book: Book) -> Flow[Document]:
    """A file with its history."""
    path = f"/documents/{path_segment(remote_id)}/history"
    events = _read_history((yield Request(method="GET", path=path, lane="read"))).history
    # The file itself comes last, so that `include=raw` shows it.
    document = to_document(_read_one((yield read_one("documents", remote_id))), book)
    history = [
        DocumentEvent(at=utc(event.at), action=event.action, by=reference("usr_", event.by, book)) for event in events
    ]
    return msgspec.structs.replace(document, history=history, meta=_WHOLE)


BINDING: Final = Binding[Document, Any, DocumentUpdate](
    doc=DOC,
    wire=Wire(WireFile, many=("documents",)),
    unsupported=UNSUPPORTED,
    record_only=RECORD_ONLY,
    page=page,
    get=get,
    notes="What the client can see is `firm_shared`, all else `private`. The history of a document takes a call of its "
    "own and stands in the one record only.",
)
