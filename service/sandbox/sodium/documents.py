"""Operations on documents: uploads, review by the firm, approval by the client."""

from collections.abc import Callable

from service.sandbox.http import Json, Request, Response, Router, json_response
from service.sandbox.sodium import wire
from service.sandbox.sodium.collection import Collection, Filter, Path, ref_code
from service.sandbox.sodium.errors import conflict, invalid
from service.sandbox.sodium.firm import Firm
from service.sandbox.sodium.links import make_link
from service.sandbox.sodium.papers import APPROVAL_STATUSES, REVIEW_STATUSES
from service.sandbox.sodium.wire import Day

_CLIENT = "/clients/{client}"
_ONE_DOCUMENT = f"{_CLIENT}/clientdocument/{{code}}"


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


class Documents:
    """Documents of one tenant's clients."""

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
        self.collection = Collection(
            firm.documents,
            f"{_CLIENT}/clientdocument",
            DocumentBody,
            self.make,
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
            self.make,
            firm.now_s,
            firm.clients,
            filters=statuses,
            show=self._with_link,
            defaults={"clientApprovalStatus": frozenset(APPROVAL_STATUSES) - {"None"}},
        )
        self.collection.add_routes(router)
        everywhere.add_routes(router, ("list",))
        for method, pattern, handler in (
            ("PUT", f"{_ONE_DOCUMENT}/review", self._review),
            ("PUT", f"{_ONE_DOCUMENT}/request-approval", self._request_approval),
            ("PUT", f"{_ONE_DOCUMENT}/cancel-approval", self._cancel_approval),
            ("GET", f"{_CLIENT}/document-folder", self._folder),
            ("PUT", f"{_CLIENT}/document-folder", self._set_folder),
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

    def make(self, body: DocumentBody, old: Json | None, client: int | None) -> Json:
        """The record that a body makes, its bytes kept; of an old one, what it changes."""
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
        content = wire.decoded(body.file_content, "fileContent")
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
        position = documents.position(path["code"], self.collection.client(path))
        if not may(documents.table[position]):
            raise conflict("The document's state does not allow this.")
        return self.collection.answer(self.collection.amend(position, changes), request)

    def _folder(self, request: Request, path: Path) -> Response:
        self._firm.clients.position(path["client"])
        return json_response(200, {"folderId": None, "folderPath": None})

    def _set_folder(self, request: Request, path: Path) -> Response:
        self._firm.clients.position(path["client"])
        raise conflict("Folders exist only where documents are stored externally.")

    def approve(self, codes: list[str]) -> None:
        """Approves documents, as far as they are still there."""
        for code in codes:
            position = self._firm.documents.table.find(code)
            if position is not None:
                self.collection.amend(position, {"reviewStatus": "Approved", "reviewedByUser": self._firm.me,
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
