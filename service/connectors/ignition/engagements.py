"""Ignition's proposals. There is no call for one of them: a proposal is found in the list."""

from datetime import date
from decimal import Decimal
from typing import Final

from msgspec import Struct

from service.connectors.ignition.clients import DOC
from service.connectors.ignition.lists import WireList, page_in_parts
from service.connectors.sdk.binding import Binding, Filter, Query, RemotePage, Wire
from service.connectors.sdk.codec import Instant, json_reader, unsaid_is_utc, utc
from service.connectors.sdk.faults import SchemaDrift
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.mapper import mapper
from service.connectors.sdk.money import to_money
from service.ids import Book
from service.resources.common import Meta, Money
from service.resources.engagement import (
    Acceptance,
    EngagedService,
    Engagement,
    EngagementCreate,
    EngagementStatus,
    EngagementUpdate,
)


class WireAmount(Struct, frozen=True, gc=False):
    """A sum, or nothing where a proposal has no price yet."""

    amount: Decimal | None
    currency: str | None = None


class WireSchedule(Struct, frozen=True, gc=False):
    cadence: str | None = None


class WireBilling(Struct, frozen=True, gc=False):
    schedules: list[WireSchedule] | None = None


class WirePart(Struct, frozen=True, gc=False):
    amount: Decimal | None = None


class WirePricing(Struct, frozen=True, gc=False):
    currency: str | None = None
    quantity: Decimal | None = None
    minimum_period_value: WirePart | None = None


class WireService(Struct, frozen=True, gc=False):
    name: str
    service_slug: str | None = None
    is_selected_for_acceptance: bool | None = None
    billing: WireBilling | None = None
    pricing: WirePricing | None = None


class WireProposal(Struct, frozen=True, gc=False):
    slug: str
    state: str | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None
    name: str | None = None
    client_slug: str | None = None
    minimum_contract_value: WireAmount | None = None
    proposal_start_date: date | None = None
    proposal_end_date: date | None = None
    accepted_at: Instant | None = None
    services: list[WireService] | None = None


UNSUPPORTED: Final = ("kind_native", "dated_on", "signers", "document", "version")
_META: Final = Meta(unsupported=UNSUPPORTED)
_STATES: Final = {
    "draft": EngagementStatus.DRAFT,
    "awaiting_acceptance": EngagementStatus.SENT,
    "accepted": EngagementStatus.SIGNED,
    "completed": EngagementStatus.SIGNED,
    "lost": EngagementStatus.DECLINED,
    "archived": EngagementStatus.ARCHIVED,
}
_EVERYTHING: Final = (None, "archived")
_STATUSES: Final = tuple(dict.fromkeys(_STATES.values()))


@mapper
def to_engagement(wire: WireProposal, book: Book) -> Engagement:
    """A proposal with the services that were chosen; the total is the least that it is worth over its whole length."""
    total, at = wire.minimum_contract_value, wire.accepted_at
    return Engagement(
        id=book.ref("eng_", wire.slug),
        remote_id=wire.slug,
        connection=book.connection,
        account=book.account,
        client=None if wire.client_slug is None else book.ref("cli_", wire.client_slug),
        name=wire.name,
        status=_STATES.get(wire.state or "", EngagementStatus.OTHER),
        status_native=wire.state,
        starts_on=wire.proposal_start_date,
        ends_on=wire.proposal_end_date,
        services=[
            _service(service, place, book)
            for place, service in enumerate(wire.services or ())
            if service.is_selected_for_acceptance is not False
        ],
        total=None if total is None else _money(total.amount, total.currency, "$.minimum_contract_value"),
        acceptance=None if at is None else Acceptance(at=utc(at)),
        created_at=unsaid_is_utc(wire.created_at),
        updated_at=unsaid_is_utc(wire.updated_at),
        meta=_META,
    )


def _service(wire: WireService, place: int, book: Book) -> EngagedService:
    """The price is the least of one period; how often that is stands in the first schedule."""
    schedules = None if wire.billing is None else wire.billing.schedules
    return EngagedService(
        service_item=None if wire.service_slug is None else book.ref("itm_", wire.service_slug),
        name=wire.name,
        quantity=None if wire.pricing is None else wire.pricing.quantity,
        price=_price(wire.pricing, f"$.services[{place}].pricing.minimum_period_value"),
        billed=schedules[0].cadence if schedules else None,
    )


def _price(wire: WirePricing | None, path: str) -> Money | None:
    if wire is None or wire.minimum_period_value is None:
        return None
    return _money(wire.minimum_period_value.amount, wire.currency, path)


def _money(amount: Decimal | None, currency: str | None, path: str) -> Money | None:
    """Raises SchemaDrift for a sum in no currency."""
    if amount is None:
        return None
    if currency is None:
        raise SchemaDrift(f"{path}.currency", "Expected a currency")
    return to_money(amount, currency, path)


_read: Final = json_reader(WireList[WireProposal])


def page(query: Query, book: Book) -> Flow[RemotePage[Engagement]]:
    asked = query.filters.get("status")
    states = _EVERYTHING if asked is None else [state for state, status in _STATES.items() if status in asked]
    return (yield from page_in_parts("/proposals", states, _read, to_engagement, query, book))


BINDING: Final = Binding[Engagement, EngagementCreate, EngagementUpdate](
    doc=DOC,
    wire=Wire(WireProposal, many=("data",)),
    unsupported=UNSUPPORTED,
    page=page,
    filters={
        "status": Filter(kind="choice", choices=_STATUSES, description="What is accepted or completed is signed."),
    },
    updated_after=True,
    notes="Archived proposals come after all others. A proposal may name a client that is not listed.",
)
