"""The TaxDome connector against the TaxDome sandbox, which was written from the same facts by somebody else."""

from collections.abc import AsyncIterator, Iterator
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx
import pytest
from msgspec import UNSET

from service.connectors.registry import get_connector
from service.connectors.sdk.binding import NewDocument
from service.connectors.sdk.engine import Engine, Leg, Link
from service.connectors.sdk.faults import (
    Conflict,
    ConnectionRefused,
    CredentialsExpired,
    Invalid,
    NotFound,
    RateLimited,
    SchemaDrift,
)
from service.connectors.sdk.flow import Request, Response, Source
from service.connectors.transport import HttpTransport
from service.ids import Book, parse_record_id
from service.resources.client import ClientCreate, ClientKind, ClientUpdate
from service.resources.common import Email, Money
from service.resources.contact import ContactCreate, ContactUpdate
from service.resources.document import ApprovalState, DocumentUpdate
from service.resources.invoice import InvoiceCreate, InvoiceLineInput, InvoiceUpdate
from service.resources.message import ClientTaskInput, MessageCreate, ThreadCreate, ThreadUpdate
from service.resources.payment import AllocationInput, PaymentCreate, PaymentMethod
from service.resources.task import TaskCreate, TaskStatus, TaskUpdate
from service.resources.time_entry import TimeEntryCreate, TimeEntryUpdate
from service.sandbox.serve import SandboxServer, running
from tests.conformance.rig import Roomy, SandboxTokens
from tests.connectors.played import Played

TAXDOME = get_connector("taxdome")
RESOURCES = tuple(TAXDOME.bindings())
READABLE = tuple(name for name, binding in TAXDOME.bindings().items() if binding.get is not None)
OF_THE_LOGIN = ("clients", "contacts", "accounts", "users")
CLIENTS = 60
RICH = 10
"""The account with many documents and messages."""


class Account(Played):
    """The sandbox as one account of a login sees it."""

    def __init__(self, server: SandboxServer, http: httpx.Client, ids: list[str], number: int) -> None:
        super().__init__(TAXDOME, Book(UUID(int=7), number, ids[number], "USD"))
        self.server, self.http, self.ids = server, http, ids
        self.uploaded = b""

    def at(self, number: int) -> "Account":
        return Account(self.server, self.http, self.ids, number)

    def send(self, request: Request) -> Response:
        headers = {"accept": request.accept, "content-type": request.content_type, **dict(request.headers)}
        body = request.body if request.upload is None else self.uploaded
        sent = self.http.request(request.method, request.path, params=request.query, content=body, headers=headers)
        return Response(sent.status_code, dict(sent.headers), sent.content)

    def download(self, remote_id: str) -> bytes:
        """The bytes of a document, fetched without credentials."""
        assert TAXDOME.documents is not None
        assert TAXDOME.documents.download is not None
        found = self.run(TAXDOME.documents.download(remote_id, self.book))
        assert found.request.address is not None
        return httpx.get(found.request.address).content

    @property
    def client(self) -> str:
        return self.book.ref("cli_", self.book.account)


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with running("taxdome", clients=CLIENTS) as found:
        yield found


def session(server: SandboxServer, login: str) -> Iterator[Account]:
    server.reset()
    server.limits(per_minute=None)
    grant = server.grant(scopes=[login])
    with httpx.Client(base_url=server.url + TAXDOME.root, headers=dict(TAXDOME.auth.sign(grant.access_token))) as http:
        yield Account(server, http, grant.login["accounts"], 0)


@pytest.fixture
def firm(server: SandboxServer) -> Iterator[Account]:
    yield from session(server, "firm")


@pytest.fixture
def couple(server: SandboxServer) -> Iterator[Account]:
    yield from session(server, "couple")


def everywhere(firm: Account, resource: str) -> Iterator[tuple[Account, list[Any]]]:
    """The records of all accounts, those of the login once."""
    for number in range(1 if resource in OF_THE_LOGIN else CLIENTS):
        account = firm.at(number)
        yield account, account.every(resource)


