"""QuickBooks' round trips."""

from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st
from msgspec import UNSET

from service.resources.client import ClientCreate, ClientStatus, ClientUpdate
from service.resources.common import Address, Email, Phone
from service.resources.credit import CreditCreate, CreditUpdate
from service.resources.document import DocumentUpdate
from service.resources.invoice import InvoiceCreate, InvoiceLineInput, InvoiceUpdate
from service.resources.payment import PaymentCreate, PaymentUpdate
from service.resources.service_item import (
    Dimension,
    ServiceItemCreate,
    ServiceItemUpdate,
    TrackingValueCreate,
    TrackingValueUpdate,
)
from service.resources.time_entry import TimeEntryCreate, TimeEntryUpdate
from service.resources.user import UserCreate, UserStatus, UserUpdate
from tests.connectors.trips import Drawn, Trip, World, addresses, cents, days, digits, listed, maybe, or_null, words

_NAMES: Final = words.filter(lambda name: ":" not in name)
_EMAILS: Final = st.lists(st.builds(Email, addresses, st.just("primary")), max_size=1)
_CLIENT: Final[dict[str, Drawn]] = {
    "legal_name": or_null(words),
    "given_name": or_null(words),
    "family_name": or_null(words),
    "emails": maybe(_EMAILS),
    "phones": maybe(st.lists(st.builds(Phone, digits, st.just("mobile")), max_size=1)),
    "addresses": maybe(
        st.lists(
            st.builds(
                Address,
                label=st.just("billing"),
                lines=st.lists(words, min_size=1, max_size=5).map(tuple),
                city=st.none() | words,
                country=st.none() | words,
            ),
            max_size=1,
        )
    ),
    "website": or_null(words),
    "notes": or_null(words),
}
_LINES: Final = st.lists(
    st.builds(
        InvoiceLineInput,
        description=words,
        service_item=st.just(UNSET),
        amount=cents,
    ),
    min_size=1,
    max_size=3,
)
_SALE: Final[dict[str, Drawn]] = {"issued_on": maybe(days), "memo": or_null(words)}
_RATE: Final = st.integers(0, 10**7).map(lambda number: Decimal(number) / 100)
_ITEM: Final[dict[str, Drawn]] = {
    "sku": or_null(words),
    "description": or_null(words),
    "taxable": maybe(st.booleans()),
}


def _in_dollars(world: World) -> Drawn:
    clients = [one for one in listed(world, "clients") if one.status == ClientStatus.ACTIVE and one.currency == "USD"]
    return st.sampled_from([one.id for one in clients[:5]])


def _lines_hold(record: Any, new: Any) -> bool:
    if new.lines is UNSET:
        return True
    return [(one.description, one.amount) for one in record.lines] == [
        (one.description, one.amount) for one in new.lines
    ]


TRIPS: Final = {
    "clients": Trip(
        creates=lambda world: st.builds(ClientCreate, display_name=_NAMES, **_CLIENT),
        updates=lambda world, made: st.builds(
            ClientUpdate,
            display_name=maybe(_NAMES),
            status=maybe(st.sampled_from([ClientStatus.ACTIVE, ClientStatus.INACTIVE])),
            **_CLIENT,
        ),
        named="display_name",
        follows=frozenset({"status_native"}),
    ),
    "invoices": Trip(
        creates=lambda world: st.builds(
            InvoiceCreate, client=_in_dollars(world), lines=_LINES, due_on=maybe(days), **_SALE
        ),
        updates=lambda world, made: st.builds(InvoiceUpdate, lines=maybe(_LINES), due_on=maybe(days), **_SALE),
        told=frozenset({"lines"}),
        follows=frozenset({"total", "balance", "status"}),
        holds=_lines_hold,
    ),
    "payments": Trip(
        creates=lambda world: st.builds(
            PaymentCreate,
            client=_in_dollars(world),
            amount=cents,
            received_on=maybe(days),
            reference=or_null(words.map(lambda word: word[:21])),
        ),
        updates=lambda world, made: st.builds(
            PaymentUpdate,
            amount=maybe(cents),
            received_on=maybe(days),
            reference=or_null(words.map(lambda word: word[:21])),
        ),
        follows=frozenset({"unapplied"}),
    ),
    "credits": Trip(
        creates=lambda world: st.builds(CreditCreate, client=_in_dollars(world), lines=_LINES, **_SALE),
        updates=lambda world, made: st.builds(CreditUpdate, lines=maybe(_LINES), **_SALE),
        told=frozenset({"lines"}),
        follows=frozenset({"amount", "remaining"}),
        holds=lambda record, new: (
            new.lines is UNSET or record.amount.amount_minor == sum(line.amount.amount_minor for line in new.lines)
        ),
    ),
    "documents": Trip(
        finds=lambda record: record.name is not None,
        updates=lambda world, made: st.builds(
            DocumentUpdate, name=maybe(words), category=or_null(words), summary=or_null(words)
        ),
    ),
    "time_entries": Trip(
        creates=lambda world: st.builds(
            TimeEntryCreate,
            user=st.sampled_from([one.id for one in listed(world, "users") if one.status == UserStatus.ACTIVE]),
            client=_in_dollars(world),
            worked_on=days,
            minutes=st.integers(1, 1440),
            description=maybe(words),
            rate=maybe(cents),
            billable=st.booleans(),
        ),
        updates=lambda world, made: st.builds(
            TimeEntryUpdate,
            worked_on=maybe(days),
            minutes=maybe(st.integers(1, 1440)),
            description=or_null(words),
            rate=maybe(cents),
            billable=maybe(st.booleans()),
        ),
        follows=frozenset({"state_native", "amount"}),
    ),
    "users": Trip(
        creates=lambda world: st.builds(
            UserCreate, family_name=_NAMES, given_name=maybe(_NAMES), emails=maybe(_EMAILS)
        ),
        updates=lambda world, made: st.builds(
            UserUpdate,
            family_name=maybe(_NAMES),
            given_name=or_null(_NAMES),
            emails=maybe(_EMAILS),
            status=maybe(st.sampled_from([UserStatus.ACTIVE, UserStatus.INACTIVE])),
        ),
        named="family_name",
        follows=frozenset({"name", "status_native"}),
    ),
    "service_items": Trip(
        creates=lambda world: st.builds(
            ServiceItemCreate, name=_NAMES, income_account=st.just("31"), rate=maybe(_RATE), **_ITEM
        ),
        updates=lambda world, made: st.builds(
            ServiceItemUpdate, name=maybe(_NAMES), rate=maybe(_RATE), active=maybe(st.booleans()), **_ITEM
        ),
        named="name",
    ),
    "tracking": Trip(
        creates=lambda world: st.builds(TrackingValueCreate, dimension=st.sampled_from(Dimension), name=_NAMES),
        updates=lambda world, made: st.builds(
            TrackingValueUpdate,
            name=maybe(_NAMES),
            active=st.just(UNSET) if made.dimension == Dimension.CATEGORY else maybe(st.booleans()),
        ),
        named="name",
        follows=frozenset({"full_name"}),
    ),
}
