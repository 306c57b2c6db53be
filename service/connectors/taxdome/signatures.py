"""Signatures under documents, with the trail that tells who did what, when and from where."""

from typing import Any, Final

from msgspec import Struct

from service.connectors.sdk.binding import Binding, Wire
from service.connectors.sdk.codec import Instant, json_reader
from service.connectors.taxdome import calls
from service.connectors.taxdome.engagements import WireSigner, to_signer
from service.connectors.taxdome.wire import ASSUMED, DOC, PAGES_MOVE, instant, reference
from service.ids import Book
from service.resources.common import Meta
from service.resources.engagement import Signature, SignatureEvent, SignatureStatus


class WireEvent(Struct, frozen=True, gc=False):
    event: str
    at: Instant | None
    actor: str | None
    ip: str | None


class WireSignature(Struct, frozen=True, gc=False):
    id: str
    account_id: str
    status: str
    document_id: str | None
    signers: list[WireSigner]
    audit_trail: list[WireEvent]
    requested_at: Instant | None = None


UNSUPPORTED: Final = ("updated_at", "version")
_META: Final = Meta(unsupported=UNSUPPORTED)
_STATUSES: Final = {
    "pending": SignatureStatus.PENDING,
    "pending_e_signature": SignatureStatus.PENDING,
    "partially_signed": SignatureStatus.PARTIALLY_SIGNED,
    "signed": SignatureStatus.SIGNED,
    "sealed": SignatureStatus.SIGNED,
    "declined": SignatureStatus.DECLINED,
    "declined_signature": SignatureStatus.DECLINED,
}


def to_signature(wire: WireSignature, book: Book) -> Signature:
    return Signature(
        id=book.ref("sig_", wire.id),
        remote_id=wire.id,
        connection=book.connection,
        account=book.account,
        client=book.ref("cli_", wire.account_id),
        document=reference("doc_", wire.document_id, book),
        status=_STATUSES.get(wire.status, SignatureStatus.OTHER),
        status_native=wire.status,
        signers=[to_signer(signer) for signer in wire.signers],
        audit_trail=[
            SignatureEvent(at=instant(event.at), action=event.event, by=event.actor, ip=event.ip)
            for event in wire.audit_trail
        ],
        created_at=instant(wire.requested_at),
        meta=_META,
    )


BINDING: Final = Binding[Signature, Any, Any](
    doc=DOC,
    wire=Wire(WireSignature, many=("items",)),
    unsupported=UNSUPPORTED,
    page=calls.pages("/signatures", json_reader(calls.Paged[WireSignature]), to_signature),
    get=calls.gets("/signatures", json_reader(WireSignature), to_signature),
    max_page=calls.MAX_PAGE,
    notes=f"{ASSUMED} The trail is what TaxDome wrote; we add nothing to it. {PAGES_MOVE}",
)
