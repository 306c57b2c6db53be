from datetime import date
from typing import Any

from service.connectors.canopy.connector import CANOPY
from service.connectors.sdk.faults import SchemaDrift
from service.resources.client import ClientCreate, ClientKind, ClientUpdate
from service.resources.common import Address, Email, Money, Phone
from service.resources.contact import ContactCreate, ContactRole, ContactUpdate
from service.resources.credit import CreditCreate, CreditUpdate
from service.resources.document import DocumentUpdate
from service.resources.engagement import EngagementCreate, EngagementUpdate
from service.resources.invoice import InvoiceCreate, InvoiceLineInput, InvoiceUpdate
from service.resources.organizer import AnswerInput, OrganizerCreate, OrganizerUpdate
from service.resources.payment import PaymentCreate, PaymentMethod, PaymentUpdate
from service.resources.task import ChecklistItemInput, TaskCreate, TaskStatus, TaskUpdate
from service.resources.time_entry import TimeEntryCreate, TimeEntryUpdate
from service.sandbox.canopy.ids import OWNERS
from tests.conformance.kit import Conformance
from tests.conformance.subject import Amount, Asked, Day, Facts, Instant, Row, Subject, Word
from tests.conformance.trees import put
from tests.connectors.flows import BOOK


def cents(*fields: str) -> Amount:
    """Every amount of the record in one currency."""

    def write(row: Row, number: object, currency: str) -> None:
        row["currency"] = currency
        for field in fields:
            put(row, field, number)

    return Amount(write, lambda record: getattr(record, "total", None) or record.amount, "cents")


def status(*kept: str) -> dict[str, Asked]:
    return {"status": Asked(lambda record: record.status, lambda record, value: record.status == value)}


def new_client(clients: list[Any], number: int) -> ClientCreate:
    return ClientCreate(
        display_name=f'O\'Hara \\ "Sons" {number}',
        kind=ClientKind.BUSINESS,
        emails=[Email("una@ohara.example", "work")],
        phones=[Phone("(555) 555-0142", "work")],
        addresses=[Address(label="work", lines=("1 Pier", "Dock 2"), city="Rivermouth", country="US")],
        external_id=f"O-{number}",
        tags=["vip"],
    )


def new_contact(clients: list[Any], number: int) -> ContactCreate:
    return ContactCreate(
        client=clients[0].id,
        given_name="Una",
        family_name=f"O'Hara {number}",
        roles=[ContactRole.PARTNER],
        emails=[Email("una@ohara.example", "home")],
    )


def new_invoice(clients: list[Any], number: int) -> InvoiceCreate:
    line = InvoiceLineInput(description="Advice", amount=Money(12_345, "USD"))
    return InvoiceCreate(client=clients[0].id, lines=[line], number=f"K-{number}", issued_on=date(2026, 11, 1))


def new_payment(clients: list[Any], number: int) -> PaymentCreate:
    return PaymentCreate(
        client=clients[0].id,
        amount=Money(12_345 + number, "USD"),
        received_on=date(2026, 11, 1),
        method=PaymentMethod.CHECK,
        reference=f"K-{number}",
    )


def new_credit(clients: list[Any], number: int) -> CreditCreate:
    return CreditCreate(client=clients[0].id, lines=[InvoiceLineInput(amount=Money(500 + number, "USD"))])


def new_engagement(clients: list[Any], number: int) -> EngagementCreate:
    return EngagementCreate(client=clients[0].id, name=f"Bookkeeping, {number}", services=[BOOK.ref("itm_", "svc_1")])


def new_task(clients: list[Any], number: int) -> TaskCreate:
    return TaskCreate(
        name=f"Close the books, {number}",
        client=clients[0].id,
        status=TaskStatus.TODO,
        due_on=date(2026, 12, 1),
        budget_minutes=90,
        checklist=[ChecklistItemInput(text="Bank statements", done=True)],
    )


def new_time(clients: list[Any], number: int) -> TimeEntryCreate:
    return TimeEntryCreate(
        user=BOOK.ref("usr_", OWNERS[0]), client=clients[0].id, worked_on=date(2026, 6, 4), minutes=75 + number
    )


