"""Operations on documents and requests for them: uploads, downloads by a link that ends, review and approval."""

import hashlib
import hmac
from collections.abc import Callable
from urllib.parse import urlencode

from service.sandbox.clock import NowS
from service.sandbox.http import Json, Request, Response, Router, json_response
from service.sandbox.sodium import wire
from service.sandbox.sodium.agreed import decoded
from service.sandbox.sodium.collection import Collection, Filter, Path, ref_code
from service.sandbox.sodium.errors import conflict, invalid, missing
from service.sandbox.sodium.firm import Firm
from service.sandbox.sodium.papers import APPROVAL_STATUSES, REQUEST_STATUSES, REVIEW_STATUSES
from service.sandbox.sodium.wire import Day

_CLIENT = "/clients/{client}"
_ONE_DOCUMENT = f"{_CLIENT}/clientdocument/{{code}}"
_ONE_REQUEST = f"{_CLIENT}/documentrequest/{{code}}"
_LINK_LIFE_S = 3600
_KEY = b"sandbox storage account"


class DocumentBody(wire.Body, frozen=True):
    """A document to write; `file_content` is base64 and needed for a new one only."""

    title: str
    category_code: str | None = None
    summary: str | None = None
    date: Day | None = None
    file_name: str | None = None
    content_type: str = "application/octet-stream"
    file_content: str | None = None


class ReviewBody(wire.Body, frozen=True):
    """What an internal user makes of a document the client sent."""

    review_status: str


class ApprovalBody(wire.Body, frozen=True):
    """A note to the client who is to approve."""

    note: str | None = None


class RequestBody(wire.Body, frozen=True):
    """A document request to write."""

    title: str
    description: str | None = None
    deadline: Day | None = None
    notify_user_code: str | None = None
    task_code: str | None = None


class ResponseBody(wire.Body, frozen=True):
    """What comes with the documents."""

    comment: str | None = None


class ResponseReviewBody(wire.Body, frozen=True):
    """What an internal user makes of a response."""

    accepted: bool
    review_note: str | None = None
    next_action: str | None = None
    make_documents_available: bool = True
    portal_folder_path: str | None = None


