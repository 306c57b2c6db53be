"""Operations on requests for documents: what is asked for, brought, reviewed."""

from service.sandbox.http import Json, Request, Response, Router, json_response
from service.sandbox.sodium import wire
from service.sandbox.sodium.collection import Collection, Filter, Path, ref_code
from service.sandbox.sodium.documents import DocumentBody, Documents
from service.sandbox.sodium.errors import conflict, invalid, missing
from service.sandbox.sodium.firm import Firm
from service.sandbox.sodium.papers import REQUEST_STATUSES
from service.sandbox.sodium.wire import Day

_CLIENT = "/clients/{client}"
_ONE_REQUEST = f"{_CLIENT}/documentrequest/{{code}}"


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


class DocumentRequests:
    """Document requests of one tenant's clients."""

    def __init__(self, firm: Firm, documents: Documents, router: Router) -> None:
        self._firm = firm
        self._documents = documents
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
        self._requests.add_routes(router)
        all_requests.add_routes(router, ("list",))
        for method, pattern, handler in (
            ("PUT", f"{_ONE_REQUEST}/open", self._open),
            ("PUT", f"{_ONE_REQUEST}/cancel", self._cancel),
            ("POST", f"{_ONE_REQUEST}/documents", self._bring),
            ("DELETE", f"{_ONE_REQUEST}/documents/{{document}}", self._take_back),
            ("POST", f"{_ONE_REQUEST}/responses", self._respond),
            ("PUT", f"{_ONE_REQUEST}/responses/{{response}}/review", self._review_response),
        ):
            router.add(method, pattern, handler)

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
        made = self._documents.make(wire.read(request, DocumentBody), None, client)
        document = self._documents.collection.keep_new({**made, "reviewStatus": "PendingReview"}, client)
        documents = [*row["documents"], wire.ref(document["code"], document["title"])]
        self._requests.amend(position, {"documents": documents, "documentCount": len(documents)})
        return self._documents.collection.answer(document, request, 201)

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
            self._documents.approve([document["code"] for document in row["documents"]])
        if body.next_action == "ReopenClearDocs":
            changes |= {"documents": [], "documentCount": 0}
        return self._requests.answer(self._requests.amend(position, changes), request)


def _without_details(row: Json, _: Request, detail: bool) -> Json:
    """Lists leave out the documents and responses."""
    return row if detail else {name: row[name] for name in row if name not in {"documents", "responses"}}