class TestCanopy(Conformance):
    subject = Subject(
        connector=CANOPY,
        unlimited=("per_minute",),
        beside_rows={"next_cursor": None},
        cursor="next_cursor",
        fault_in_200=SchemaDrift,
        lacks={"signatures": "no webhooks are published"},
        resources={
            "clients": Facts(
                id_field="client_id",
                words=(
                    Word("status", lambda client: client.status, lambda client: client.status_native),
                    Word("filing_type", lambda client: client.kind, lambda client: client.kind_native),
                ),
                instants=(Instant(lambda row, text: put(row, "updated_at", text), lambda client: client.updated_at),),
                filters=status(),
                creates=new_client,
                changes=ClientUpdate(display_name="O'Hara & Daughters", tags=[]),
                changed=lambda client: (client.display_name, client.tags) == ("O'Hara & Daughters", []),
            ),
            "contacts": Facts(
                id_field="contact_id",
                words=(
                    Word(
                        "kind",
                        lambda contact: contact.links[0].roles[0] if contact.links else None,
                        lambda contact: contact.links[0].roles_native[0] if contact.links else None,
                    ),
                ),
                days=(Day("birthday", lambda contact: contact.born_on),),
                creates=new_contact,
                changes=ContactUpdate(phones=[Phone("(555) 555-0143", "mobile")]),
                changed=lambda contact: contact.phones == [Phone("(555) 555-0143", "mobile")],
            ),
            "invoices": Facts(
                id_field="invoice_id",
                words=(
                    Word("status", lambda invoice: invoice.status, lambda invoice: invoice.status_native),
                    Word(
                        "qbo_sync.sync_status",
                        lambda invoice: invoice.ledger_sync and invoice.ledger_sync.state,
                        lambda invoice: invoice.ledger_sync and invoice.ledger_sync.state_native,
                    ),
                ),
                days=(
                    Day("issue_date", lambda invoice: invoice.issued_on),
                    Day("due_date", lambda invoice: invoice.due_on),
                ),
                amount=cents("total_cents", "paid_cents", "balance_cents", "lines.amount_cents"),
                filters=status(),
                creates=new_invoice,
                changes=InvoiceUpdate(due_on=date(2026, 12, 24)),
                changed=lambda invoice: invoice.due_on == date(2026, 12, 24),
            ),
            "payments": Facts(
                id_field="payment_id",
                words=(Word("method", lambda payment: payment.method, lambda payment: payment.method_native),),
                instants=(
                    Instant(lambda row, text: put(row, "received_at", text), lambda paid: paid.received_on, day=True),
                ),
                amount=cents("amount_cents", "unapplied_cents", "allocations.amount_cents"),
                creates=new_payment,
                changes=PaymentUpdate(reference=None),
                changed=lambda payment: payment.reference is None,
            ),
            "credits": Facts(
                id_field="credit_id",
                amount=cents("amount_cents", "remaining_cents", "applications.amount_cents"),
                creates=new_credit,
                changes=CreditUpdate(applications=[]),
                changed=lambda credit: credit.applications == [],
                lacks={
                    "what_was_updated_is_what_get_shows": "an application names an invoice that is open: see its tests"
                },
            ),
            "tasks": Facts(
                id_field="task_id",
                words=(
                    Word("status", lambda task: task.status, lambda task: task.status_native),
                    Word("kind", lambda task: task.kind, lambda task: task.kind_native),
                    Word("priority", lambda task: task.priority, lambda task: task.priority_native),
                ),
                instants=(
                    Instant(
                        lambda row, text: put(row, "checklist.completed_at", text),
                        lambda task: task.checklist[0].completed_at if task.checklist else None,
                    ),
                ),
                days=(Day("start_date", lambda task: task.start_on), Day("due_date", lambda task: task.due_on)),
                creates=new_task,
                changes=TaskUpdate(due_on=None, status=TaskStatus.DOING),
                changed=lambda task: (task.due_on, task.status) == (None, TaskStatus.DOING),
            ),
            "documents": Facts(
                id_field="file_id",
                changes=DocumentUpdate(name="Renamed.pdf"),
                changed=lambda document: document.name == "Renamed.pdf",
                instants=(
                    Instant(lambda row, text: put(row, "added_at", text), lambda document: document.created_at),
                    Instant(
                        lambda row, text: put(row, "versions.added_at", text),
                        lambda document: document.versions[0].added_at,
                    ),
                ),
            ),
            "folders": Facts(id_field="folder_id"),
            "organizers": Facts(
                id_field="questionnaire_id",
                words=(
                    Word("status", lambda organizer: organizer.status, lambda organizer: organizer.status_native),
                    Word(
                        "answers.type",
                        lambda organizer: organizer.answers[0].kind,
                        lambda organizer: organizer.answers[0].kind_native,
                    ),
                    Word("answers.source", lambda organizer: organizer.answers[0].source),
                ),
                filters=status(),
                creates=lambda clients, number: OrganizerCreate(client=clients[0].id, title=f"Year {number}"),
                changes=OrganizerUpdate(values=[AnswerInput(question_key="spouse_name", value="Una")]),
                changed=lambda organizer: any(answer.value == "Una" for answer in organizer.answers),
                also_moves=frozenset({"answers"}),
            ),
            "engagements": Facts(
                id_field="engagement_id",
                words=(Word("status", lambda agreed: agreed.status, lambda agreed: agreed.status_native),),
                instants=(
                    Instant(
                        lambda row, text: put(row, "accepted_at", text),
                        lambda agreed: agreed.acceptance and agreed.acceptance.at,
                    ),
                    Instant(
                        lambda row, text: put(row, "signers.signed_at", text),
                        lambda agreed: agreed.signers[0].signed_at if agreed.signers else None,
                    ),
                ),
                days=(
                    Day("start_date", lambda agreed: agreed.starts_on),
                    Day("end_date", lambda agreed: agreed.ends_on),
                ),
                amount=Amount(
                    lambda row, number, currency: put(row, "items.rate_cents", number),
                    lambda agreed: agreed.services[0].price,
                    "dollar cents",
                ),
                filters=status(),
                creates=new_engagement,
                changes=EngagementUpdate(name="Bookkeeping and payroll"),
                changed=lambda agreed: agreed.name == "Bookkeeping and payroll",
            ),
            "time_entries": Facts(
                id_field="entry_id",
                words=(Word("state", lambda entry: entry.state, lambda entry: entry.state_native),),
                days=(Day("date", lambda entry: entry.worked_on),),
                amount=Amount(
                    lambda row, number, currency: row.update({"amount_cents": number}),
                    lambda entry: entry.amount,
                    "dollar cents",
                ),
                creates=new_time,
                changes=TimeEntryUpdate(minutes=120, billable=False),
                changed=lambda entry: (entry.minutes, entry.billable) == (120, False),
                changeable=lambda entry: entry.invoice is None,
                also_moves=frozenset({"amount"}),
            ),
            "users": Facts(
                id_field="user_id",
                words=(Word("mfa_level", lambda user: user.mfa_level, lambda user: user.mfa_level_native),),
                instants=(
                    Instant(
                        lambda row, text: put(row, "devices.last_seen", text),
                        lambda user: user.devices[0].last_seen_at,
                    ),
                ),
            ),
        },
    )
