"""Documents of a client, with two separate states: the firm's review and the client's approval.

Sodium knows a document by its client and its code, so that is its remote id here: `<client>:<document>`. Nothing lists
the documents of all clients with certainty, so the clients are walked. A list shows approved documents only unless
it is told otherwise; we always tell.
"""

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Struct, UnsetType

from service.connectors.sdk.binding import Binding, Download, Filter, NewDocument, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.faults import NotFound
from service.connectors.sdk.flow import Flow, Frame, Request
from service.connectors.sdk.mapper import mapper
from service.connectors.sdk.references import invalid, remote_id_of
from service.connectors.sdk.wire import UNMAPPED
from service.connectors.sodium import calls
from service.connectors.sodium.signed_documents import SIGNED, signed_document, signed_file
from service.connectors.sodium.wire import RefId, RefName, day, documented, instant, meta, name_of, reference
from service.ids import Book
from service.resources.document import ApprovalState, Area, Document, DocumentUpdate, ReviewState


class WireDocument(Struct, frozen=True, gc=False):
    code: str
    client: RefId
    reviewStatus: str
    clientApprovalStatus: str
    title: str | None = None
    originalFileName: Annotated[str | None, UNMAPPED] = None
    category: RefName | None = None
    summary: str | None = None
    date: str | None = None
    contentType: str | None = None
    fileSize: int | None = None
    uploadedByContact: RefId | None = None
    createdDate: datetime | None = None
    updatedDate: datetime | None = None


class _WireLink(Struct, frozen=True, gc=False):
    """What is known of the bytes; the link opens them to whoever has it for an hour or two, and never leaves us."""

    downloadUrl: str | None = None
    originalFileName: str | None = None
    contentType: str | None = None
    fileSize: int | None = None


UNSUPPORTED: Final = (
    "area_native",
    "folder",
    "path",
    "sha256",
    "visible_to_client",
    "versions",
    "history",
    "signing",
    "status_native",
    "version",
)
_META: Final = meta(*UNSUPPORTED)
_REVIEWS: Final = {
    "Approved": ReviewState.APPROVED,
    "PendingReview": ReviewState.PENDING,
    "Rejected": ReviewState.REJECTED,
}
_REVIEW_WORDS: Final = {state.value: word for word, state in _REVIEWS.items()}
_APPROVALS: Final = {
    "None": ApprovalState.NONE,
    "Pending": ApprovalState.PENDING,
    "Approved": ApprovalState.APPROVED,
    "Rejected": ApprovalState.REJECTED,
}


@mapper
def to_document(wire: WireDocument, book: Book) -> Document:
    """A client's document. What a contact uploaded is the client's; what the client was asked to approve is shared."""
    remote_id = f"{wire.client.code}:{wire.code}"
    return Document(
        id=book.ref("doc_", remote_id),
        remote_id=remote_id,
        connection=book.connection,
        account=book.account,
        client=book.ref("cli_", wire.client.code),
        name=wire.title or wire.originalFileName or wire.code,
        area=_area(wire),
        category=name_of(wire.category),
        summary=wire.summary or None,
        dated_on=day(wire.date, "$.date"),
        size_bytes=wire.fileSize,
        media_type=wire.contentType,
        uploaded_by=reference("cnt_", wire.uploadedByContact, book),
        review=_REVIEWS.get(wire.reviewStatus, ReviewState.OTHER),
        review_native=wire.reviewStatus,
        approval=_APPROVALS.get(wire.clientApprovalStatus, ApprovalState.OTHER),
        approval_native=wire.clientApprovalStatus,
        created_at=instant(wire.createdDate),
        updated_at=instant(wire.updatedDate),
        meta=_META,
    )


def _area(wire: WireDocument) -> Area:
    if wire.uploadedByContact is not None:
        return Area.CLIENT_UPLOADED
    return Area.OTHER if wire.clientApprovalStatus == "None" else Area.FIRM_SHARED


_read_list = json_reader(calls.Paged[WireDocument])
_read_one = json_reader(WireDocument)
_read_link = json_reader(_WireLink)
_encode: Final = msgspec.json.Encoder().encode


def page(query: Query, book: Book) -> Flow[RemotePage[Document]]:
    wanted = query.filters.get("review", tuple(_REVIEW_WORDS))
    parameters = calls.repeated("reviewStatus", tuple(_REVIEW_WORDS[choice] for choice in wanted))

    def of_client(client: str, start: int) -> Flow[RemotePage[Document]]:
        path = calls.below("/clients", client) + "/clientdocument"
        answer = _read_list((yield calls.list_rows(path, start, query.limit, parameters)))
        return calls.page_of(answer, start, query.limit, to_document, book)

    client = query.filters.get("client")
    if client is not None:
        return (yield from of_client(client[0], calls.start_of(query)))
    return (yield from calls.page_over_clients(query, lambda row, start: of_client(row.code, start)))