@pytest.mark.parametrize("resource", RESOURCES)
def test_small_pages_and_large_ones_give_the_same_records(firm: Account, resource: str) -> None:
    rich = firm.at(RICH)
    large, small = rich.every(resource), rich.every(resource, limit=2)

    assert large
    assert small == large
    assert len({found.id for found in large}) == len(large)
    assert {found.account for found in large} == {rich.book.account}


@pytest.mark.parametrize("resource", READABLE)
def test_one_record_says_all_that_its_list_said(firm: Account, resource: str) -> None:
    for account, records in everywhere(firm, resource):
        for listed in records[::9]:
            found = account.get(resource, listed.remote_id)
            for name in listed.__struct_fields__:
                said = getattr(listed, name)
                if name != "meta" and said is not UNSET:
                    assert getattr(found, name) == said, name
            assert set(found.meta.unsupported) <= set(listed.meta.unsupported)


@pytest.mark.parametrize("resource", READABLE)
def test_a_missing_record_is_not_found(firm: Account, resource: str) -> None:
    for remote_id in ("nope", "job:nope", "../users", "a/b", "", "job:.."):
        with pytest.raises(NotFound):
            firm.get(resource, remote_id)


@pytest.mark.parametrize("resource", sorted({*READABLE} - {*OF_THE_LOGIN, "folders"}))
def test_a_record_of_another_account_is_not_found(firm: Account, resource: str) -> None:
    (other,) = firm.at(RICH).every(resource)[:1]

    with pytest.raises(NotFound):
        firm.get(resource, other.remote_id)


WORDS = {
    "invoices": {"open", "partially_paid", "paid", "scheduled"},
    "payments": {"received", "clearing", "declined"},
    "tasks": {"todo", "doing", "blocked", "done", "cancelled", "other"},
    "organizers": {"pending", "in_progress", "submitted", "sealed"},
    "engagements": {"sent", "partially_signed", "signed"},
    "signatures": {"pending", "partially_signed", "signed", "declined"},
}


@pytest.mark.parametrize("resource", WORDS)
def test_every_word_of_the_vendor_is_known(firm: Account, resource: str) -> None:
    found = [record for _, records in everywhere(firm, resource) for record in records]

    assert {record.status.value for record in found} <= WORDS[resource]
    assert {record.status_native for record in found if record.status == "other"} <= {"archived", "Waiting for K-1"}
    assert len({record.status for record in found}) > 2


def test_every_linked_account_is_listed_and_equal_ids_stay_apart(couple: Account) -> None:
    roster = couple.every("accounts")
    both = [couple.at(number) for number in (0, 1)]
    invoices = [account.every("invoices") for account in both]

    assert {one.remote_id for one in roster} == set(couple.ids)
    assert len(roster) == 2
    for account, found in zip(both, invoices, strict=True):
        assert {(one.account, one.client) for one in found} <= {(account.book.account, account.client)}
    assert both[0].book.ref("inv_", "inv_1") != both[1].book.ref("inv_", "inv_1")


def test_a_session_at_another_account_is_moved_and_the_call_carried_out(couple: Account) -> None:
    first, second = couple.at(0), couple.at(1)
    for account in (first, second, first):
        assert {one.account for one in account.every("threads")} <= {account.book.account}
    couple.server.fault("account_switch")

    areas = "client_uploaded,firm_shared,organizer"
    assert first.every("documents", area=areas) == first.every("documents", area=areas)


def test_an_account_has_no_address_of_its_own_and_its_contacts_have(firm: Account) -> None:
    clients, contacts = firm.every("clients"), firm.every("contacts")

    assert len(clients) == CLIENTS
    assert not [client for client in clients if client.emails or client.phones]
    assert [contact for contact in contacts if contact.emails]
    linked = {link.client for contact in contacts for link in contact.links}
    assert {client.id for client in clients} <= linked


