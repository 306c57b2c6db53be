"""What is written is what is read: create, get, update and get agree, whatever is said."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import UNSET, Struct

from service.connectors.taxdome.connector import TAXDOME
from service.resources.client import ClientCreate, ClientKind, ClientUpdate
from service.resources.common import Email, Money, Phone
from service.resources.contact import ContactCreate, ContactUpdate
from service.resources.document import ApprovalState, DocumentUpdate
from service.resources.invoice import InvoiceCreate, InvoiceLineInput, InvoiceUpdate
from service.resources.message import MessageCreate, ThreadCreate, ThreadUpdate
from service.resources.organizer import AnswerInput, OrganizerCreate, OrganizerStatus, OrganizerUpdate
from service.resources.payment import PaymentCreate, PaymentMethod, PaymentUpdate
from service.resources.task import TaskCreate, TaskPriority, TaskStatus, TaskUpdate
from service.resources.time_entry import TimeEntryCreate, TimeEntryUpdate
from service.sandbox.serve import SandboxServer, running
from service.sandbox.taxdome.work import PIPELINES
from tests.connectors.test_taxdome_sandbox import CLIENTS, RICH, Account

words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
days = st.dates(date(2000, 1, 1), date(2090, 12, 31))
cents = st.integers(1, 10**9).map(lambda minor: Money(minor, "USD"))
users = st.sampled_from(["usr_9931", "usr_9932", "usr_9933"])
priorities = st.sampled_from([TaskPriority.LOW, TaskPriority.MEDIUM, TaskPriority.HIGH])
ROUNDS = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


SHOWN = {
    "create": {
        "clients", "contacts", "invoices", "payments", "tasks", "time_entries", "threads", "messages", "organizers"
    },
    "update": {
        "clients", "contacts", "invoices", "payments", "tasks", "time_entries", "threads", "documents", "organizers"
    },
}  # fmt: skip
"""What stands below."""


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with running("taxdome", clients=CLIENTS) as server:
        server.limits(per_minute=None)
        yield from signed_in(server)


def signed_in(server: SandboxServer) -> Iterator[Account]:
    grant = server.grant(scopes=["partner"])
    with httpx.Client(base_url=server.url + TAXDOME.root, headers=dict(TAXDOME.auth.sign(grant.access_token))) as http:
        yield Account(server, http, grant.login["accounts"], RICH)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.just(UNSET) | strategy


def said(new: Struct) -> dict[str, Any]:
    return {name: value for name in new.__struct_fields__ if (value := getattr(new, name)) is not UNSET}


def agree(account: Account, resource: str, made: Any, new: Struct, *unlike: str) -> None:
    """The record is what was said, and what the vendor shows of it; `unlike` are said in another way than shown."""
    for name, value in said(new).items():
        if name not in unlike:
            assert getattr(made, name) == value, name
    assert account.get(resource, made.remote_id) == made


def change(account: Account, resource: str, made: Any, new: Struct, *moves: str) -> Any:
    """The changed record, in which nothing else moved but `moves`."""
    changed = account.update(resource, made.remote_id, new)
    agree(account, resource, changed, new, *moves)
    moved = {name for name in made.__struct_fields__ if getattr(made, name) != getattr(changed, name)}
    assert moved <= {*said(new), *moves}
    return changed


@ROUNDS
@given(
    st.builds(
        ClientCreate,
        display_name=words,
        kind=st.sampled_from([ClientKind.INDIVIDUAL, ClientKind.BUSINESS]),
        tags=st.lists(words, max_size=3),
    ),
    st.builds(ClientUpdate, display_name=maybe(words), tags=maybe(st.lists(words, max_size=3))),
)
def test_clients(account: Account, new: ClientCreate, update: ClientUpdate) -> None:
    made = account.create("clients", new)

    agree(account, "clients", made, new)
    change(account, "clients", made, update)


@ROUNDS
@given(st.data())
def test_contacts(account: Account, data: st.DataObject) -> None:
    emails = st.lists(words.map(Email), max_size=1)
    phones = st.lists(words.map(Phone), max_size=1)
    names = {"given_name": maybe(words), "middle_name": maybe(words), "emails": maybe(emails), "phones": maybe(phones)}
    new = data.draw(st.builds(ContactCreate, client=st.just(account.client), family_name=words, **names))
    update = data.draw(st.builds(ContactUpdate, family_name=maybe(words), **names))
    made = account.create("contacts", new)
    agree(account, "contacts", made, new, "client")
    changed = change(account, "contacts", made, update, "display_name")

    assert [link.client for link in changed.links] == [account.client]
    assert changed.display_name == " ".join(
        name for name in (changed.given_name, changed.middle_name, changed.family_name) if name
    )


lines = st.lists(
    st.builds(
        InvoiceLineInput,
        description=words,
        quantity=st.integers(1, 10_000).map(lambda number: Decimal(number) / 100),
        unit_price=st.integers(1, 10**6).map(lambda number: Decimal(number) / 100),
    ),
    min_size=1,
    max_size=3,
)


@ROUNDS
@given(st.data())
def test_invoices(account: Account, data: st.DataObject) -> None:
    client = st.just(account.client)
    new = data.draw(st.builds(InvoiceCreate, client=client, lines=lines, issued_on=maybe(days), due_on=maybe(days)))
    made = account.create("invoices", new)
    update = data.draw(st.builds(InvoiceUpdate, lines=maybe(lines), due_on=maybe(days)))
    agree(account, "invoices", made, new, "lines")
    changed = change(account, "invoices", made, update, "lines", "total", "balance", "status", "status_native")
    asked = new.lines if update.lines is UNSET else update.lines

    assert [(one.description, one.quantity, one.unit_price) for one in changed.lines] == [
        (one.description, one.quantity, one.unit_price) for one in asked
    ]
    assert changed.total.amount_minor == sum(one.amount.amount_minor for one in changed.lines)


@ROUNDS
@given(cents, st.sampled_from([PaymentMethod.CASH, PaymentMethod.CHECK, PaymentMethod.CARD]), maybe(days), st.data())
def test_payments(
    account: Account, amount: Money, method: PaymentMethod, received_on: Any, data: st.DataObject
) -> None:
    new = PaymentCreate(client=account.client, amount=amount, method=method, received_on=received_on)
    back = data.draw(st.integers(1, amount.amount_minor).map(lambda minor: Money(minor, "USD")))
    made = account.create("payments", new)

    agree(account, "payments", made, new)
    changed = change(account, "payments", made, PaymentUpdate(refund=back), "refund", "refunds", "unapplied")
    assert [one.amount for one in changed.refunds] == [back]


@ROUNDS
@given(words, st.lists(words, max_size=2), st.booleans())
def test_organizers(account: Account, title: str, values: list[str], handed_in: bool) -> None:
    new = OrganizerCreate(client=account.client, title=title)
    made = account.create("organizers", new)
    keys = [answer.question_key for answer in made.answers if answer.kind == "text"]
    answers = [AnswerInput(question_key=key, value=value) for key, value in zip(keys, values, strict=False)]
    update = OrganizerUpdate(values=answers, status=OrganizerStatus.SUBMITTED if handed_in else UNSET)

    agree(account, "organizers", made, new)
    changed = change(
        account, "organizers", made, update, "values", "answers", "status", "status_native", "submitted_at"
    )
    assert not handed_in or changed.status == OrganizerStatus.SUBMITTED
    shown = {answer.question_key: answer.value for answer in changed.answers}
    assert all(shown[one.question_key] == one.value for one in answers)


@ROUNDS
@given(st.data(), st.sampled_from(PIPELINES))
def test_jobs(account: Account, data: st.DataObject, pipeline: dict[str, Any]) -> None:
    stages = maybe(st.sampled_from(pipeline["stages"]))
    assignees = maybe(st.lists(users.map(lambda user: account.book.ref("usr_", user)), max_size=2, unique=True))
    shared = {"stage": stages, "assignees": assignees, "priority": maybe(priorities)}
    new = data.draw(
        st.builds(
            TaskCreate,
            name=words,
            client=maybe(st.just(account.client)),
            category=st.just(pipeline["id"]),
            due_on=maybe(days),
            **shared,
        )
    )
    update = data.draw(
        st.builds(
            TaskUpdate,
            name=maybe(words),
            due_on=maybe(st.none() | days),
            status=maybe(st.sampled_from([TaskStatus.DOING, TaskStatus.DONE])),
            **shared,
        )
    )
    made = account.create("tasks", new)

    agree(account, "tasks", made, new)
    change(account, "tasks", made, update, "priority_native", "status_native")


@ROUNDS
@given(st.data())
def test_tasks_inside_a_job(account: Account, data: st.DataObject) -> None:
    job = next(one for one in account.every("tasks", kind="job"))
    statuses = [status for status in TaskStatus if status is not TaskStatus.OTHER]
    shared = {"status": maybe(st.sampled_from(statuses))}
    new = data.draw(st.builds(TaskCreate, name=words, parent=st.just(job.id), **shared))
    update = data.draw(st.builds(TaskUpdate, name=maybe(words), **shared))
    made = account.create("tasks", new)

    agree(account, "tasks", made, new)
    change(account, "tasks", made, update, "status_native")


@ROUNDS
@given(st.data())
def test_time(account: Account, data: st.DataObject) -> None:
    job = next(one for one in account.every("tasks", kind="job"))
    shared = {"billable": maybe(st.booleans())}
    new = data.draw(
        st.builds(
            TimeEntryCreate,
            user=users.map(lambda user: account.book.ref("usr_", user)),
            client=st.just(account.client),
            worked_on=days,
            minutes=st.integers(1, 1440),
            task=maybe(st.just(job.id)),
            **shared,
        )
    )
    update = data.draw(st.builds(TimeEntryUpdate, minutes=maybe(st.integers(1, 1440)), worked_on=maybe(days), **shared))
    made = account.create("time_entries", new)

    agree(account, "time_entries", made, new)
    change(account, "time_entries", made, update)
    account.delete("time_entries", made.remote_id)


@ROUNDS
@given(st.data(), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200))
def test_threads_and_messages(account: Account, data: st.DataObject, body: str) -> None:
    job = next(one for one in account.every("tasks", kind="job"))
    new = data.draw(st.builds(ThreadCreate, client=st.just(account.client), task=maybe(st.just(job.id))))
    update = data.draw(st.builds(ThreadUpdate, task=maybe(st.none() | st.just(job.id)), archived=maybe(st.booleans())))
    made = account.create("threads", new)
    agree(account, "threads", made, new)
    change(account, "threads", made, update)
    message = MessageCreate(thread=made.id, body=body)

    agree(account, "messages", account.create("messages", message), message)


@ROUNDS
@given(st.builds(DocumentUpdate, name=maybe(words), approval=maybe(st.just(ApprovalState.PENDING))))
def test_documents(account: Account, update: DocumentUpdate) -> None:
    before = next(one for one in account.every("documents", area="client_uploaded") if one.status_native is None)
    changed = change(account, "documents", before, update, "approval_native", "status_native", "signing")
    undone = DocumentUpdate(name=before.name, approval=ApprovalState.NONE)

    assert account.update("documents", before.remote_id, undone) == before
    assert changed.remote_id == before.remote_id
