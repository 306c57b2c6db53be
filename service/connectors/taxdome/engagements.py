"""Engagements: what TaxDome calls proposals and engagement letters."""

from typing import Any, Final

from msgspec import Struct

from service.connectors.sdk.binding import Binding, Wire
from service.connectors.sdk.codec import Instant, json_reader
from service.connectors.taxdome import calls
from service.connectors.taxdome.wire import ASSUMED, DOC, PAGES_MOVE, instant, reference
from service.ids import Book
from service.resources.common import Meta
from service.resources.engagement import Acceptance, Engagement, EngagementStatus, Signer


class WireSigner(Struct, frozen=True, gc=False):
    name: str | None
    signed_at: Instant | None
    ip: str | None


class WireProposal(Struct, frozen=True, gc=False):
    id: str
    account_id: str
    status: str
    accepted_at: Instant | None
    signers: list[WireSigner]
    document_id: str | None


UNSUPPORTED: Final = (
    "kind_native",
    "dated_on",
    "starts_on",
    "ends_on",
    "services",
    "total",
    "created_at",
    "updated_at",
    "version",
)
_META: Final = Meta(unsupported=UNSUPPORTED)
_STATUSES: Final = {
    "pending": EngagementStatus.SENT,
    "partially_signed": EngagementStatus.PARTIALLY_SIGNED,
    "signed": EngagementStatus.SIGNED,
}


def to_engagement(wire: WireProposal, book: Book) -> Engagement:
    """A proposal. TaxDome's "pending" is one that is out for signature."""
    return Engagement(
        id=book.ref("eng_", wire.id),
        remote_id=wire.id,
        connection=book.connection,
        account=book.account,
        client=book.ref("cli_", wire.account_id),
        name=None,
        status=_STATUSES.get(wire.status, EngagementStatus.OTHER),
        status_native=wire.status,
        signers=[to_signer(signer) for signer in wire.signers],
        acceptance=_acceptance(wire),
        document=reference("doc_", wire.document_id, book),
        meta=_META,
    )


def to_signer(wire: WireSigner) -> Signer:
    return Signer(name=wire.name, signed_at=instant(wire.signed_at), ip=wire.ip)


def _acceptance(wire: WireProposal) -> Acceptance | None:
    """When it was accepted; by whom only where one person alone signed."""
    if wire.accepted_at is None:
        return None
    if len(wire.signers) != 1:
        return Acceptance(at=instant(wire.accepted_at))
    return Acceptance(at=instant(wire.accepted_at), by=wire.signers[0].name, ip=wire.signers[0].ip)


BINDING: Final = Binding[Engagement, Any, Any](
    doc=DOC,
    wire=Wire(WireProposal, many=("items",)),
    unsupported=UNSUPPORTED,
    page=calls.pages("/proposals", json_reader(calls.Paged[WireProposal]), to_engagement),
    get=calls.gets("/proposals", json_reader(WireProposal), to_engagement),
    max_page=calls.MAX_PAGE,
    notes=f"{ASSUMED} `acceptance.by` is said where one person alone signs. {PAGES_MOVE}",
)