def test_areas_are_kept_apart_and_can_be_asked_for(firm: Account) -> None:
    rich = firm.at(RICH)
    everything = rich.every("documents")
    areas = {document.area.value for document in everything}

    assert areas == {"client_uploaded", "firm_shared", "organizer", "private", "message"}
    for area in areas:
        assert rich.every("documents", area=area) == [one for one in everything if one.area == area]
    assert {one.visible_to_client for one in everything if one.area == "private"} == {False}
    assert all(one.path.startswith("/") and one.folder for one in everything if one.area != "message")


def test_what_hangs_on_messages_is_a_document_by_the_id_that_its_message_tells(firm: Account) -> None:
    rich = firm.at(RICH)
    files = rich.every("documents", area="message", limit=30)
    messages = rich.every("messages")

    assert [one.id for one in files] == [file for message in messages for file in message.attachments]
    assert {(one.area, one.folder, one.path, one.visible_to_client) for one in files} == {("message", None, None, True)}
    for file in files[::7]:
        assert rich.get("documents", file.remote_id) == file
        assert len(rich.download(file.remote_id)) == file.size_bytes
    for nobody in ("thr_1:msg_1:att_1", f"{files[0].remote_id}x", "a:b:c", ":::", "::"):
        with pytest.raises(NotFound):
            rich.get("documents", nobody)
    with pytest.raises(NotFound):
        rich.update("documents", files[0].remote_id, DocumentUpdate(name="x"))


def test_folders_are_those_that_documents_lie_in_and_those_above(firm: Account) -> None:
    rich = firm.at(RICH)
    documents = [one for one in rich.every("documents") if one.area != "message"]
    folders = rich.every("folders")
    by_id = {folder.id: folder for folder in folders}

    assert {one.folder for one in documents} <= set(by_id)
    for folder in folders:
        inside = [one for one in documents if one.folder == folder.id]
        assert folder.document_count == len(inside)
        assert {(one.area, one.path) for one in inside} <= {(folder.area, folder.path)}
        assert (folder.parent is None) is (folder.path == "/")
        if folder.parent is not None:
            above = by_id[folder.parent]
            assert (above.area, above.path.rstrip("/") + f"/{folder.name}") == (folder.area, folder.path)


def test_a_folder_in_which_nothing_lies_is_not_found(firm: Account) -> None:
    for remote_id in ("client_uploaded:/Nowhere", "client_uploaded", "attic:/2025", "private:/2025"):
        with pytest.raises(NotFound):
            firm.at(RICH).get("folders", remote_id)


def test_staff_are_told_with_role_second_factor_and_devices(firm: Account) -> None:
    users = firm.every("users")

    assert [user.role for user in users] == ["owner", "admin", "employee", "employee"]
    assert [user.mfa_level for user in users] == ["otp", "otp", "other", "none"]
    assert [user.mfa_level_native for user in users] == ["totp", "totp", "biometric", "none"]
    assert all(device.last_seen_at for user in users for device in user.devices)
    assert {one.user for one in firm.every("time_entries")} <= {user.id for user in users}


def test_a_session_tells_who_is_signed_in_and_how(firm: Account, couple: Account) -> None:
    assert TAXDOME.session is not None
    ours, theirs = (account.run(TAXDOME.session(account.book)) for account in (firm, couple))

    assert ours.user in {user.id for user in firm.every("users")}
    assert (ours.mfa_level, theirs.mfa_level) == ("otp", "otp")
    assert [device.platform for device in ours.devices] == ["Web"]


def test_answers_come_one_by_one_with_their_files(firm: Account) -> None:
    kinds: set[str] = set()
    for account, organizers in everywhere(firm, "organizers"):
        files = {document.id for document in account.every("documents", area="organizer")} if organizers else set[str]()
        for listed in organizers:
            assert listed.answers is UNSET
            found = account.get("organizers", listed.remote_id)
            assert "answers" not in found.meta.unsupported
            kinds |= {answer.kind.value for answer in found.answers if answer.value is not None or answer.files}
            assert {file for answer in found.answers for file in answer.files} <= files

    assert kinds == {"text", "number", "date", "choice", "choices", "file"}