class Paperwork:
    """Documents and document requests of one tenant."""

    def __init__(self, firm: Firm, router: Router) -> None:
        self._firm = firm
        statuses = {
            "reviewStatus": Filter(lambda row: row["reviewStatus"], REVIEW_STATUSES, firm.papers.review_status),
            "clientApprovalStatus": Filter(
                lambda row: row["clientApprovalStatus"], APPROVAL_STATUSES, firm.papers.approval_status
            ),
            "category": Filter(ref_code("category")),
            "clientCode": Filter(ref_code("client")),
        }
        self._documents = Collection(
            firm.documents,
            f"{_CLIENT}/clientdocument",
            DocumentBody,
            self._make_document,
            firm.now_s,
            firm.clients,
            filters=statuses,
            search=("title",),
            show=self._with_link,
            defaults={"reviewStatus": frozenset({"Approved"})},
        )
        everywhere = Collection(
            firm.documents,
            "/client-documents",
            DocumentBody,
            self._make_document,
            firm.now_s,
            firm.clients,
            filters=statuses,
            show=self._with_link,
            defaults={"clientApprovalStatus": frozenset(APPROVAL_STATUSES) - {"None"}},
        )
        asked = {
            "status": Filter(lambda row: row["status"], REQUEST_STATUSES, firm.papers.request_status),
            "clientCode": Filter(ref_code("client")),
        }
        self._requests = Collection(
            firm.requests,
            f"{_CLIENT}/documentrequest",
            RequestBody,
            self._make_request,
            firm.now_s,
            firm.clients,
            filters=asked,
            search=("title",),
            show=_without_details,
        )
        all_requests = Collection(
            firm.requests,
            "/document-requests",
            RequestBody,
            self._make_request,
            firm.now_s,
            firm.clients,
            filters=asked,
            show=_without_details,
        )
        for collection in (self._documents, self._requests):
            collection.add_routes(router)
        for collection in (everywhere, all_requests):
            collection.add_routes(router, ("list",))
        for method, pattern, handler in (
            ("PUT", f"{_ONE_DOCUMENT}/review", self._review),
            ("PUT", f"{_ONE_DOCUMENT}/request-approval", self._request_approval),
            ("PUT", f"{_ONE_DOCUMENT}/cancel-approval", self._cancel_approval),
            ("GET", f"{_CLIENT}/document-folder", self._folder),
            ("PUT", f"{_CLIENT}/document-folder", self._set_folder),
            ("PUT", f"{_ONE_REQUEST}/open", self._open),
            ("PUT", f"{_ONE_REQUEST}/cancel", self._cancel),
            ("POST", f"{_ONE_REQUEST}/documents", self._bring),
            ("DELETE", f"{_ONE_REQUEST}/documents/{{document}}", self._take_back),
            ("POST", f"{_ONE_REQUEST}/responses", self._respond),
            ("PUT", f"{_ONE_REQUEST}/responses/{{response}}/review", self._review_response),
        ):
            router.add(method, pattern, handler)

    def content(self, code: str) -> tuple[bytes, str]:
        """A document's bytes and media type."""
        row = self._firm.documents.get(code)
        kept: bytes | None = self._firm.kept.get(("content", code))
        if kept is not None:
            return kept, row["contentType"]
        line = f"{code} {row['originalFileName']}\n".encode()
        whole = b"%PDF-1.7\n" + line * (row["fileSize"] // len(line) + 1)
        return whole[: row["fileSize"]], row["contentType"]

    def _with_link(self, row: Json, request: Request, _: bool) -> Json:
        return {**row, "downloadUrl": make_link(request, self._firm.code, row["code"], self._firm.now_s)}

    def _make_document(self, body: DocumentBody, old: Json | None, client: int | None) -> Json:
        firm = self._firm
        assert client is not None
        changed = {
            "category": firm.named(firm.document_categories, body.category_code, "categoryCode"),
            "title": body.title,
            "summary": body.summary,
            "date": (wire.fields(body)["date"]) or wire.instant(firm.now_s())[:10],
        }
        if old is not None:
            return changed
        if body.file_content is None or not body.file_name:
            raise invalid("fileContent", "The fields fileName and fileContent are required.")
        content = decoded(body.file_content, "fileContent")
        firm.kept["content", firm.documents.table.next_id()] = content
        return {
            "client": firm.client_ref(client),
            **changed,
            "originalFileName": body.file_name,
            "contentType": body.content_type,
            "fileSize": len(content),
            "storageType": "AzureBlob",
            "reviewStatus": "Approved",
            "uploadedByContact": None,
            "reviewedByUser": None,
            "reviewedDate": None,
            **_NO_APPROVAL,
        }

    def _review(self, request: Request, path: Path) -> Response:
        wanted = wire.read(request, ReviewBody).review_status
        if wanted not in {"Approved", "Rejected"}:
            raise invalid("reviewStatus", f"The value '{wanted}' is not valid.")
        reviewed = {"reviewStatus": wanted, "reviewedByUser": self._firm.me,
                    "reviewedDate": wire.instant(self._firm.now_s())}  # fmt: skip
        return self._changed(request, path, reviewed, lambda row: row["reviewStatus"] == "PendingReview")

    def _request_approval(self, request: Request, path: Path) -> Response:
        asked = {**_NO_APPROVAL, "clientApprovalStatus": "Pending", "clientApprovalRequestedByUser": self._firm.me,
                 "clientApprovalRequestedDate": wire.instant(self._firm.now_s()),
                 "clientApprovalNote": wire.read(request, ApprovalBody).note}  # fmt: skip
        return self._changed(request, path, asked, lambda row: row["reviewStatus"] == "Approved"
                             and row["clientApprovalStatus"] != "Pending")  # fmt: skip

    def _cancel_approval(self, request: Request, path: Path) -> Response:
        return self._changed(request, path, _NO_APPROVAL, lambda row: row["clientApprovalStatus"] == "Pending")

    def _changed(self, request: Request, path: Path, changes: Json, may: Callable[[Json], bool]) -> Response:
        documents = self._firm.documents
        position = documents.position(path["code"], self._documents.client(path))
        if not may(documents.table[position]):
            raise conflict("The document's state does not allow this.")
        return self._documents.answer(self._documents.amend(position, changes), request)

    def _folder(self, request: Request, path: Path) -> Response:
        self._firm.clients.position(path["client"])
        return json_response(200, {"folderId": None, "folderPath": None})

    def _set_folder(self, request: Request, path: Path) -> Response:
        self._firm.clients.position(path["client"])
        raise conflict("Folders exist only where documents are stored externally.")

    def _make_request(self, body: RequestBody, old: Json | None, client: int | None) -> Json:
        firm = self._firm
        assert client is not None
        if old is not None and old["status"] not in {"Draft", "Open"}:
            raise conflict(f"A document request that is {old['status']} cannot change.")
        made = {
            "client": firm.client_ref(client),
            "title": body.title,
            "description": body.description,
            "deadline": wire.fields(body)["deadline"],
            "notifyUser": firm.user(body.notify_user_code, "notifyUserCode"),
            "task": firm.named(firm.tasks, body.task_code, "taskCode"),
        }
        fresh: Json = {
            "status": "Draft",
            "documentCount": 0,
            "createdByUser": firm.me,
            "documents": [],
            "responses": [],
        }
        return made if old is not None else {**made, **fresh}

    def _open(self, request: Request, path: Path) -> Response:
        return self._moved(request, path, {"Draft"}, "Open")

    def _cancel(self, request: Request, path: Path) -> Response:
        return self._moved(request, path, {"Draft", "Open", "Submitted"}, "Cancelled")

    def _moved(self, request: Request, path: Path, origins: set[str], status: str) -> Response:
        position, _ = self._request_in(path, origins)
        return self._requests.answer(self._requests.amend(position, {"status": status}), request)

    def _request_in(self, path: Path, states: set[str]) -> tuple[int, Json]:
        position = self._firm.requests.position(path["code"], self._requests.client(path))
        row = self._firm.requests.table[position]
        if row["status"] not in states:
            raise conflict(f"The document request is {row['status']}.")
        return position, row

    def _bring(self, request: Request, path: Path) -> Response:
        position, row = self._request_in(path, {"Draft", "Open"})
        client = self._requests.client(path)
        made = self._make_document(wire.read(request, DocumentBody), None, client)
        document = self._documents.keep_new({**made, "reviewStatus": "PendingReview"}, client)
        documents = [*row["documents"], wire.ref(document["code"], document["title"])]
        self._requests.amend(position, {"documents": documents, "documentCount": len(documents)})
        return self._documents.answer(document, request, 201)

    def _take_back(self, request: Request, path: Path) -> Response:
        position, row = self._request_in(path, {"Draft", "Open"})
        documents = [document for document in row["documents"] if document["code"] != path["document"]]
        if len(documents) == len(row["documents"]):
            raise missing("Document")
        self._requests.amend(position, {"documents": documents, "documentCount": len(documents)})
        self._firm.documents.put(self._firm.documents.position(path["document"]), None, self._firm.now_s())
        return Response(204)

    def _respond(self, request: Request, path: Path) -> Response:
        position, row = self._request_in(path, {"Open"})
        response: Json = {
            "code": f"{row['code'].replace('DR', 'RS')}{len(row['responses']) + 1:02d}",
            "comment": wire.read(request, ResponseBody).comment,
            "submittedByContact": None,
            "submittedDate": wire.instant(self._firm.now_s()),
            "accepted": None,
            "reviewNote": None,
            "reviewedByUser": None,
            "reviewedDate": None,
        }
        self._requests.amend(position, {"responses": [*row["responses"], response], "status": "Submitted"})
        return json_response(201, response)

    def _review_response(self, request: Request, path: Path) -> Response:
        position, row = self._request_in(path, {"Submitted"})
        body = wire.read(request, ResponseReviewBody)
        if body.next_action not in {None, "Reopen", "ReopenClearDocs"}:
            raise invalid("nextAction", f"The value '{body.next_action}' is not valid.")
        if path["response"] not in {response["code"] for response in row["responses"]}:
            raise missing("Response")
        now = wire.instant(self._firm.now_s())
        said = {"accepted": body.accepted, "reviewNote": body.review_note, "reviewedByUser": self._firm.me,
                "reviewedDate": now}  # fmt: skip
        responses = [{**each, **said} if each["code"] == path["response"] else each for each in row["responses"]]
        status = "Accepted" if body.accepted else "Open" if body.next_action else "Rejected"
        changes: Json = {"responses": responses, "status": status}
        if body.accepted and body.make_documents_available:
            self._approve([document["code"] for document in row["documents"]])
        if body.next_action == "ReopenClearDocs":
            changes |= {"documents": [], "documentCount": 0}
        return self._requests.answer(self._requests.amend(position, changes), request)

    def _approve(self, codes: list[str]) -> None:
        for code in codes:
            position = self._firm.documents.table.find(code)
            if position is not None:
                self._documents.amend(position, {"reviewStatus": "Approved", "reviewedByUser": self._firm.me,
                                                 "reviewedDate": wire.instant(self._firm.now_s())})  # fmt: skip


_NO_APPROVAL: Json = {
    "clientApprovalStatus": "None",
    "clientApprovalRequestedByUser": None,
    "clientApprovalRequestedDate": None,
    "clientApprovalNote": None,
    "clientApprovalContact": None,
    "clientApprovalDate": None,
    "clientApprovalIpAddress": None,
}


def make_link(request: Request, tenant: str, code: str, now_s: NowS) -> str:
    """A link that opens a document for whoever holds it, for one to two hours."""
    until = int(now_s()) // _LINK_LIFE_S * _LINK_LIFE_S + 2 * _LINK_LIFE_S
    path = f"/blobs/{tenant}/{code}"
    query = urlencode({"sp": "r", "se": wire.instant(until), "sig": _sign(path, until)})
    return f"http://{request.headers.get('host', '127.0.0.1')}{path}?{query}"


def opens(request: Request, now_s: float) -> bool:
    """Whether a link is one of ours and still good."""
    end = request.query.get("se", "")
    for until in (int(now_s) // _LINK_LIFE_S * _LINK_LIFE_S + life * _LINK_LIFE_S for life in (1, 2)):
        if end == wire.instant(until):
            return hmac.compare_digest(request.query.get("sig", ""), _sign(request.path, until))
    return False


def _sign(path: str, until: int) -> str:
    return hmac.new(_KEY, f"{path} {until}".encode(), hashlib.sha256).hexdigest()


def _without_details(row: Json, _: Request, detail: bool) -> Json:
    """Lists leave out the documents and responses."""
    return row if detail else {name: row[name] for name in row if name not in {"documents", "responses"}}
