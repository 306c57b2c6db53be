"""Documents, in the areas that TaxDome keeps apart and lists one by one: here they come after one another."""

from functools import partial
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.binding import Binding, Download, Filter, NewDocument, Query, RemotePage, Wire
from service.connectors.sdk.codec import Instant, json_reader
from service.connectors.sdk.faults import NotFound
from service.connectors.sdk.flow import Flow, Frame, Request
from service.connectors.sdk.mapper import mapper
from service.connectors.taxdome import attachments, calls
from service.connectors.taxdome.documents_write import from_document_update, from_new_document
from service.connectors.taxdome.wire import ASSUMED, DOC, PAGES_MOVE, instant
from service.ids import Book
from service.resources.common import Meta
from service.resources.document import ApprovalState, Area, Document, DocumentUpdate, SigningState


class WireDocument(Struct, frozen=True, gc=False):
    """The one sketch of a row that is public has these five fields and no more; the others may stay away."""

    id: str
    name: str
    path: str | None
    size: Annotated[int, msgspec.Meta(ge=0)] | None
    uploaded_at: Instant | None
    account_id: str | None = None
    root: str | None = None
    uploaded_by: str | None | UnsetType = UNSET
    access: str | None | UnsetType = UNSET
    status: str | None | UnsetType = UNSET


UNSUPPORTED: Final = (
    "category",
    "summary",
    "dated_on",
    "media_type",
    "sha256",
    "versions",
    "history",
    "review",
    "review_native",
    "updated_at",
    "version",
)
_META: Final = Meta(unsupported=UNSUPPORTED)
ROOTS: Final = ("client_uploaded", "firm_shared", "organizer", "private")
"""What can be listed. What hangs on a message is in none of them: it is found in the threads."""
_LISTED: Final = (*ROOTS, Area.MESSAGE.value)
_IN_MESSAGES: Final = "messages:"
"""Before a position in the threads."""
AREAS: Final = {area.value: area for area in Area if area is not Area.OTHER}
_BY_ACCESS: Final = {"edit": Area.CLIENT_UPLOADED, "view": Area.FIRM_SHARED, "private": Area.PRIVATE}
"""For folders under names of the firm's own: who may see and edit what lies there tells what they are for."""
_SHOWN: Final = {"edit": True, "view": True, "private": False}
_STATES: Final[dict[str | None, tuple[ApprovalState, SigningState]]] = {
    None: (ApprovalState.NONE, SigningState.NONE),
    "pending_payment": (ApprovalState.NONE, SigningState.NONE),
    "pending_approval": (ApprovalState.PENDING, SigningState.NONE),
    "approved": (ApprovalState.APPROVED, SigningState.NONE),
    "disapproved": (ApprovalState.REJECTED, SigningState.NONE),
    "pending_e_signature": (ApprovalState.NONE, SigningState.PENDING),
    "pending_esignature": (ApprovalState.NONE, SigningState.PENDING),
    "signed": (ApprovalState.NONE, SigningState.SIGNED),
    "declined_signature": (ApprovalState.NONE, SigningState.DECLINED),
    "sealed": (ApprovalState.NONE, SigningState.SEALED),
}
_UNKNOWN: Final = (ApprovalState.OTHER, SigningState.OTHER)
_UNSAID: Final = (UNSET, UNSET)


@mapper
def to_document(wire: WireDocument, book: Book, listed: str | None = None) -> Document:
    """A document, in the area it was `listed` in where it does not name its own, of the account that was asked for.

    Its one status at TaxDome is either of approval or of signing; a payment it waits for is neither.
    """
    root, path, status, access = wire.root or listed, wire.path, wire.status, wire.access
    approval, signing = _UNSAID if isinstance(status, UnsetType) else _STATES.get(status, _UNKNOWN)
    is_whole = status is not UNSET and access is not UNSET and wire.uploaded_by is not UNSET
    return Document(
        id=book.ref("doc_", wire.id),
        remote_id=wire.id,
        connection=book.connection,
        account=book.account,
        client=book.ref("cli_", wire.account_id or book.account),
        name=wire.name,
        area=AREAS.get(root or "") or _BY_ACCESS.get(access or "", Area.OTHER),
        area_native=root,
        folder=None if path is None or root is None else folder_id(root, path, book),
        path=path,
        size_bytes=wire.size,
        visible_to_client=UNSET if access is UNSET else _SHOWN.get(access or ""),
        uploaded_by=wire.uploaded_by,
        approval=approval,
        approval_native=status,
        signing=signing,
        status_native=status,
        created_at=instant(wire.uploaded_at),
        meta=_META if is_whole else _lean(wire),
    )


def _lean(wire: WireDocument) -> Meta:
    missing = (name for field, names in _MAYBE.items() if getattr(wire, field) is UNSET for name in names)
    return Meta(unsupported=(*UNSUPPORTED, *missing))


_MAYBE: Final = {
    "status": ("approval", "approval_native", "signing", "status_native"),
    "access": ("visible_to_client",),
    "uploaded_by": ("uploaded_by",),
}


