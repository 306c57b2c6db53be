"""What the firm asks its clients to hand in. The remote id is `<client>:<request>`: Sodium needs both."""

from datetime import datetime
from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.binding import Binding, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.faults import Conflict, NotFound
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.mapper import mapper
from service.connectors.sdk.references import invalid, remote_id_of
from service.connectors.sodium import calls
from service.connectors.sodium.wire import RefId, assumed, day, instant, meta, reference
from service.ids import Book
from service.resources.document_request import (
    DocumentRequest,
    DocumentRequestCreate,
    DocumentRequestUpdate,
    RequestResponse,
    RequestStatus,
)


class WireHandedIn(Struct, frozen=True, gc=False):
    code: str


class WireResponse(Struct, frozen=True, gc=False):
    """One submission. The vendor names the schema and not its fields: all but `code` is assumed."""

    code: str
    documents: list[WireHandedIn] | None = None
    submittedDate: datetime | None = None
    createdDate: datetime | None = None
    comment: str | None = None
    accepted: bool | None = None
    reviewNote: str | None = None


class WireRequest(Struct, frozen=True, gc=False):
    code: str
    client: RefId
    title: str
    status: str
    description: str | None = None
    deadline: str | None = None
    createdByUser: RefId | None = None
    task: RefId | None = None
    responses: list[WireResponse] | None = None
    createdDate: datetime | None = None
    updatedDate: datetime | None = None


UNSUPPORTED: Final = ("items", "version")
_META: Final = meta(*UNSUPPORTED)
_IN_LIST: Final = meta(*UNSUPPORTED, "responses")
_STATUSES: Final = {
    "Draft": RequestStatus.DRAFT,
    "Open": RequestStatus.OPEN,
    "Submitted": RequestStatus.SUBMITTED,
    "Accepted": RequestStatus.ACCEPTED,
    "Rejected": RequestStatus.REJECTED,
    "Cancelled": RequestStatus.CANCELLED,
}
_WORDS: Final = {status.value: word for word, status in _STATUSES.items()}


@mapper
def to_document_request(wire: WireRequest, book: Book) -> DocumentRequest:
    remote_id = f"{wire.client.code}:{wire.code}"
    return DocumentRequest(
        id=book.ref("drq_", remote_id),
        remote_id=remote_id,
        connection=book.connection,
        account=book.account,
        client=book.ref("cli_", wire.client.code),
        title=wire.title,
        description=wire.description or None,
        status=_STATUSES.get(wire.status, RequestStatus.OTHER),
        status_native=wire.status,
        due_on=day(wire.deadline, "$.deadline"),
        responses=UNSET if wire.responses is None else [_response(one, wire.client, book) for one in wire.responses],
        task=reference("tsk_", wire.task, book),
        requested_by=reference("usr_", wire.createdByUser, book),
        created_at=instant(wire.createdDate),
        updated_at=instant(wire.updatedDate),
        meta=_IN_LIST if wire.responses is None else _META,
    )


def _response(wire: WireResponse, client: RefId, book: Book) -> RequestResponse:
    return RequestResponse(
        id=wire.code,
        documents=[book.ref("doc_", f"{client.code}:{document.code}") for document in wire.documents or ()],
        submitted_at=instant(wire.submittedDate or wire.createdDate),
        note=wire.comment or None,
        accepted=wire.accepted,
        review_note=wire.reviewNote or None,
    )


_read_list = json_reader(calls.Paged[WireRequest])
_read_one = json_reader(WireRequest)


def page(query: Query, book: Book) -> Flow[RemotePage[DocumentRequest]]:
    start, client = calls.start_of(query), query.filters.get("client")
    path = "/document-requests" if client is None else calls.below("/clients", client[0]) + "/documentrequest"
    statuses = tuple(_WORDS[choice] for choice in query.filters.get("status", ()))
    answer = _read_list((yield calls.list_rows(path, start, query.limit, calls.repeated("status", statuses))))
    return calls.page_of(answer, start, query.limit, to_document_request, book)


def get(remote_id: str, book: Book) -> Flow[DocumentRequest]:
    return to_document_request(_read_one((yield calls.read_one(_path(remote_id)))), book)