def test_messages_are_found_by_thread_and_their_files_can_be_fetched(firm: Account) -> None:
    rich = firm.at(RICH)
    threads, messages = rich.every("threads"), rich.every("messages", limit=7)

    for thread in threads:
        assert rich.every("messages", thread=thread.remote_id) == [one for one in messages if one.thread == thread.id]
    assert len({message.id for message in messages}) == len(messages) > 100
    with_files = next(message for message in messages if message.attachments)
    file = parse_record_id("doc_", with_files.attachments[0]).remote_id
    assert len(rich.download(file)) > 1000


def test_a_balance_is_said_only_where_the_status_settles_it(firm: Account) -> None:
    for _, invoices in everywhere(firm, "invoices"):
        for invoice in invoices:
            if invoice.status_native in ("partially_paid", "in_progress"):
                assert invoice.balance is UNSET
                assert "balance" in invoice.meta.unsupported
            else:
                owed = 0 if invoice.status_native == "paid" else invoice.total.amount_minor
                assert invoice.balance == Money(owed, invoice.currency)
            assert sum(line.amount.amount_minor for line in invoice.lines) == invoice.total.amount_minor


def test_a_declined_payment_is_not_money_received(firm: Account) -> None:
    payments = [one for _, found in everywhere(firm, "payments") for one in found]
    declined = [one for one in payments if one.status == "declined"]

    assert declined
    assert all(one.received_on is None and one.allocations for one in declined)
    assert all(part.amount.amount_minor == 0 for one in declined for part in one.allocations)
    assert all(one.received_on is not None for one in payments if one.status == "received")
    assert all(part.amount is UNSET for one in payments if one not in declined for part in one.allocations)


def test_a_signature_shows_who_signed_when_and_from_where(firm: Account) -> None:
    signed = [one for _, found in everywhere(firm, "signatures") for one in found if one.status == "signed"]

    assert signed
    for signature in signed:
        assert all(signer.signed_at and signer.ip for signer in signature.signers)
        assert {"requested", "signed"} <= {event.action for event in signature.audit_trail}


def test_tasks_lie_inside_their_jobs(firm: Account) -> None:
    work = firm.at(RICH).every("tasks")
    jobs = {one.id for one in work if one.kind_native == "job"}

    assert {one.parent for one in work if one.kind_native == "task"} <= jobs
    assert jobs == {one.id for one in firm.at(RICH).every("tasks", kind="job")}


def test_a_document_is_uploaded_found_fetched_renamed_and_trashed(firm: Account) -> None:
    upload = TAXDOME.bindings()["documents"].upload
    assert upload is not None
    account = firm.at(RICH)
    account.uploaded = bytes(range(256)) * 300
    beside = next(one for one in account.every("documents", area="private") if one.path != "/")
    firm.every("documents")  # leaves the session at another account
    new = NewDocument(
        name="Notes & more.pdf", media_type="application/pdf", folder=beside.folder, client=account.client
    )
    made = account.run(upload(new, "key", account.book))
    renamed = account.update("documents", made.remote_id, DocumentUpdate(name="Notes.pdf"))

    assert (made.area, made.folder, made.size_bytes) == ("private", beside.folder, len(account.uploaded))
    assert made in account.every("documents") or renamed in account.every("documents")
    assert renamed.name == "Notes.pdf"
    asked = account.update("documents", made.remote_id, DocumentUpdate(approval=ApprovalState.PENDING))
    assert (asked.approval, asked.status_native, asked.name) == ("pending", "pending_approval", "Notes.pdf")
    with pytest.raises(Invalid):
        account.update("documents", made.remote_id, DocumentUpdate(approval=ApprovalState.APPROVED))
    assert sha256(account.download(made.remote_id)).digest() == sha256(account.uploaded).digest()
    account.delete("documents", made.remote_id)
    with pytest.raises(NotFound):
        account.get("documents", made.remote_id)


