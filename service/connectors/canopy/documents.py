"""Canopy's files: every version is kept, and the history of a file is asked for apart."""

from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from service.connectors.canopy.entity import Entity
from service.connectors.canopy.wire import DOC, reference
from service.connectors.sdk.binding import Binding, Download, NewDocument
from service.connectors.sdk.codec import Instant, json_reader, utc
from service.connectors.sdk.faults import NotFound
from service.connectors.sdk.flow import Flow, Request
from service.connectors.sdk.forms import form
from service.connectors.sdk.mapper import mapper
from service.connectors.sdk.references import accept, invalid, path_segment, remote_id_of
from service.connectors.sdk.written import read_back
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


@mapper
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


_DOCUMENTS: Final = Entity("documents", WireFile, to_document)
_read_history = json_reader(_History)
_read_made = json_reader(WireFile)
_encode: Final = msgspec.json.Encoder().encode


def get(remote_id: str, book: Book) -> Flow[Document]:
    """A file with its history."""
    path = f"/documents/{path_segment(remote_id)}/history"
    events = _read_history((yield Request(method="GET", path=path, lane="read", aside=True))).history
    document = yield from _DOCUMENTS.get(remote_id, book)
    history = [
        DocumentEvent(at=utc(event.at), action=event.action, by=reference("usr_", event.by, book)) for event in events
    ]
    return msgspec.structs.replace(document, history=history, meta=_WHOLE)


class WriteFile(Struct, frozen=True, kw_only=True):
    name: str | UnsetType = UNSET
    client_id: str | UnsetType = UNSET
    folder_id: str | None | UnsetType = UNSET
    visible_to_client: bool | UnsetType = UNSET


def update(remote_id: str, new: DocumentUpdate, version: str | None, key: str, book: Book) -> Flow[Document]:
    """Renames a file, puts it into another folder (null: the inbox), shows it to the client or hides it."""
    accept(new, ("name", "folder", "visible_to_client"), "Canopy")
    folder = new.folder
    if isinstance(folder, str):
        folder = remote_id_of(folder, "fol_", book, "/folder")
    body = WriteFile(name=new.name, folder_id=folder, visible_to_client=new.visible_to_client)
    yield from _DOCUMENTS.changed(remote_id, body, key, book)
    return (yield from read_back(get(remote_id, book)))


def download(remote_id: str, book: Book) -> Flow[Download]:
    """The newest bytes of the file, with what Canopy says of their size and digest."""
    del book
    wire = yield from _DOCUMENTS.row(remote_id)
    return _download(remote_id, "content", wire, wire.size, wire.sha256)


def download_version(remote_id: str, number: int, book: Book) -> Flow[Download]:
    """The bytes that the file had in one version. Raises NotFound for a version that it never had."""
    del book
    wire = yield from _DOCUMENTS.row(remote_id)
    version = next((one for one in wire.versions if one.version == number), None)
    if version is None:
        raise NotFound("the file has no such version")
    return _download(remote_id, f"versions/{number}/content", wire, version.size, version.sha256)


def _download(remote_id: str, below: str, wire: WireFile, size_bytes: int | None, sha256: str | None) -> Download:
    path = f"/documents/{path_segment(remote_id)}/{below}"
    return Download(
        request=Request(method="GET", path=path, accept="*/*", lane="read"),
        name=wire.name,
        media_type=wire.mime,
        size_bytes=size_bytes,
        sha256=sha256,
    )


def upload(new: NewDocument, key: str, book: Book) -> Flow[Document]:
    """A new file of a client, in a folder or in the inbox; one that the firm shares is visible to the client."""
    if new.area not in (None, Area.PRIVATE.value, Area.FIRM_SHARED.value):
        raise invalid("query/area", "choice", f"`{Area.FIRM_SHARED.value}` or `{Area.PRIVATE.value}`.")
    if new.client is None:
        raise invalid("query/client", "required", "A file at Canopy is a client's.")
    folder = new.folder
    said = WriteFile(
        name=new.name,
        client_id=remote_id_of(new.client, "cli_", book, "query/client"),
        folder_id=UNSET if folder is None else remote_id_of(folder, "fol_", book, "query/folder"),
        visible_to_client=new.area == Area.FIRM_SHARED.value,
    )
    return (yield from _sent("/documents", new, said, key, book))


def upload_version(remote_id: str, new: NewDocument, key: str, book: Book) -> Flow[Document]:
    """A new version of a file; those before it are kept."""
    return (yield from _sent(f"/documents/{path_segment(remote_id)}/versions", new, WriteFile(), key, book))


def _sent(path: str, new: NewDocument, said: WriteFile, key: str, book: Book) -> Flow[Document]:
    sent = form(key, ("metadata", _encode(said)), "file", new.name, new.media_type)
    answer = yield Request(
        method="POST",
        path=path,
        upload=sent.frame,
        content_type=sent.content_type,
        headers=(("idempotency-key", key),),
        lane="write",
        repeatable=True,
    )
    return (yield from read_back(get(_read_made(answer).file_id, book)))


BINDING: Final = Binding[Document, Any, DocumentUpdate](
    doc=DOC,
    wire=_DOCUMENTS.place,
    unsupported=UNSUPPORTED,
    record_only=RECORD_ONLY,
    page=_DOCUMENTS.page,
    get=get,
    update=update,
    download=download,
    upload=upload,
    download_version=download_version,
    upload_version=upload_version,
    notes="What the client can see is `firm_shared`, all else `private`. The history of a document takes a call of its "
    "own and stands in the one record only. Assumed: a file is sent as a form of the parts `metadata` and `file`; its "
    "bytes stand at `/documents/{id}/content`. Writing needs `documents:write`.",
)