def create(new: DocumentRequestCreate, key: str, book: Book) -> Flow[DocumentRequest]:
    del key
    calls.accept(new, ("client", "title", "description", "due_on"))
    client = remote_id_of(new.client, "cli_", book, "/client")
    path = calls.below("/clients", client) + "/documentrequest"
    fields = {"title": new.title, "description": new.description, "deadline": new.due_on}
    body = {name: value for name, value in fields.items() if value is not UNSET}
    code = calls.code_of_new((yield calls.write("POST", path, body)))
    return (yield from calls.read_back(get(f"{client}:{code}", book)))


def update(
    remote_id: str, new: DocumentRequestUpdate, version: str | None, key: str, book: Book
) -> Flow[DocumentRequest]:
    """Changes the request, or reviews what was handed in last when `status` is a verdict.

    `open` after a submission asks again; `open` from a draft and `cancelled` have operations of their own.
    """
    del version, key
    calls.accept(new, ("title", "description", "due_on", "status", "review_note"))
    path = _path(remote_id)
    current = yield calls.read_one(path)
    wire = _read_one(current)
    is_verdict = _is_verdict(new.status, wire.status)
    if new.review_note is not UNSET and not is_verdict:
        raise invalid("/review_note", "unsupported", "A note goes with a verdict: give `status` too.")
    operation = None if is_verdict else _operation(new.status)
    changes = _changes(new)
    if changes:
        body = calls.replacement(current, changes, frozenset({"client", "documents", "responses", "documentCount"}))
        yield calls.write("PUT", path, body)
    if operation is not None:
        yield calls.write("PUT", f"{path}/{operation}", {})
    if is_verdict:
        review = f"{path}/responses/{calls.below('', _latest(wire))[1:]}/review"
        yield calls.write("PUT", review, _verdict(new))
    return (yield from calls.read_back(get(remote_id, book)))


def delete(remote_id: str, version: str | None, key: str, book: Book) -> Flow[None]:
    del version, key, book
    yield calls.write("DELETE", _path(remote_id))


def _path(remote_id: str) -> str:
    client, separator, code = remote_id.partition(":")
    if not separator:
        raise NotFound("no record has such an id")
    return "/".join((calls.below("/clients", client), "documentrequest", calls.below("", code)[1:]))


def _is_verdict(wanted: RequestStatus | UnsetType, now: str) -> bool:
    if wanted in (RequestStatus.ACCEPTED, RequestStatus.REJECTED):
        return True
    return wanted is RequestStatus.OPEN and now == "Submitted"


def _latest(wire: WireRequest) -> str:
    """The submission to review: the last one without a verdict. Raises Conflict where nothing was handed in."""
    waiting = [response for response in wire.responses or () if response.accepted is None]
    if not waiting:
        raise Conflict("nothing was handed in that waits for a verdict")
    return waiting[-1].code


def _verdict(new: DocumentRequestUpdate) -> dict[str, Any]:
    verdict: dict[str, Any] = {"accepted": new.status is RequestStatus.ACCEPTED}
    if new.status is RequestStatus.OPEN:
        verdict["nextAction"] = "Reopen"
    if new.review_note is not UNSET:
        verdict["reviewNote"] = new.review_note
    return verdict


def _operation(wanted: RequestStatus | UnsetType) -> str | None:
    if isinstance(wanted, UnsetType):
        return None
    operation = {RequestStatus.OPEN: "open", RequestStatus.CANCELLED: "cancel"}.get(wanted)
    if operation is None:
        raise invalid("/status", "unsupported", "The firm opens, cancels, accepts and rejects.")
    return operation


def _changes(new: DocumentRequestUpdate) -> dict[str, Any]:
    fields = {"title": new.title, "description": new.description, "deadline": new.due_on}
    return {name: value for name, value in fields.items() if value is not UNSET}


BINDING: Final = Binding[DocumentRequest, DocumentRequestCreate, DocumentRequestUpdate](
    doc=assumed("schemas/documentrequestdetaildto.html"),
    wire=Wire(WireRequest, many=("data",)),
    unsupported=UNSUPPORTED,
    record_only=("responses",),
    page=page,
    get=get,
    create=create,
    update=update,
    delete=delete,
    filters={
        "client": Filter(kind="reference", prefix="cli_", description="The requests to one client."),
        "status": Filter(kind="choice", choices=tuple(_WORDS), description="The request's state."),
    },
    max_page=calls.MAX_PAGE,
    notes="Accepting and rejecting review the last submission; its documents are then published, as Sodium does unless "
    "told otherwise. Documented: the schema and the review. Assumed: the address of the list over all clients, the "
    "fields of a submission, and the operations that open and cancel.",
)
