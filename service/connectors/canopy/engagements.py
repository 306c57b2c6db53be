"""Canopy's engagements: accepted ones are active."""

from datetime import date
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from service.connectors.canopy.search import read_one, search
from service.connectors.canopy.wire import DOC, currency_of, reference
from service.connectors.sdk.binding import Binding, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import Instant, json_reader, utc
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.money import from_cents
from service.connectors.sdk.paging import cursor_page
from service.ids import Book
from service.resources.common import Meta
from service.resources.engagement import (
    Acceptance,
    EngagedService,
    Engagement,
    EngagementCreate,
    EngagementStatus,
    Signer,
)


class WireItem(Struct, frozen=True, gc=False):
    name: str
    service_item_id: str | None = None
    quantity: Decimal | None = None
    rate_cents: int | None = None
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
        meta=_META,
    )


def _service(wire: WireItem, book: Book) -> EngagedService:
    cents = wire.rate_cents
    return EngagedService(
        service_item=reference("itm_", wire.service_item_id, book),
        name=wire.name,
        quantity=wire.quantity,
        price=None if cents is None else from_cents(cents, currency_of(None, book), "$.items[...].rate_cents"),
        billed=wire.rate_type,
    )


class _List(Struct, frozen=True, gc=False):
    engagements: list[WireEngagement]
    next_cursor: str | None


_read_list = json_reader(_List)
_read_one = json_reader(WireEngagement)
_FILTER: Final = {"draft": ("draft",), "sent": ("sent",), "signed": ("active",), "archived": ("archived",)}


def page(query: Query, book: Book) -> Flow[RemotePage[Engagement]]:
    answer = _read_list((yield search("engagements", query, _FILTER)))
    return cursor_page(answer.engagements, answer.next_cursor, query, to_engagement, book, "$.engagements")


def get(remote_id: str, book: Book) -> Flow[Engagement]:
    return to_engagement(_read_one((yield read_one("engagements", remote_id))), book)


BINDING: Final = Binding[Engagement, EngagementCreate, Any](
    doc=DOC,
    wire=Wire(WireEngagement, many=("engagements",)),
    unsupported=UNSUPPORTED,
    page=page,
    get=get,
    filters={"status": Filter(kind="choice", choices=tuple(_FILTER), description="Active ones are signed.")},
    notes="An engagement that Canopy calls active was accepted: it is `signed`. Prices are in the account's currency.",
)
