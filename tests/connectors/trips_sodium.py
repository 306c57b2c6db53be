"""Sodium's round trips."""

from datetime import date
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st
from msgspec import UNSET

from service.connectors.sodium.clients_write import KINDS
from service.resources.client import ClientCreate, ClientStatus, ClientUpdate
from service.resources.common import Email, Phone
from service.resources.contact import ContactCreate, ContactRole, ContactUpdate
from service.resources.document import DocumentUpdate, ReviewState
from service.resources.document_request import DocumentRequestCreate, DocumentRequestUpdate
from service.resources.engagement import EngagementCreate, EngagementUpdate
from service.resources.organizer import AnswerVerdict, OrganizerCreate, OrganizerStatus, OrganizerUpdate, ReviewVerdict
from service.resources.service_item import ServiceItemCreate, ServiceItemUpdate, ServicePrice
from service.resources.task import TaskCreate, TaskStatus, TaskUpdate
from service.resources.user import UserCreate, UserStatus, UserUpdate
from tests.connectors.trips import Drawn, Trip, World, addresses, days, digits, listed, maybe, or_null, words

_EMAIL: Final = addresses.map(lambda address: [Email(address)])
_ONE_OR_NONE: Final = maybe(st.just([]) | _EMAIL)
_PHONES: Final = maybe(st.lists(st.builds(Phone, digits), max_size=1))
_CLIENT: Final[dict[str, Drawn]] = {"emails": _ONE_OR_NONE, "phones": _PHONES, "external_id": or_null(words)}
_PERSON: Final[dict[str, Drawn]] = {"given_name": words, "emails": _ONE_OR_NONE}
_TASK: Final[dict[str, Drawn]] = {
    "status": maybe(st.sampled_from([TaskStatus.TODO, TaskStatus.DOING, TaskStatus.DONE])),
}
_PRICES: Final = maybe(
    st.lists(
        st.builds(
            ServicePrice,
            billed=st.sampled_from(["OneOff", "Monthly", "Annual"]),
            price=st.integers(0, 10**7).map(lambda number: Decimal(number) / 100),
        ),
        max_size=3,
        unique_by=lambda one: one.billed,
    )
)
_ITEM: Final[dict[str, Drawn]] = {
    "sku": or_null(words),
    "description": or_null(words),
    "kind_native": maybe(st.sampled_from(["Other", "Tax", "Payroll"])),
    "prices": _PRICES,
}
_BEFORE: Final = st.dates(date(2000, 1, 1), date(2040, 12, 31))
_AFTER: Final = st.dates(date(2041, 1, 1), date(2090, 12, 31))
"""A task is not due before it starts, and always starts some day."""
_KINDS: Final = st.sampled_from(["EngagementLetter", "ProposalAndEngagementLetter"])


def _client_of(world: World) -> Drawn:
    return st.sampled_from([one.id for one in listed(world, "clients")[:5]])


def _judged(record: Any, new: Any) -> bool:
    shown = {one.question_key: one.review for one in record.answers}
    return new.answers is UNSET or all(shown[one.question_key] == one.review for one in new.answers)


def _verdicts(world: World, made: Any) -> Drawn:
    verdict = st.builds(
        AnswerVerdict,
        question_key=st.sampled_from([one.question_key for one in made.answers if one.review == ReviewVerdict.PENDING]),
        review=st.sampled_from([ReviewVerdict.ACCEPTED, ReviewVerdict.REJECTED]),
    )
    several = st.lists(verdict, min_size=1, max_size=3, unique_by=lambda one: one.question_key)
    return st.builds(OrganizerUpdate, answers=several)


JUDGED: Final = Trip(
    finds=lambda record: record.status == OrganizerStatus.SUBMITTED,
    updates=_verdicts,
    told=frozenset({"answers"}),
    follows=frozenset({"answers", "status", "status_native"}),
    holds=_judged,
)
"""The update of an organizer: what was just sent has no answers yet to be judged."""

