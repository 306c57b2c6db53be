"""Attachables as documents: the files and notes that hang on customers and transactions. What is known of them only."""

from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from service.connectors.quickbooks.entity import Entity, documented
from service.connectors.quickbooks.statement import (
    MINOR_VERSION,
    Conditions,
    compares,
    literal,
    sorts,
)
from service.connectors.quickbooks.wire import Times, written
from service.connectors.sdk.binding import Binding, Download, Filter, NewDocument
from service.connectors.sdk.codec import json_reader, utc
from service.connectors.sdk.faults import Malformed, NotFound, Refused
from service.connectors.sdk.flow import Flow, Request, Response
from service.connectors.sdk.forms import form
from service.connectors.sdk.mapper import mapper
from service.connectors.sdk.references import accept, invalid, path_segment, remote_id_of
from service.ids import Book
from service.resources.common import Meta
from service.resources.document import Area, Document, DocumentUpdate


class WireEntityRef(Struct, frozen=True, gc=False):
    type: str | None = None
    value: str | None = None


class WireHook(Struct, frozen=True, gc=False):
    """What the file hangs on."""

    EntityRef: WireEntityRef | None = None
    IncludeOnSend: bool | None = None


class WireAttachable(Struct, frozen=True, gc=False):
    """`TempDownloadUri` opens the file to whoever has it for a quarter of an hour: it never leaves us."""

    Id: str
    SyncToken: str
    MetaData: Times
    FileName: str | None = None
    Note: str | None = None
    Category: str | None = None
    Size: int | None = None
    ContentType: str | None = None
    AttachableRef: list[WireHook] = []


class _Upload(Struct, frozen=True, gc=False):
    Attachable: WireAttachable | None = None


class _Uploaded(Struct, frozen=True, gc=False):
    AttachableResponse: list[_Upload]


class WriteAttachable(Struct, frozen=True, kw_only=True):
    Id: str
    SyncToken: str
    sparse: bool = True
    FileName: str | UnsetType = UNSET
    Note: str | UnsetType = UNSET
    Category: str | UnsetType = UNSET


UNSUPPORTED: Final = (
    "area_native",
    "folder",
    "path",
    "dated_on",
    "sha256",
    "versions",
    "history",
    "uploaded_by",
    "review",
    "review_native",
    "approval",
    "approval_native",
    "signing",
    "status_native",
)
_META: Final = Meta(unsupported=UNSUPPORTED)


@mapper
def to_document(wire: WireAttachable, book: Book) -> Document:
    """An attachable in the firm's private area. A note without a file is named by its text.

    `client` is the customer it hangs on directly; what else it hangs on stays among the unmapped.
    """
    hooks = wire.AttachableRef
    return Document(
        id=book.ref("doc_", wire.Id),
        remote_id=wire.Id,
        connection=book.connection,
        account=book.account,
        client=_client(hooks, book),
        name=wire.FileName or wire.Note or "",
        area=Area.PRIVATE,
        category=wire.Category or None,
        summary=wire.Note or None,
        size_bytes=wire.Size,
        media_type=wire.ContentType,
        visible_to_client=any(hook.IncludeOnSend for hook in hooks),
        created_at=utc(wire.MetaData.CreateTime),
        updated_at=utc(wire.MetaData.LastUpdatedTime),
        version=wire.SyncToken,
        meta=_META,
    )


def _client(hooks: list[WireHook], book: Book) -> str | None:
    for hook in hooks:
        entity = hook.EntityRef
        if entity is not None and (entity.type or "").lower() == "customer" and entity.value:
            return book.ref("cli_", entity.value)
    return None


_read_uploaded = json_reader(_Uploaded)
_encode: Final = msgspec.json.Encoder().encode

_CONDITIONS: Final[Conditions] = {
    "client": lambda values: (
        f"AttachableRef.EntityRef.Type = 'Customer' and AttachableRef.EntityRef.value = {literal(values[0])}"
    ),
    "name": compares("FileName"),
}
_COLUMNS: Final = {
    "updated_at": "MetaData.LastUpdatedTime",
    "created_at": "MetaData.CreateTime",
}