@pytest.mark.parametrize(
    ("area", "folder", "client"),
    [
        (None, None, None),
        ("organizer", None, None),
        ("message", None, None),
        ("private", "client_uploaded:/2025", None),
        (None, "organizer:/x", None),
        ("private", None, "acc_other"),
    ],
)
def test_an_upload_to_nowhere_is_refused_before_anything_is_sent(
    firm: Account, area: str | None, folder: str | None, client: str | None
) -> None:
    upload = TAXDOME.bindings()["documents"].upload
    assert upload is not None
    book = firm.book
    new = NewDocument(
        name="x.pdf",
        media_type="application/pdf",
        area=area,
        folder=None if folder is None else book.ref("fol_", folder),
        client=None if client is None else book.ref("cli_", client),
    )
    with pytest.raises(Invalid):
        next(upload(new, "key", book))


def test_clients_and_contacts_are_made_and_changed(firm: Account) -> None:
    made = firm.create("clients", ClientCreate(display_name="Reed & Co", kind=ClientKind.BUSINESS, tags=["new"]))
    changed = firm.update("clients", made.remote_id, ClientUpdate(display_name="Reed & Sons"))
    person = firm.create(
        "contacts",
        ContactCreate(client=made.id, family_name="Reed", given_name="Una", emails=[Email("una@reed.example")]),
    )
    renamed = firm.update("contacts", person.remote_id, ContactUpdate(family_name="Reed-Marsh"))

    assert (made.display_name, made.kind, made.tags) == ("Reed & Co", "business", ["new"])
    assert (changed.display_name, changed.tags) == ("Reed & Sons", ["new"])
    assert firm.get("clients", made.remote_id) == changed
    assert [link.client for link in person.links] == [made.id]
    assert (renamed.display_name, renamed.emails) == ("Una Reed-Marsh", person.emails)
    with pytest.raises(Invalid):
        firm.create("clients", ClientCreate(display_name="x", emails=[Email("x@reed.example")]))


def test_an_invoice_is_made_changed_paid_and_then_locked(firm: Account) -> None:
    lines = [InvoiceLineInput(description="Advice", amount=Money(12_345, "USD"))]
    made = firm.create("invoices", InvoiceCreate(client=firm.client, lines=lines, due_on=date(2027, 1, 31)))
    changed = firm.update("invoices", made.remote_id, InvoiceUpdate(due_on=date(2027, 2, 28)))
    pays = [AllocationInput(invoice=made.id, amount=Money(12_345, "USD"))]
    new = PaymentCreate(client=firm.client, amount=Money(12_345, "USD"), method=PaymentMethod.CHECK, allocations=pays)
    payment = firm.create("payments", new)

    assert (made.total, made.client, made.due_on) == (Money(12_345, "USD"), firm.client, date(2027, 1, 31))
    assert (changed.due_on, changed.lines) == (date(2027, 2, 28), made.lines)
    assert payment in firm.every("payments")
    assert [part.invoice for part in payment.allocations] == [made.id]
    paid = firm.get("invoices", made.remote_id)
    assert (paid.status, paid.balance) == ("paid", Money(0, "USD"))
    with pytest.raises(Conflict) as locked:
        firm.update("invoices", made.remote_id, InvoiceUpdate(due_on=date(2027, 3, 1)))
    assert locked.value.code == "invoice_locked"
    firm.delete("payments", payment.remote_id)
    firm.delete("invoices", made.remote_id)
    with pytest.raises(NotFound):
        firm.get("invoices", made.remote_id)


def test_a_task_is_made_in_a_job_and_both_are_changed(firm: Account) -> None:
    account = firm.at(RICH)
    job = next(one for one in account.every("tasks") if one.kind_native == "job")
    made = account.create("tasks", TaskCreate(name="Call the bank", parent=job.id))
    done = account.update("tasks", made.remote_id, TaskUpdate(status=TaskStatus.DONE))
    moved = account.update("tasks", job.remote_id, TaskUpdate(due_on=date(2027, 4, 15), status=TaskStatus.DOING))

    assert (made.parent, made.name, made.kind) == (job.id, "Call the bank", "subtask")
    assert (done.status, done.status_native) == ("done", "completed")
    assert (moved.due_on, moved.status) == (date(2027, 4, 15), "doing")
    assert account.get("tasks", made.remote_id) == done


