from datetime import date
from decimal import Decimal
from typing import Any

from service.connectors.sdk.faults import SchemaDrift
from service.connectors.sodium.connector import SODIUM
from service.ids import parse_record_id
from service.resources.client import ClientCreate, ClientUpdate
from service.resources.common import Email, Phone
from service.resources.contact import ContactCreate, ContactRole, ContactUpdate
from service.resources.document import DocumentUpdate, ReviewState
from service.resources.document_request import DocumentRequestCreate, DocumentRequestUpdate
from service.resources.engagement import EngagementCreate, EngagementUpdate
from service.resources.organizer import AnswerVerdict, OrganizerCreate, OrganizerStatus, OrganizerUpdate, ReviewVerdict
from service.resources.service_item import ServiceItemCreate, ServiceItemUpdate, ServicePrice
from service.resources.task import TaskCreate, TaskStatus, TaskUpdate
from service.resources.user import UserCreate, UserUpdate
from tests.conformance.kit import Conformance
from tests.conformance.subject import Amount, Asked, Day, Facts, Instant, Row, Subject, Word
from tests.conformance.trees import put
from tests.connectors.flows import BOOK

NO_KEYS = "Sodium takes no key, so a write is never repeated"
NO_CURSOR = "pages are addressed by row numbers of ours: there is no cursor that could go wrong"
KEY = "an API key is not renewed"
BY_CLIENT = "Sodium lists it by client only"
TIMES = (
    Instant(lambda row, text: put(row, "createdDate", text), lambda record: record.created_at, assumed_utc=True),
    Instant(lambda row, text: put(row, "updatedDate", text), lambda record: record.updated_at, assumed_utc=True),
)


def equal(name: str) -> Asked:
    return Asked(lambda record: getattr(record, name), lambda record, value: getattr(record, name) == value)


def refers(name: str, prefix: str) -> Asked:
    """A filter by reference, which takes the vendor's own id."""

    def of(record: Any) -> str | None:
        found: str | None = getattr(record, name)
        return parse_record_id(prefix, found).remote_id if found else None

    return Asked(of, lambda record, value: getattr(record, name) == BOOK.ref(prefix, value))


def searched(*names: str) -> Asked:
    def words(record: Any) -> str:
        return " ".join(str(getattr(record, name)) for name in names).casefold()

    return Asked(lambda record: words(record).split()[0][:6], lambda record, value: value in words(record))


def decimals(row: Row, number: object, currency: str) -> None:
    row |= {"totalAmount": number, "amountDue": number, "currency": currency}


