from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from service.connectors.sdk.faults import SchemaDrift
from service.connectors.taxdome.connector import TAXDOME
from service.resources.client import ClientCreate, ClientKind, ClientUpdate
from service.resources.common import Email, Money
from service.resources.contact import ContactCreate, ContactUpdate
from service.resources.document import ApprovalState, DocumentUpdate
from service.resources.invoice import InvoiceCreate, InvoiceLineInput, InvoiceUpdate
from service.resources.message import MessageCreate, ThreadCreate, ThreadUpdate
from service.resources.organizer import OrganizerCreate, OrganizerStatus, OrganizerUpdate
from service.resources.payment import PaymentCreate, PaymentMethod, PaymentUpdate
from service.resources.task import TaskCreate, TaskPriority, TaskStatus, TaskUpdate
from service.resources.time_entry import TimeEntryCreate, TimeEntryUpdate
from service.sandbox.dice import Layout
from service.sandbox.taxdome import plan
from service.sandbox.taxdome.wire import make_id
from tests.conformance.conftest import CLIENTS
from tests.conformance.kit import Conformance
from tests.conformance.subject import Amount, Asked, Day, Facts, Instant, Row, Subject, Word
from tests.conformance.trees import put
from tests.connectors.flows import BOOK

NO_KEYS = "TaxDome is not known to take a key, so a write is never repeated"
LANES = "TaxDome keeps several lists apart: see test_taxdome_paging.py"
JOB = make_id("jobs", Layout(plan.JOBS, CLIENTS).rows_of(plan.WIDE)[0])
THREAD = make_id("threads", Layout(plan.lengths(plan.THREADS), CLIENTS).rows_of(plan.WIDE)[0])


def home(clients: list[Any]) -> str:
    """The client whose account the session is at: what is written to it belongs to this one."""
    found: str = next(client.id for client in clients if client.remote_id == client.account)
    return found


def equal(name: str) -> Asked:
    return Asked(lambda record: getattr(record, name), lambda record, value: getattr(record, name) == value)


def status(name: str = "status") -> Word:
    return Word(name, lambda record: record.status, lambda record: record.status_native)


def dollars(*fields: str) -> Amount:
    """Every amount of the record in the account's currency."""

    def write(row: Row, number: object, currency: str) -> None:
        row["currency"] = currency
        for field in fields:
            put(row, field, number)

    return Amount(write, lambda record: getattr(record, "total", None) or record.amount, "decimal")


def at(name: str, shown: Callable[[Any], datetime | None]) -> Instant:
    return Instant(lambda row, text: put(row, name, text), shown)


def new_invoice(clients: list[Any], number: int) -> InvoiceCreate:
    line = InvoiceLineInput(description="Advice", amount=Money(12_345, "USD"))
    return InvoiceCreate(client=home(clients), lines=[line], issued_on=date(2026, 11, 1), currency="USD")


def new_payment(clients: list[Any], number: int) -> PaymentCreate:
    return PaymentCreate(
        client=home(clients),
        amount=Money(10_000 + number, "USD"),
        method=PaymentMethod.CHECK,
        received_on=date(2026, 6, 2),
    )


def new_job(clients: list[Any], number: int) -> TaskCreate:
    return TaskCreate(
        name=f"Amended return {number}",
        client=home(clients),
        category="pip_1",
        stage="Preparation",
        assignees=[BOOK.ref("usr_", "usr_9932")],
        priority=TaskPriority.HIGH,
        due_on=date(2026, 12, 1),
    )


def new_time(clients: list[Any], number: int) -> TimeEntryCreate:
    return TimeEntryCreate(
        user=BOOK.ref("usr_", "usr_9932"), client=home(clients), worked_on=date(2026, 6, 4), minutes=75 + number
    )