def test_a_job_begins_in_a_pipeline_moves_on_and_bears_the_firms_own_word(firm: Account) -> None:
    account = firm.at(RICH)
    made = account.create("tasks", TaskCreate(name="Advice", category="pip_3", client=account.client))
    moved = account.update("tasks", made.remote_id, TaskUpdate(stage="Analysis", status_native="Waiting for the bank"))
    ended = account.update("tasks", made.remote_id, TaskUpdate(status_native="archived"))

    assert (made.kind_native, made.category, made.stage, made.status) == ("job", "pip_3", "Agreed", "doing")
    assert (moved.stage, moved.status, moved.status_native) == ("Analysis", "doing", "Waiting for the bank")
    assert (ended.status, ended.status_native) == ("other", "archived")
    assert account.get("tasks", made.remote_id) == ended
    with pytest.raises(Invalid) as refused:
        account.create("tasks", TaskCreate(name="Nowhere"))
    assert refused.value.fields[0].pointer == "/category"


def test_a_message_is_sent_with_a_document_and_found_again(firm: Account) -> None:
    account = firm.at(RICH)
    thread = account.create("threads", ThreadCreate(client=account.client))
    file = account.every("documents", area="firm_shared")[0]
    first = account.create("messages", MessageCreate(thread=thread.id, body="Please sign.", attachments=[file.id]))
    second = account.create("messages", MessageCreate(thread=thread.id, body="By Friday."))

    assert (first.author, first.thread) == ("Ada Finch", thread.id)
    attached = account.get("documents", parse_record_id("doc_", first.attachments[0]).remote_id)
    assert (attached.area, attached.name, attached.size_bytes) == ("message", file.name, file.size_bytes)
    assert account.every("messages", thread=thread.remote_id) == [second, first]
    assert [account.get("messages", one.remote_id) for one in (first, second)] == [first, second]
    with pytest.raises(NotFound):
        account.get("messages", f"{thread.remote_id}:msg_nobody")
    with pytest.raises(Invalid):
        account.create(
            "messages", MessageCreate(thread=thread.id, body="See.", attachments=[firm.book.ref("doc_", "x")])
        )


def test_a_message_on_the_second_page_of_its_thread_is_found(firm: Account) -> None:
    rich = firm.at(RICH)
    thread = next(one for one in rich.every("threads") if len(rich.every("messages", thread=one.remote_id)) > 100)
    oldest = rich.every("messages", thread=thread.remote_id)[-1]

    assert rich.get("messages", oldest.remote_id) == oldest


def test_a_thread_is_linked_to_a_job_and_put_away(firm: Account) -> None:
    account = firm.at(RICH)
    job = next(one for one in account.every("tasks") if one.kind_native == "job")
    made = account.create("threads", ThreadCreate(client=account.client))
    linked = account.update("threads", made.remote_id, ThreadUpdate(task=job.id))
    away = account.update("threads", made.remote_id, ThreadUpdate(task=None, archived=True))

    assert (made.task, made.archived, linked.task, away.task, away.archived) == (None, False, job.id, None, True)
    for refused in (ThreadUpdate(subject="No place"), ThreadUpdate(task=firm.book.ref("tsk_", "task:1"))):
        with pytest.raises(Invalid):
            account.update("threads", made.remote_id, refused)


