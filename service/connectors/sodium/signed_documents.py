"""Proposals and engagement letters as documents. They hang on an engagement, and no list of documents has them."""

from typing import Final

from msgspec import Struct

from service.connectors.sdk.binding import Download
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.faults import NotFound
from service.connectors.sdk.flow import Flow, Request
from service.connectors.sodium import calls
from service.connectors.sodium.wire import RefId, day, meta, reference
from service.ids import Book
from service.resources.document import ApprovalState, Area, Document

SIGNED: Final = "engagement:"
_FLAGS: Final = {"letter-of-engagement": "hasLofEPdf", "proposal": "hasProposalPdf"}
_PDF: Final = "application/pdf"
_NOT_SAID: Final = (
    "area_native",
    "folder",
    "path",
    "category",
    "summary",
    "size_bytes",
    "sha256",
    "visible_to_client",
    "versions",
    "history",
    "uploaded_by",
    "review",
    "review_native",
    "signing",
    "status_native",
    "created_at",
    "updated_at",
    "version",
)
_META: Final = meta(*_NOT_SAID)
_STATES: Final = {"Accepted": ApprovalState.APPROVED, "Rejected": ApprovalState.REJECTED, "Unsent": ApprovalState.NONE}


class _Engagement(Struct, frozen=True, gc=False):
    code: str
    status: str
    client: RefId | None = None
    date: str | None = None
    hasProposalPdf: bool | None = None
    hasLofEPdf: bool | None = None


_read = json_reader(_Engagement)


def signed_document(remote_id: str, book: Book) -> Flow[Document]:
    """What is known of the file: that it is there, whose it is, and how the client took it."""
    code, which = _parts(remote_id)
    wire = _read((yield calls.read_one(calls.below("/engagements", code))))
    if not getattr(wire, _FLAGS[which]):
        raise NotFound("the engagement has no such file")
    return Document(
        id=book.ref("doc_", remote_id),
        remote_id=remote_id,
        connection=book.connection,
        account=book.account,
        client=reference("cli_", wire.client, book),
        name=f"{which}.pdf",
        area=Area.FIRM_SHARED,
        dated_on=day(wire.date, "$.date"),
        media_type=_PDF,
        approval=_STATES.get(wire.status, ApprovalState.PENDING),
        approval_native=wire.status,
        meta=_META,
    )


def signed_file(remote_id: str) -> Download:
    """How its bytes are had."""
    code, which = _parts(remote_id)
    path = f"{calls.below('/engagements', code)}/pdf/{which}"
    return Download(
        request=Request(method="GET", path=path, accept=_PDF, lane="read"), name=f"{which}.pdf", media_type=_PDF
    )


def _parts(remote_id: str) -> tuple[str, str]:
    code, _, which = remote_id.removeprefix(SIGNED).partition(":")
    if which not in _FLAGS:
        raise NotFound("no record has such an id")
    return code, which