def get(remote_id: str, book: Book) -> Flow[Document]:
    if remote_id.startswith(SIGNED):
        return (yield from signed_document(remote_id, book))
    return to_document(_read_one((yield calls.read_one(_path(remote_id)))), book)


def update(remote_id: str, new: DocumentUpdate, version: str | None, key: str, book: Book) -> Flow[Document]:
    """Changes title and summary, reviews, and asks the client to approve: one call for each that is given."""
    del version, key
    calls.accept(new, ("name", "category", "summary", "review", "approval"))
    path = _path(remote_id)
    changes = calls.said({"title": new.name, "summary": new.summary})
    if not isinstance(new.category, UnsetType):
        changes["categoryCode"] = (
            None
            if new.category is None
            else (yield from calls.code_named("/document-categories", new.category, "/category"))
        )
    review, approval = _review(new.review), _approval(new.approval)
    if changes:
        yield calls.write("PUT", path, calls.replacement((yield calls.read_one(path)), changes))
    if review is not None:
        yield calls.write("PUT", f"{path}/review", {"reviewStatus": review})
    if approval is not None:
        yield calls.write("PUT", f"{path}/{approval}", {})
    return (yield from calls.read_back(get(remote_id, book)))


def delete(remote_id: str, version: str | None, key: str, book: Book) -> Flow[None]:
    del version, key, book
    yield calls.write("DELETE", _path(remote_id))


def download(remote_id: str, book: Book) -> Flow[Download]:
    """The file at the address that Sodium signs for it."""
    del book
    if remote_id.startswith(SIGNED):
        return signed_file(remote_id)
    path = _path(remote_id)
    wire = _read_link((yield calls.read_one(path)))
    if wire.downloadUrl is None:
        raise NotFound("the document has no file")
    return Download(
        request=Request(method="GET", path=path, address=wire.downloadUrl, accept="*/*", lane="read"),
        name=wire.originalFileName,
        media_type=wire.contentType,
        size_bytes=wire.fileSize,
    )


def upload(new: NewDocument, key: str, book: Book) -> Flow[Document]:
    """A new document of a client, titled by its file's name: one JSON text with the bytes in it as base64."""
    del key
    if new.client is None:
        raise invalid("query/client", "required", "A document at Sodium is a client's.")
    if new.folder is not None:
        raise invalid("query/folder", "unsupported", "Sodium keeps no folders.")
    if new.area not in (None, Area.OTHER.value):
        raise invalid("query/area", "choice", f"Only `{Area.OTHER.value}`: ask for approval to share it.")
    client = remote_id_of(new.client, "cli_", book, "query/client")
    said = _encode({"title": new.name, "fileName": new.name, "contentType": new.media_type, "fileContent": ""})
    answer = yield Request(
        method="POST",
        path=calls.below("/clients", client) + "/clientdocument",
        upload=Frame(said[:-2], said[-2:], is_base64=True),
        lane="write",
    )
    return (yield from calls.read_back(get(f"{client}:{calls.code_of_new(answer)}", book)))


def _path(remote_id: str) -> str:
    client, separator, code = remote_id.partition(":")
    if not separator:
        raise NotFound("no record has such an id")
    return "/".join((calls.below("/clients", client), "clientdocument", calls.below("", code)[1:]))


def _review(wanted: ReviewState | UnsetType) -> str | None:
    if isinstance(wanted, UnsetType):
        return None
    if wanted not in (ReviewState.APPROVED, ReviewState.REJECTED):
        raise invalid("/review", "unsupported", "A review ends approved or rejected.")
    return _REVIEW_WORDS[wanted.value]


def _approval(wanted: ApprovalState | UnsetType) -> str | None:
    """The operation. Approving is the client's own part."""
    if isinstance(wanted, UnsetType):
        return None
    operation = {ApprovalState.PENDING: "request-approval", ApprovalState.NONE: "cancel-approval"}.get(wanted)
    if operation is None:
        raise invalid("/approval", "unsupported", "`pending` asks the client, `none` takes the question back.")
    return operation


BINDING: Final = Binding[Document, Any, DocumentUpdate](
    doc=documented("schemas/clientdocumentdto.html"),
    wire=Wire(WireDocument, many=("data",)),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
    update=update,
    delete=delete,
    download=download,
    upload=upload,
    filters={
        "client": Filter(kind="reference", prefix="cli_", description="The documents of one client."),
        "review": Filter(kind="choice", choices=tuple(_REVIEW_WORDS), description="All when left out."),
    },
    max_page=calls.MAX_PAGE,
    paging="emulated",
    notes="Without `filter[client]` the clients are walked one after another: pages may be short or empty before the "
    "end. Sodium keeps no versions and no folders. What was agreed on is found through its "
    "engagement's `document`. Assumed: the body of a review, the address that takes an "
    "approval request back, and that a new document's bytes are sent as base64 in `fileContent`.",
)