class TestSodium(Conformance):
    subject = Subject(
        connector=SODIUM,
        unlimited=("per_minute",),
        beside_rows={"hasMore": False, "totalCount": 0, "offset": 0, "limit": 50},
        fault_in_200=SchemaDrift,
        lacks={
            "signatures": "no webhooks are published",
            "an_empty_page_in_the_middle_ends_nothing": "rows promised and not given are broken paging",
            "a_repeated_cursor_is_broken_paging": NO_CURSOR,
            "cursors_that_run_in_a_circle_are_broken_paging": NO_CURSOR,
            "an_expired_token_is_renewed_exactly_once": KEY,
            "a_renewed_token_that_is_refused_stops": KEY,
            "a_create_with_the_same_key_is_done_once": NO_KEYS,
            "a_lost_answer_to_a_keyed_write_does_not_write_twice": NO_KEYS,
        },
        resources={
            "clients": Facts(
                id_field="code",
                words=(
                    Word("status", lambda client: client.status, lambda client: client.status_native),
                    Word("type", lambda client: client.kind, lambda client: client.kind_native),
                ),
                instants=TIMES,
                filters={
                    "status": equal("status"),
                    "kind": equal("kind"),
                    "manager": refers("manager", "usr_"),
                    "partner": refers("partner", "usr_"),
                    "search": searched("display_name", "external_id", "emails"),
                },
                sometimes=frozenset({"addresses", "tax_ids", "trading_name", "registration_number", "fiscal_year_end"}),
                creates=lambda clients, number: ClientCreate(
                    display_name=f"O'Hara & Sons {number}",
                    filing_type="PrivateLimitedCompany",
                    emails=[Email("una@ohara.example")],
                    phones=[Phone("(555) 555-0142")],
                    external_id=f"OH{number}",
                ),
                changes=ClientUpdate(display_name="O'Hara & Daughters", phones=[]),
                changed=lambda client: (client.display_name, client.phones) == ("O'Hara & Daughters", []),
            ),
            "contacts": Facts(
                id_field="code",
                filters={
                    "client": Asked(lambda person: None, lambda person, value: True),
                    "search": searched("given_name", "family_name", "emails"),
                },
                sometimes=frozenset({"links"}),
                creates=lambda clients, number: ContactCreate(
                    client=clients[0].id,
                    family_name=f"O'Hara {number}",
                    given_name="Una",
                    roles=[ContactRole.BILLING],
                    emails=[Email("una@ohara.example")],
                    phones=[Phone("(555) 555-0142", "mobile")],
                ),
                changes=ContactUpdate(emails=[Email("new@ohara.example")]),
                changed=lambda person: person.emails == [Email("new@ohara.example")],
                lacks={
                    "every_filter_narrows_to_exactly_what_it_says": "links are in the one record: see sandbox tests",
                    "get_shows_what_the_list_shows": "the one record says roles too: see sandbox tests",
                },
                only_compared=frozenset({"clientCount", "client.name", "individualClient.name"}),
            ),
            "invoices": Facts(
                id_field="id",
                parts=BY_CLIENT,
                path="*/invoices",
                before=1,
                days=(
                    Day("date", lambda invoice: invoice.issued_on),
                    Day("dueDate", lambda invoice: invoice.due_on),
                ),
                amount=Amount(decimals, lambda invoice: invoice.total, "decimal"),
                filters={"client": refers("client", "cli_")},
            ),
            "tasks": Facts(
                id_field="code",
                parts="tasks not yet started are listed window by window",
                words=(Word("status", lambda task: task.status, lambda task: task.status_native),),
                instants=TIMES,
                implied=frozenset({"kind"}),
                filters={"status": equal("status")},
                lacks={"every_filter_narrows_to_exactly_what_it_says": "they change what is listed: see sandbox tests"},
                creates=lambda clients, number: TaskCreate(
                    name=f"VAT return {number}",
                    client=clients[0].id,
                    start_on=date(2026, 5, 1),
                    due_on=date(2026, 6, 1),
                ),
                changes=TaskUpdate(status=TaskStatus.DOING, due_on=None),
                changed=lambda task: (task.status, task.due_on) == (TaskStatus.DOING, None),
            ),
            "documents": Facts(
                id_field="code",
                parts=BY_CLIENT,
                path="*/clientdocument*",
                before=1,
                some_id="CL1:D1",
                words=(
                    Word("reviewStatus", lambda document: document.review, lambda document: document.review_native),
                    Word(
                        "clientApprovalStatus",
                        lambda document: document.approval,
                        lambda document: document.approval_native,
                    ),
                ),
                instants=TIMES,
                days=(Day("date", lambda document: document.dated_on),),
                filters={"client": refers("client", "cli_"), "review": equal("review")},
                changes=DocumentUpdate(name="Accounts, final", review=ReviewState.REJECTED),
                changed=lambda document: (document.name, document.review) == ("Accounts, final", "rejected"),
                changeable=lambda document: document.review == "pending",
                also_moves=frozenset({"review_native", "approval", "approval_native"}),
            ),
            "document_requests": Facts(
                id_field="code",
                some_id="CL1:R1",
                words=(Word("status", lambda asked: asked.status, lambda asked: asked.status_native),),
                instants=TIMES,
                days=(Day("deadline", lambda asked: asked.due_on),),
                filters={"client": refers("client", "cli_"), "status": equal("status")},
                creates=lambda clients, number: DocumentRequestCreate(
                    client=clients[0].id, title=f"Statements {number}", description="All", due_on=date(2026, 12, 1)
                ),
                changes=DocumentRequestUpdate(title="Bank statements", description=None),
                changed=lambda asked: (asked.title, asked.description) == ("Bank statements", None),
            ),
            "organizers": Facts(
                id_field="code",
                words=(Word("status", lambda form: form.status, lambda form: form.status_native),),
                instants=TIMES,
                filters={"client": refers("client", "cli_"), "status": equal("status")},
                creates=lambda clients, number: OrganizerCreate(
                    client=clients[0].id, template="DF100001", message=f"Please {number}"
                ),
                changes=OrganizerUpdate(answers=[AnswerVerdict(question_key="1", review=ReviewVerdict.ACCEPTED)]),
                changeable=lambda form: form.status == OrganizerStatus.SUBMITTED,
                lacks=dict.fromkeys(
                    (
                        "what_was_updated_is_what_get_shows",
                        "an_update_leaves_alone_what_it_does_not_name",
                        "an_update_without_a_version_is_done",
                        "what_an_update_says_is_sent_or_refused",
                    ),
                    "verdicts name the questions of one form: see sandbox tests",
                ),
            ),
            "engagements": Facts(
                id_field="code",
                words=(Word("status", lambda agreed: agreed.status, lambda agreed: agreed.status_native),),
                instants=TIMES,
                days=(Day("date", lambda agreed: agreed.dated_on),),
                filters={
                    "client": refers("client", "cli_"),
                    "status": equal("status"),
                    "search": Asked(lambda agreed: None, lambda agreed, value: True),
                },
                lacks={"every_filter_narrows_to_exactly_what_it_says": "searched by e-mail, which it does not show"},
                creates=lambda clients, number: EngagementCreate(client=clients[0].id, dated_on=date(2026, 4, 1)),
                changes=EngagementUpdate(dated_on=date(2026, 5, 2), kind_native="ProposalAndEngagementLetter"),
                changed=lambda agreed: agreed.dated_on == date(2026, 5, 2),
            ),
            "users": Facts(
                id_field="code",
                words=(Word("status", lambda user: user.status, lambda user: user.status_native),),
                filters={"status": equal("status"), "search": searched("name", "emails")},
                sometimes=frozenset({"role"}),
                creates=lambda clients, number: UserCreate(
                    given_name="Una", family_name=f"O'Hara {number}", emails=[Email(f"una{number}@ohara.example")]
                ),
                changes=UserUpdate(family_name="O'Hara-Quill"),
                changed=lambda user: user.family_name == "O'Hara-Quill",
                also_moves=frozenset({"name"}),
            ),
            "service_items": Facts(
                id_field="code",
                instants=TIMES,
                creates=lambda clients, number: ServiceItemCreate(
                    name=f"Probate {number}",
                    sku=f"P{number}",
                    prices=[ServicePrice(billed="Annual", price=Decimal(90))],
                ),
                implied=frozenset({"active"}),
                changes=ServiceItemUpdate(name="Probate and wills", sku=None),
                changed=lambda item: (item.name, item.sku) == ("Probate and wills", None),
                filters={
                    "category": Asked(lambda item: item.kind_native, lambda item, value: item.kind_native == value),
                    "search": searched("name"),
                },
            ),
            "custom_fields": Facts(
                id_field="code", words=(Word("dataType", lambda field: field.kind, lambda field: field.kind_native),)
            ),
        },
    )