class TestTaxDome(Conformance):
    subject = Subject(
        connector=TAXDOME,
        login="partner",
        unlimited=("per_minute",),
        beside_rows={"next_page": None},
        cursor="next_page",
        fault_in_200=SchemaDrift,
        lacks={
            "signatures": "no webhooks are published",
            "an_empty_page_in_the_middle_ends_nothing": "its sandbox has none: see test_taxdome_paging.py",
            "a_create_with_the_same_key_is_done_once": NO_KEYS,
            "a_lost_answer_to_a_keyed_write_does_not_write_twice": NO_KEYS,
        },
        resources={
            "clients": Facts(
                id_field="id",
                words=(Word("type", lambda client: client.kind, lambda client: client.kind_native),),
                creates=lambda clients, number: ClientCreate(
                    display_name=f"O'Hara & Sons {number}", kind=ClientKind.BUSINESS, tags=["new"]
                ),
                changes=ClientUpdate(display_name="O'Hara & Daughters"),
                changed=lambda client: client.display_name == "O'Hara & Daughters",
            ),
            "contacts": Facts(
                id_field="id",
                creates=lambda clients, number: ContactCreate(
                    client=clients[0].id, family_name="O'Hara", given_name="Una", emails=[Email("una@ohara.example")]
                ),
                changes=ContactUpdate(emails=[]),
                changed=lambda contact: contact.emails == [],
            ),
            "invoices": Facts(
                id_field="id",
                words=(
                    status(),
                    Word(
                        "qbo_status",
                        lambda invoice: invoice.ledger_sync.state,
                        lambda invoice: invoice.ledger_sync.state_native,
                    ),
                ),
                days=(
                    Day("posted_at", lambda invoice: invoice.issued_on),
                    Day("due_date", lambda invoice: invoice.due_on),
                ),
                amount=dollars("amount", "lines.amount"),
                sometimes=frozenset({"balance"}),
                creates=new_invoice,
                changes=InvoiceUpdate(due_on=date(2026, 12, 24)),
                changed=lambda invoice: invoice.due_on == date(2026, 12, 24),
            ),
            "payments": Facts(
                id_field="id",
                words=(
                    status(),
                    Word("source", lambda payment: payment.method, lambda payment: payment.method_native),
                ),
                amount=dollars("amount"),
                creates=new_payment,
                changes=PaymentUpdate(refund=Money(100, "USD")),
                changed=lambda payment: bool(payment.refunds) and payment.refunds[0].amount == Money(100, "USD"),
                also_moves=frozenset({"refunds"}),
            ),
            "tasks": Facts(
                id_field="id",
                some_id=f"job:{JOB}",
                parts=LANES,
                words=(
                    Word("status", lambda task: task.status),
                    Word("priority", lambda task: task.priority, lambda task: task.priority_native),
                ),
                days=(Day("due_date", lambda task: task.due_on),),
                filters={"kind": Asked(lambda task: task.kind_native, lambda task, value: task.kind_native == value)},
                creates=new_job,
                implied=frozenset({"kind"}),
                changes=TaskUpdate(status=TaskStatus.DONE, stage="E-file", due_on=None),
                changed=lambda task: (task.status, task.stage, task.due_on) == ("done", "E-file", None),
            ),
            "documents": Facts(
                id_field="id",
                parts=LANES,
                instants=(at("uploaded_at", lambda document: document.created_at),),
                words=(
                    Word("status", lambda document: document.approval, lambda document: document.status_native),
                    Word("status", lambda document: document.signing, lambda document: document.approval_native),
                ),
                filters={"area": equal("area")},
                changes=DocumentUpdate(name="Accounts, final.pdf", approval=ApprovalState.PENDING),
                changed=lambda document: (document.name, document.approval) == ("Accounts, final.pdf", "pending"),
                changeable=lambda document: document.status_native is None,
                also_moves=frozenset({"approval_native", "signing"}),
            ),
            "organizers": Facts(
                id_field="id",
                words=(status(),),
                instants=(at("submitted_at", lambda organizer: organizer.submitted_at),),
                creates=lambda clients, number: OrganizerCreate(client=home(clients), title=f"Year {number}"),
                changes=OrganizerUpdate(status=OrganizerStatus.SUBMITTED),
                changed=lambda organizer: organizer.status == "submitted",
                changeable=lambda organizer: organizer.status == "pending",
                also_moves=frozenset({"submitted_at"}),
            ),
            "engagements": Facts(
                id_field="id",
                words=(status(),),
                instants=(
                    at("accepted_at", lambda agreed: agreed.acceptance and agreed.acceptance.at),
                    at("signers.signed_at", lambda agreed: agreed.signers[0].signed_at),
                ),
            ),
            "signatures": Facts(
                id_field="id",
                words=(status(),),
                instants=(
                    at("requested_at", lambda signature: signature.created_at),
                    at("signers.signed_at", lambda signature: signature.signers[0].signed_at),
                    at("audit_trail.at", lambda signature: signature.audit_trail[0].at),
                ),
            ),
            "time_entries": Facts(
                id_field="id",
                days=(Day("date", lambda entry: entry.worked_on),),
                amount=Amount(
                    lambda row, number, currency: put(row, "rate", number), lambda entry: entry.rate, "dollars"
                ),
                creates=new_time,
                changes=TimeEntryUpdate(minutes=120, billable=False),
                changed=lambda entry: (entry.minutes, entry.billable) == (120, False),
            ),
            "threads": Facts(
                id_field="id",
                creates=lambda clients, number: ThreadCreate(client=home(clients), task=BOOK.ref("tsk_", f"job:{JOB}")),
                changes=ThreadUpdate(archived=True),
                changed=lambda thread: thread.archived is True,
            ),
            "messages": Facts(
                id_field="id",
                parts="messages are listed thread by thread",
                path="*/messages",
                before=1,
                some_id=f"{THREAD}:msg_1",
                creates=lambda clients, number: MessageCreate(
                    thread=BOOK.ref("thr_", THREAD), body=f"Bitte <b>prüfen</b> & {number}. 👍"
                ),
                lacks={"cursors_that_run_in_a_circle_are_broken_paging": LANES},
                instants=(at("sent_at", lambda message: message.sent_at),),
                filters={
                    "thread": Asked(
                        lambda message: message.remote_id.partition(":")[0],
                        lambda message, value: message.remote_id.partition(":")[0] == value,
                    )
                },
            ),
            "accounts": Facts(id_field="id"),
            "users": Facts(
                id_field="id",
                words=(
                    status(),
                    Word("mfa", lambda user: user.mfa_level, lambda user: user.mfa_level_native),
                ),
                instants=(at("devices.last_seen_at", lambda user: user.devices[0].last_seen_at),),
            ),
            "folders": Facts(
                id_field="path",
                parts=LANES,
                some_id="client_uploaded:/2025",
                filters={"area": equal("area")},
                lacks=dict.fromkeys(
                    (
                        "every_record_is_mapped_and_keeps_its_remote_id",
                        "every_vendor_field_is_mapped_or_unmapped",
                        "an_unknown_field_is_ignored_and_shown_as_unmapped",
                        "raw_is_the_vendors_record_without_what_is_redacted",
                    ),
                    "a folder is made of the documents in it: there is no record of it",
                ),
            ),
        },
    )