TRIPS: Final = {
    "clients": Trip(
        creates=lambda world: st.builds(
            ClientCreate, display_name=words, filing_type=st.sampled_from(list(KINDS)), **_CLIENT
        ),
        updates=lambda world, made: st.builds(
            ClientUpdate,
            display_name=maybe(words),
            status=maybe(st.sampled_from([ClientStatus.ACTIVE, ClientStatus.INACTIVE, ClientStatus.PROSPECT])),
            manager=or_null(st.sampled_from([one.id for one in listed(world, "users")][:3])),
            **_CLIENT,
        ),
        follows=frozenset({"status_native", "legal_name"}),
    ),
    "contacts": Trip(
        creates=lambda world: st.builds(
            ContactCreate,
            client=_client_of(world),
            family_name=words,
            roles=st.sampled_from([[ContactRole.BILLING], [ContactRole.PRIMARY, ContactRole.PAYROLL]]),
            **_PERSON,
        ),
        updates=lambda world, made: st.builds(ContactUpdate, family_name=maybe(words), **_PERSON),
        told=frozenset({"client", "roles"}),
        follows=frozenset({"display_name"}),
        holds=lambda record, new: (
            not isinstance(new, ContactCreate)
            or [(one.client, one.roles) for one in record.links] == [(new.client, new.roles)]
        ),
    ),
    "tasks": Trip(
        creates=lambda world: st.builds(
            TaskCreate,
            name=words,
            client=maybe(_client_of(world)),
            description=maybe(words),
            start_on=_BEFORE,
            due_on=maybe(_AFTER),
            statutory_due_on=maybe(days),
            budget_minutes=maybe(st.integers(1, 10_000)),
            **_TASK,
        ),
        updates=lambda world, made: st.builds(
            TaskUpdate,
            name=maybe(words),
            description=or_null(words),
            start_on=maybe(_BEFORE),
            due_on=or_null(_AFTER),
            statutory_due_on=or_null(days),
            budget_minutes=or_null(st.integers(1, 10_000)),
            **_TASK,
        ),
        follows=frozenset({"status_native", "status_changed_at", "completed_at"}),
    ),
    "documents": Trip(
        finds=lambda record: record.review == "pending",
        updates=lambda world, made: st.builds(
            DocumentUpdate,
            name=maybe(words),
            summary=or_null(words),
            review=maybe(st.just(ReviewState.REJECTED)),
        ),
        follows=frozenset({"review_native", "approval", "approval_native"}),
    ),
    "document_requests": Trip(
        creates=lambda world: st.builds(
            DocumentRequestCreate,
            client=_client_of(world),
            title=words,
            description=or_null(words),
            due_on=maybe(days),
        ),
        updates=lambda world, made: st.builds(
            DocumentRequestUpdate, title=maybe(words), description=or_null(words), due_on=or_null(days)
        ),
    ),
    "organizers": Trip(
        creates=lambda world: st.builds(
            OrganizerCreate,
            client=_client_of(world),
            template=st.just("DF100001"),
            message=maybe(words),
            emails=addresses.map(lambda address: [address]),
        ),
        updates=lambda world, made: st.just(OrganizerUpdate()),
        told=frozenset({"template", "message", "emails"}),
    ),
    "engagements": Trip(
        creates=lambda world: st.builds(
            EngagementCreate, client=_client_of(world), dated_on=days, kind_native=maybe(_KINDS)
        ),
        updates=lambda world, made: st.builds(EngagementUpdate, dated_on=maybe(days), kind_native=maybe(_KINDS)),
    ),
    "users": Trip(
        creates=lambda world: st.builds(UserCreate, family_name=words, given_name=words, emails=_EMAIL),
        updates=lambda world, made: st.builds(
            UserUpdate,
            family_name=maybe(words),
            given_name=maybe(words),
            role=maybe(st.sampled_from(["Admin", "Manager", "User", "Viewer"])),
            status=maybe(st.sampled_from([UserStatus.ACTIVE, UserStatus.INACTIVE])),
        ),
        follows=frozenset({"name", "status_native"}),
    ),
    "service_items": Trip(
        creates=lambda world: st.builds(ServiceItemCreate, name=words, **_ITEM),
        updates=lambda world, made: st.builds(
            ServiceItemUpdate, name=maybe(words), active=maybe(st.booleans()), **_ITEM
        ),
    ),
}
