"""Canopy's round trips: clients, their people, and money."""

from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st
from msgspec import UNSET

from service.resources.client import ClientCreate, ClientKind, ClientStatus, ClientUpdate
from service.resources.common import Address, Email, Money, Phone
from service.resources.contact import ContactCreate, ContactRole, ContactUpdate
from service.resources.credit import CreditApplicationInput, CreditCreate, CreditUpdate
from service.resources.invoice import InvoiceCreate, InvoiceLineInput, InvoiceUpdate
from service.resources.payment import PaymentCreate, PaymentMethod, PaymentUpdate
from tests.connectors.trips import Drawn, Trip, World, addresses, cents, days, digits, maybe, or_null, words
from tests.connectors.trips_canopy_work import WORK, client_of

_LABELS: Final = st.sampled_from(["work", "home"])
_METHODS: Final = st.sampled_from([one for one in PaymentMethod if one.value in ("card", "ach", "cash", "check")])
_EMAILS: Final = st.lists(st.builds(Email, addresses, _LABELS), max_size=2)
_PHONES: Final = st.lists(st.builds(Phone, digits, st.just("mobile")), max_size=2)
_CLIENT: Final[dict[str, Drawn]] = {
    "emails": maybe(_EMAILS),
    "phones": maybe(_PHONES),
    "addresses": maybe(
        st.lists(
            st.builds(
                Address,
                label=_LABELS,
                lines=st.lists(words, min_size=1, max_size=2).map(tuple),
                city=st.none() | words,
                region=st.none() | words,
                postal_code=st.none() | words,
            ),
            max_size=2,
        )
    ),
    "tags": maybe(st.lists(words, max_size=3)),
    "custom_fields": maybe(st.dictionaries(words, words, max_size=2)),
    "external_id": or_null(words),
}
_PERSON: Final[dict[str, Drawn]] = {
    "given_name": words,
    "emails": maybe(_EMAILS),
    "phones": maybe(_PHONES),
    "born_on": maybe(days),
}
_LINES: Final = st.lists(
    st.builds(
        InvoiceLineInput,
        description=words,
        quantity=st.integers(1, 400).map(lambda quarters: Decimal(quarters) / 4),
        unit_price=st.integers(1, 10**6).map(lambda number: Decimal(number * 4) / 100),
    ),
    min_size=1,
    max_size=3,
)
_PAYMENT: Final[dict[str, Drawn]] = {
    "received_on": maybe(days),
    "method": maybe(_METHODS),
    "reference": or_null(words),
}


def _lines_hold(record: Any, new: Any) -> bool:
    """The lines are those that were said, and come to the total."""
    shown = [(one.description, one.quantity, one.unit_price) for one in record.lines]
    is_said = new.lines is UNSET or shown == [(one.description, one.quantity, one.unit_price) for one in new.lines]
    return is_said and bool(record.total.amount_minor == sum(one.amount.amount_minor for one in record.lines))


def _applies(world: World, credit: Any) -> Drawn:
    """Some of the credit, put on an invoice that is open for all of it."""
    assert world.connector.invoices is not None
    assert world.connector.invoices.create is not None
    line = InvoiceLineInput(description="Advice", amount=credit.amount)
    new = InvoiceCreate(client=credit.client, lines=[line])
    invoice = world.run(world.connector.invoices.create(new, f"for-{credit.id}", world.book))
    parts = st.integers(1, credit.amount.amount_minor).map(
        lambda minor: [CreditApplicationInput(invoice=invoice.id, amount=Money(minor, "USD"))]
    )
    return st.builds(CreditUpdate, applications=maybe(parts))


def _applied(record: Any, new: Any) -> bool:
    parts = getattr(new, "applications", UNSET)
    if isinstance(new, CreditCreate):
        made: int = record.amount.amount_minor
        return made == sum(line.amount.amount_minor for line in new.lines if line.amount)
    return parts is UNSET or [(one.invoice, one.amount) for one in record.applications] == [
        (one.invoice, one.amount) for one in parts
    ]


TRIPS: Final = {
    "clients": Trip(
        creates=lambda world: st.builds(
            ClientCreate,
            display_name=words,
            kind=st.sampled_from([ClientKind.INDIVIDUAL, ClientKind.BUSINESS]),
            **_CLIENT,
        ),
        updates=lambda world, made: st.builds(
            ClientUpdate,
            display_name=maybe(words),
            status=maybe(st.sampled_from([ClientStatus.ACTIVE, ClientStatus.PROSPECT, ClientStatus.INACTIVE])),
            **_CLIENT,
        ),
        named="external_id",
        follows=frozenset({"status_native"}),
    ),
    "contacts": Trip(
        creates=lambda world: st.builds(
            ContactCreate,
            client=client_of(world),
            family_name=words,
            roles=maybe(st.sampled_from([[ContactRole.SPOUSE], [ContactRole.PARTNER]])),
            **_PERSON,
        ),
        updates=lambda world, made: st.builds(ContactUpdate, family_name=maybe(words), **_PERSON),
        told=frozenset({"client", "roles"}),
        follows=frozenset({"display_name"}),
        holds=lambda record, new: (
            not isinstance(new, ContactCreate)
            or ([one.client for one in record.links] == [new.client] and new.roles in (UNSET, record.links[0].roles))
        ),
    ),
    "invoices": Trip(
        creates=lambda world: st.builds(
            InvoiceCreate, client=client_of(world), lines=_LINES, issued_on=maybe(days), due_on=maybe(days)
        ),
        updates=lambda world, made: st.builds(
            InvoiceUpdate, lines=maybe(_LINES), due_on=maybe(days), terms=maybe(words), class_name=or_null(words)
        ),
        told=frozenset({"lines"}),
        follows=frozenset({"total", "balance"}),
        holds=_lines_hold,
    ),
    "payments": Trip(
        creates=lambda world: st.builds(PaymentCreate, client=client_of(world), amount=cents, **_PAYMENT),
        # Of a payment that was recorded Canopy keeps the amount.
        updates=lambda world, made: st.builds(PaymentUpdate, **_PAYMENT),
        follows=frozenset({"method_native"}),
    ),
    "credits": Trip(
        creates=lambda world: st.builds(
            CreditCreate,
            client=client_of(world),
            lines=st.lists(st.builds(InvoiceLineInput, amount=cents), min_size=1, max_size=3),
        ),
        updates=_applies,
        told=frozenset({"lines", "applications"}),
        follows=frozenset({"remaining"}),
        holds=_applied,
    ),
    **WORK,
}