def folder_id(root: str, path: str, book: Book) -> str | None:
    """The id of a folder: TaxDome gives none, so it is area and path; None where those are too long for an id."""
    remote_id = f"{root}:{tidy(path)}"
    return book.ref("fol_", remote_id) if len(remote_id.encode()) <= _LONGEST_FOLDER else None


def tidy(path: str) -> str:
    """One way to write a folder's path: `2025//Bank/` → `/2025/Bank`."""
    return "/" + "/".join(part for part in path.split("/") if part)


_LONGEST_FOLDER: Final = 360
"""Bytes that, in base64, fit into the 512 characters of an id."""

_read_list = json_reader(calls.Paged[WireDocument])
_read_one = json_reader(WireDocument)
_LANES: Final = {
    root: calls.Lane("/documents", _read_list, partial(to_document, listed=root), (("folder", root),)) for root in ROOTS
}


def page(query: Query, book: Book) -> Flow[RemotePage[Document]]:
    """The next page of the area that the list is in; a page never mixes areas. What hangs on messages comes last."""
    wanted, position = query.filters.get("area", _LISTED), query.position or ""
    lanes = [_LANES[root] for root in ROOTS if root in wanted]
    inner = position.removeprefix(_IN_MESSAGES) if position.startswith(_IN_MESSAGES) else None
    if lanes and inner is None:
        found = yield from calls.page_over(lanes, query, book)
        if found.next is not None or Area.MESSAGE not in wanted:
            return found
        if found.records:
            return RemotePage(found.records, _IN_MESSAGES)
    files = yield from attachments.page(Query(limit=query.limit, position=inner or None), book, _META)
    return RemotePage(files.records, None if files.next is None else _IN_MESSAGES + files.next)


def page_of_root(root: str, query: Query, book: Book) -> Flow[RemotePage[Document]]:
    """The next page of one area."""
    return calls.page_over([_LANES[root]], query, book)


_get_filed = calls.gets("/documents", _read_one, to_document)


def get(remote_id: str, book: Book) -> Flow[Document]:
    """One document; one that hangs on a message is found there."""
    if remote_id.count(":") == attachments.PARTS - 1:
        return (yield from attachments.get(remote_id, book, _META))
    return (yield from _get_filed(remote_id, book))


class _Link(Struct, frozen=True):
    url: str


_read_link = json_reader(_Link)


def download(remote_id: str, book: Book) -> Flow[Download]:
    """The file at the address that TaxDome signs for a few minutes, and its name and size: two calls or more."""
    path = calls.below("/documents", remote_id.rpartition(":")[2])
    known = yield from _known(remote_id, book)
    link = _read_link((yield from calls.ask(calls.read_one(f"{path}/download", book), book)))
    request = Request(method="GET", path=path, address=link.url, accept="*/*", lane="read")
    if known is None:
        return Download(request=request)
    size = known.size_bytes
    return Download(request=request, name=known.name, size_bytes=None if isinstance(size, UnsetType) else size)


def _known(remote_id: str, book: Book) -> Flow[Document | None]:
    """The document; None for a file without a record, whose bytes may be had all the same."""
    try:
        return (yield from get(remote_id, book))
    except NotFound:
        if ":" in remote_id:
            raise
        return None


def upload(new: NewDocument, key: str, book: Book) -> Flow[Document]:
    """A new file. The session is moved to the account first: an upload's bytes can be sent only once."""
    del key
    query = from_new_document(new, book)
    request = Request(
        method="POST",
        path="/documents",
        query=query,
        upload=Frame(),
        content_type=new.media_type,
        headers=calls.scope(book),
        lane="write",
    )
    return calls.understood((yield from calls.after_select(request, book)), _read_one, to_document, book)


def update(remote_id: str, new: DocumentUpdate, version: str | None, key: str, book: Book) -> Flow[Document]:
    """Renames a document, asks the client to approve it, or takes that back. Raises Conflict for one that is sealed."""
    del version, key
    path, body = calls.below("/documents", remote_id), from_document_update(new)
    return (yield from calls.written("PATCH", path, body, _read_one, to_document, book))


BINDING: Final = Binding[Document, Any, DocumentUpdate](
    doc=DOC,
    wire=Wire(WireDocument, many=("items",)),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
    update=update,
    delete=calls.deletes("/documents"),
    download=download,
    upload=upload,
    filters={
        "area": Filter(kind="choice", choices=_LISTED, description="The documents of these areas; all when left out.")
    },
    max_page=calls.MAX_PAGE,
    paging="emulated",
    notes=f"{ASSUMED} TaxDome lists each area by itself: they come one after another and a page never mixes them. A "
    "client's login is refused the area `private`: name the others. What hangs on messages comes last, gathered from "
    "all threads: such pages may be short or empty before the end and have nothing raw, and these files are neither "
    "changed nor deleted. `folder` stands for area and path, and can be given to an upload. To delete moves a file to "
    f"the trash. {PAGES_MOVE}",
)