_DOCUMENTS: Final = Entity(
    name="Attachable",
    wire=WireAttachable,
    convert=to_document,
    conditions=_CONDITIONS,
    columns=_COLUMNS,
)


def update(remote_id: str, new: DocumentUpdate, version: str | None, key: str, book: Book) -> Flow[Document]:
    """Renames a file, files it under another category, or changes its note. Raises Conflict if `version` is stale."""
    accept(new, ("name", "category", "summary"), "QuickBooks")
    version = yield from _DOCUMENTS.version_of(remote_id, version)
    body = WriteAttachable(
        Id=remote_id,
        SyncToken=version,
        FileName=new.name,
        Note=written(new.summary),
        Category=written(new.category),
    )
    return (yield from _DOCUMENTS.changed(body, key, book))


def download(remote_id: str, book: Book) -> Flow[Download]:
    """The file at the address that QuickBooks signs for a quarter of an hour. A note alone has no bytes."""
    del book
    wire = yield from _DOCUMENTS.current(remote_id)
    if wire.FileName is None:
        raise NotFound("a note has no file")
    path = f"/download/{path_segment(remote_id)}"
    link = yield Request(method="GET", path=path, query=(MINOR_VERSION,), accept="text/plain", lane="read")
    return Download(
        request=Request(method="GET", path=path, address=_address(link), accept="*/*", lane="read"),
        name=wire.FileName,
        media_type=wire.ContentType,
        size_bytes=wire.Size,
    )


def _address(link: Response) -> str:
    try:
        return link.body.decode("ascii").strip()
    except UnicodeDecodeError:
        raise Malformed("the link to a file is no address", status=link.status) from None


def upload(new: NewDocument, key: str, book: Book) -> Flow[Document]:
    """A new file, hung on a client where one is named: a form of two parts, the second being the bytes."""
    if new.folder is not None:
        raise invalid("query/folder", "unsupported", "QuickBooks has no folders.")
    if new.area not in (None, Area.PRIVATE.value):
        raise invalid("query/area", "choice", f"Only `{Area.PRIVATE.value}`.")
    metadata: dict[str, object] = {"FileName": new.name, "ContentType": new.media_type}
    if new.client is not None:
        entity = {"type": "Customer", "value": remote_id_of(new.client, "cli_", book, "query/client")}
        metadata["AttachableRef"] = [{"EntityRef": entity}]
    sent = form(key, ("file_metadata_0", _encode(metadata)), "file_content_0", new.name, new.media_type)
    answer = yield Request(
        method="POST",
        path="/upload",
        query=(MINOR_VERSION, ("requestid", key)),
        upload=sent.frame,
        content_type=sent.content_type,
        lane="write",
        repeatable=True,
    )
    made = _read_uploaded(answer).AttachableResponse
    if not made or made[0].Attachable is None:
        raise Refused("the file was not taken", status=answer.status)
    return to_document(made[0].Attachable, book)


BINDING: Final = Binding[Document, Any, DocumentUpdate](
    doc=documented("all-entities/attachable"),
    wire=_DOCUMENTS.place,
    unsupported=UNSUPPORTED,
    page=_DOCUMENTS.page,
    get=_DOCUMENTS.get,
    update=update,
    delete=_DOCUMENTS.delete,
    download=download,
    upload=upload,
    filters={
        "client": Filter(kind="reference", prefix="cli_", description="What hangs on one client itself."),
        "name": Filter(kind="text", description="The whole name of the file."),
    },
    updated_after=True,
    sorts=sorts(_COLUMNS),
    versioned=True,
    notes="QuickBooks has no folders; everything is in the firm's private area, and `visible_to_client` says that it "
    "goes out with what it hangs on. A note without a file is listed too, with its text as the name.",
)