def test_a_client_is_given_a_task_that_is_ticked_off(firm: Account) -> None:
    account = firm.at(RICH)
    thread = account.create("threads", ThreadCreate(client=account.client))
    given = account.update("threads", thread.remote_id, ThreadUpdate(client_task=ClientTaskInput(text="Upload W-2")))
    (task,) = given.client_tasks
    again = ThreadUpdate(client_task=ClientTaskInput(text="Sign here", done=False))
    both = account.update("threads", thread.remote_id, again)
    ticked = account.update(
        "threads", thread.remote_id, ThreadUpdate(client_task=ClientTaskInput(id=task.id, done=True))
    )

    assert (task.text, task.done) == ("Upload W-2", False)
    assert [one.text for one in both.client_tasks] == ["Upload W-2", "Sign here"]
    assert [one.done for one in ticked.client_tasks] == [True, False]
    assert account.get("threads", thread.remote_id) == ticked
    for refused in (ClientTaskInput(), ClientTaskInput(done=True)):
        with pytest.raises(Invalid) as fault:
            account.update("threads", thread.remote_id, ThreadUpdate(client_task=refused))
        assert fault.value.fields[0].pointer == "/client_task/text"
    with pytest.raises(NotFound):
        account.update("threads", thread.remote_id, ThreadUpdate(client_task=ClientTaskInput(id="ctk_0", done=True)))


def test_time_is_entered_changed_and_deleted(firm: Account) -> None:
    account = firm.at(RICH)
    known = account.every("time_entries")[0]
    job = next(one for one in account.every("tasks") if one.kind_native == "job")
    new = TimeEntryCreate(user=known.user, client=account.client, worked_on=date(2026, 11, 2), minutes=45, task=job.id)
    made = account.create("time_entries", new)
    changed = account.update("time_entries", made.remote_id, TimeEntryUpdate(minutes=60, billable=False))

    assert (made.minutes, made.task, made.user) == (45, job.id, known.user)
    assert (changed.minutes, changed.billable, changed.worked_on) == (60, False, date(2026, 11, 2))
    account.delete("time_entries", made.remote_id)
    with pytest.raises(NotFound):
        account.get("time_entries", made.remote_id)


def test_faults_are_recognized(firm: Account) -> None:
    firm.server.fault("throttle", retry_after=7)
    with pytest.raises(RateLimited) as throttled:
        firm.every("invoices")
    assert throttled.value.retry_after_s == 7

    firm.server.fault("missing_field", field="name")
    with pytest.raises(SchemaDrift):
        firm.every("clients")
    firm.server.clear_faults()
    firm.server.fault("totp_challenge")
    with pytest.raises(CredentialsExpired):
        firm.every("invoices")


def test_what_a_clients_login_may_not_see_is_refused_and_not_empty(couple: Account) -> None:
    with pytest.raises(ConnectionRefused):
        couple.every("time_entries")
    with pytest.raises(ConnectionRefused):
        couple.every("documents")


@pytest.mark.anyio
async def test_bytes_go_through_the_engine_both_ways(firm: Account) -> None:
    """The signed address is fetched without our token; an upload goes out in pieces to the account that is meant."""
    documents = TAXDOME.documents
    assert documents is not None
    assert documents.download is not None
    assert documents.upload is not None
    grant = firm.server.grant()
    account = firm.at(RICH)
    sent = bytes(range(256)) * 4096

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(sent), 65536):
            yield sent[start : start + 65536]

    async with HttpTransport() as transport:
        engine = Engine(transport, Roomy())
        tokens = SandboxTokens(TAXDOME, firm.server.url, grant, transport)
        link = Link(TAXDOME, firm.server.url, account.book.account, "test", tokens)
        new = NewDocument(name="Large.bin", media_type="application/octet-stream", area="private")
        source = Source(pieces(), len(sent))
        made = await engine.run(documents.upload(new, "key", account.book), link, Leg(), source=source)
        found = await engine.run(documents.download(made.remote_id, account.book), link, Leg())
        opened = await engine.open(found.request, link, Leg())
        try:
            came = b"".join([chunk async for chunk in opened.chunks])
        finally:
            await opened.close()

    assert (made.size_bytes, found.size_bytes, found.name) == (len(sent), len(sent), "Large.bin")
    assert sha256(came).digest() == sha256(sent).digest()
