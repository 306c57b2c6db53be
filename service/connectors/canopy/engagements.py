"""Canopy's engagements: accepted ones are active."""

from datetime import date
from decimal import Decimal
from typing import Final

from msgspec import Struct

from service.connectors.canopy.engagements_write import from_engagement_create, from_engagement_update
from service.connectors.canopy.entity import Entity
from service.connectors.canopy.wire import DOC, Cents, reference
from service.connectors.sdk.binding import Binding, Filter
from service.connectors.sdk.codec import Instant, utc
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.money import from_cents
from service.ids import Book
from service.resources.common import Meta
from service.resources.engagement import (
    Acceptance,
    EngagedService,
    Engagement,
    EngagementCreate,
    EngagementStatus,
    EngagementUpdate,
    Signer,
)


class WireItem(Struct, frozen=True, gc=False):
    name: str
    service_item_id: str | None = None
    quantity: Decimal | None = None
    rate_cents: Cents | None = None
    rate_type: str | None = None


class WireSigner(Struct, frozen=True, gc=False):
    contact_id: str | None = None
    signed_at: Instant | None = None


class WireEngagement(Struct, frozen=True, gc=False):
    engagement_id: str
    client_id: str
    status: str
    items: list[WireItem]
    signers: list[WireSigner]
    name: str | None = None
    start_date: date | None = None
    end_date: date | None = None
    accepted_at: Instant | None = None


UNSUPPORTED: Final = ("kind_native", "dated_on", "total", "document", "created_at", "updated_at", "version")
_META: Final = Meta(unsupported=UNSUPPORTED)
_UNPRICED: Final = Meta(unsupported=(*UNSUPPORTED, "services.price"))
_STATUSES: Final = {
    "draft": EngagementStatus.DRAFT,
    "sent": EngagementStatus.SENT,
    "active": EngagementStatus.SIGNED,
    "archived": EngagementStatus.ARCHIVED,
}


def to_engagement(wire: WireEngagement, book: Book) -> Engagement:
    """An engagement with prices in the account's currency, which Canopy does not name here."""
    at = wire.accepted_at
    return Engagement(
        id=book.ref("eng_", wire.engagement_id),
        remote_id=wire.engagement_id,
        connection=book.connection,
        account=book.account,
        client=book.ref("cli_", wire.client_id),
        name=wire.name,
        status=_STATUSES.get(wire.status, EngagementStatus.OTHER),
        status_native=wire.status,
        starts_on=wire.start_date,
        ends_on=wire.end_date,
        services=[_service(item, book) for item in wire.items],
        signers=[
            Signer(
                contact=reference("cnt_", signer.contact_id, book),
                signed_at=None if signer.signed_at is None else utc(signer.signed_at),
            )
            for signer in wire.signers
        ],
        acceptance=None if at is None else Acceptance(at=utc(at)),
        meta=_META if book.currency is not None else _UNPRICED,
    )


def _service(wire: WireItem, book: Book) -> EngagedService:
    cents = wire.rate_cents
    return EngagedService(
        service_item=reference("itm_", wire.service_item_id, book),
        name=wire.name,
        quantity=wire.quantity,
        price=None
        if cents is None or book.currency is None
        else from_cents(cents, book.currency, "$.items[...].rate_cents"),
        billed=wire.rate_type,
    )


_FILTER: Final = {"draft": ("draft",), "sent": ("sent",), "signed": ("active",), "archived": ("archived",)}
_ENGAGEMENTS: Final = Entity("engagements", WireEngagement, to_engagement, _FILTER)


def create(new: EngagementCreate, key: str, book: Book) -> Flow[Engagement]:
    """A draft, priced as the firm's services are."""
    return (yield from _ENGAGEMENTS.created(from_engagement_create(new, book), key, book))


def update(remote_id: str, new: EngagementUpdate, version: str | None, key: str, book: Book) -> Flow[Engagement]:
    """Changes what is given; sends, archives, or accepts in the client's place."""
    return (yield from _ENGAGEMENTS.changed(remote_id, from_engagement_update(new, book), key, book))


BINDING: Final = Binding[Engagement, EngagementCreate, EngagementUpdate](
    doc=DOC,
    wire=_ENGAGEMENTS.place,
    unsupported=UNSUPPORTED,
    page=_ENGAGEMENTS.page,
    get=_ENGAGEMENTS.get,
    create=create,
    update=update,
    filters={"status": Filter(kind="choice", choices=tuple(_FILTER), description="Active ones are signed.")},
    notes="An engagement that Canopy calls active was accepted: it is `signed`; to write `signed` accepts in the "
    "client's place. Prices are in the account's currency, and null where the firm bills in several. Writing needs "
    "the scope `engagements:write`.",
)
