"""Canopy's files, people, intake and time, and what is written there, at the sandbox."""

from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from service.connectors.registry import get_connector
from service.connectors.sdk.binding import NewDocument
from service.connectors.sdk.faults import Conflict, ConnectionRefused, Invalid, NotFound
from service.ids import Book
from service.resources.client import ClientCreate, ClientKind, ClientStatus, ClientUpdate
from service.resources.common import Address, Email, Money, Phone
from service.resources.contact import ContactCreate, ContactRole, ContactUpdate
from service.resources.credit import CreditApplicationInput, CreditCreate, CreditUpdate
from service.resources.document import DocumentUpdate
from service.resources.engagement import EngagementCreate, EngagementStatus, EngagementUpdate
from service.resources.invoice import InvoiceCreate, InvoiceLineInput, InvoiceUpdate
from service.resources.organizer import AnswerSource, AnswerVerdict, OrganizerUpdate, ReviewVerdict
from service.resources.payment import AllocationInput, PaymentCreate, PaymentMethod, PaymentUpdate
from service.resources.task import ChecklistItemInput, TaskCreate, TaskStatus, TaskUpdate
from service.resources.time_entry import TimeEntryCreate, TimeEntryUpdate
from service.resources.user import MfaLevel
from tests.connectors.vendors import Vendor

CANOPY = get_connector("canopy")


def create(vendor: Vendor, resource: str, new: object, key: str = "new") -> Any:
    port = vendor.binding(resource).create
    assert port is not None
    return vendor.run(port(new, key, vendor.book))


def update(vendor: Vendor, resource: str, record: Any, change: object, key: str = "change") -> Any:
    port = vendor.binding(resource).update
    assert port is not None
    return vendor.run(port(record.remote_id, change, None, key, vendor.book))


def read(vendor: Vendor, resource: str, record: Any) -> Any:
    port = vendor.binding(resource).get
    assert port is not None
    return vendor.run(port(record.remote_id, vendor.book))


def refused(kind: type[Invalid] | type[Conflict], call: Any) -> str:
    """The pointer at which a call is refused."""
    with pytest.raises(kind) as caught:
        call()
    return caught.value.fields[0].pointer


def hour(vendor: Vendor, client: Any, key: str) -> Any:
    user = vendor.every("users")[0]
    new = TimeEntryCreate(user=user.id, client=client.id, worked_on=date(2026, 11, 2), minutes=60)
    return create(vendor, "time_entries", new, key)


def test_a_client_is_created_once_read_back_and_changed(canopy: Vendor) -> None:
    new = ClientCreate(
        display_name="Quill Bakery",
        kind=ClientKind.BUSINESS,
        emails=[Email("office@quill.example")],
        phones=[Phone("(555) 555-0142", "mobile")],
        addresses=[Address(lines=("1 Pier", "Dock 2"), city="Rivermouth")],
        tags=["vip"],
        custom_fields={"tier": "Gold"},
        external_id="Q-1",
    )
    made = create(canopy, "clients", new)
    again = create(canopy, "clients", new)
    change = ClientUpdate(status=ClientStatus.INACTIVE, tags=[], external_id=None)
    changed = update(canopy, "clients", made, change)

    assert again == made
    assert (made.filing_type, made.tags, made.custom_fields) == ("Business", ["vip"], {"tier": "Gold"})
    assert made.addresses[0].lines == ("1 Pier", "Dock 2")
    assert (changed.status, changed.tags, changed.external_id) == ("inactive", [], None)
    assert changed.emails == made.emails
    with pytest.raises(Conflict):
        create(canopy, "clients", ClientCreate(display_name="Another", kind=ClientKind.BUSINESS))


def test_an_individual_never_becomes_a_business(canopy: Vendor) -> None:
    person = next(client for client in canopy.every("clients") if client.kind == ClientKind.INDIVIDUAL)
    change = ClientUpdate(kind=ClientKind.BUSINESS)

    assert refused(Conflict, lambda: update(canopy, "clients", person, change)) == "/kind"


def test_what_a_client_cannot_hold_is_refused(canopy: Vendor) -> None:
    for new, pointer in (
        (ClientCreate(display_name="x"), "/kind"),
        (ClientCreate(display_name="x", kind=ClientKind.OTHER), "/kind"),
        (ClientCreate(display_name="x", kind=ClientKind.BUSINESS, filing_type="Individual"), "/filing_type"),
        (ClientCreate(display_name="x", kind=ClientKind.BUSINESS, notes="y"), "/notes"),
        (ClientCreate(display_name="x", kind=ClientKind.BUSINESS, addresses=[Address(lines=("1", "2", "3"))]),
         "/addresses/0/lines"),
    ):  # fmt: skip
        assert refused(Invalid, lambda new=new: create(canopy, "clients", new)) == pointer


def test_a_contact_is_created_and_changed(canopy: Vendor) -> None:
    client = canopy.every("clients")[0]
    new = ContactCreate(client=client.id, given_name="Alma", family_name="Quill", roles=[ContactRole.PARTNER])
    made = create(canopy, "contacts", new)
    changed = update(canopy, "contacts", made, ContactUpdate(emails=[Email("alma@quill.example", "home")]))

    assert (made.display_name, made.links[0].client, made.links[0].roles) == ("Alma Quill", client.id, ["partner"])
    assert changed.emails == [Email("alma@quill.example", "home")]
    assert changed.links == made.links
    missing = ContactCreate(client=canopy.book.ref("cli_", "cny_1ffff"), given_name="A", family_name="B")
    assert refused(Invalid, lambda: create(canopy, "contacts", missing, "b")) == "/client"
    assert refused(
        Invalid, lambda: create(canopy, "contacts", ContactCreate(client=client.id, family_name="B"))
    ) == "/given_name"  # fmt: skip


def test_contacts_never_show_a_whole_number(canopy: Vendor) -> None:
    numbers = [tax.masked for contact in canopy.every("contacts") for tax in contact.tax_ids]

    assert numbers
    assert all(sum(character.isdigit() for character in number) == 4 for number in numbers)


def test_a_task_completes_with_its_last_subtask(canopy: Vendor) -> None:
    client = canopy.every("clients")[0]
    parent = create(canopy, "tasks", TaskCreate(name="Return", client=client.id), "a")
    parts = [create(canopy, "tasks", TaskCreate(name=f"Part {at}", parent=parent.id), f"s{at}") for at in range(2)]
    update(canopy, "tasks", parts[0], TaskUpdate(status=TaskStatus.DONE), "d0")
    between = read(canopy, "tasks", parent)
    update(canopy, "tasks", parts[1], TaskUpdate(status_native="Completed"), "d1")

    assert (parts[0].kind, parts[0].parent, parent.status) == ("subtask", parent.id, "todo")
    assert between.status == TaskStatus.TODO
    assert read(canopy, "tasks", parent).status == TaskStatus.DONE


def test_a_checklist_tells_when_each_line_was_done(canopy: Vendor) -> None:
    items = [ChecklistItemInput(text="Statements", done=True), ChecklistItemInput(text="Review")]
    made = create(canopy, "tasks", TaskCreate(name="Close", checklist=items, due_on=date(2026, 12, 1)))
    done, left = made.checklist

    assert (done.done, left.done, left.completed_at) == (True, False, None)
    assert done.completed_at is not None
    assert update(canopy, "tasks", made, TaskUpdate(due_on=None)).due_on is None


def test_a_state_the_firm_names_itself_is_given_in_its_word(canopy: Vendor) -> None:
    new = TaskCreate(name="x", status=TaskStatus.BLOCKED)
    both = TaskCreate(name="x", status=TaskStatus.DONE, status_native="Completed")

    assert refused(Invalid, lambda: create(canopy, "tasks", new)) == "/status"
    assert refused(Invalid, lambda: create(canopy, "tasks", both)) == "/status_native"
    made = create(canopy, "tasks", TaskCreate(name="x", status_native="Waiting on client"))
    assert (made.status, made.status_native) == (TaskStatus.OTHER, "Waiting on client")


def test_a_write_up_is_shared_over_the_time_in_proportion(canopy: Vendor) -> None:
    client = next(c for c in canopy.every("clients", filters={"status": ("active",)}))
    two, three = hour(canopy, client, "a"), hour(canopy, client, "b")
    for entry, cents in ((two, 20000), (three, 30000)):
        canopy.http.patch(f"/time_entries/{entry.remote_id}", json={"rate_cents": cents})
    line = InvoiceLineInput(description="Advice", time_entries=[two.id, three.id], write_up=Money(10000, "USD"))
    invoice = create(canopy, "invoices", InvoiceCreate(client=client.id, lines=[line]))
    shares = [read(canopy, "time_entries", entry) for entry in (two, three)]

    assert invoice.total == Money(60000, "USD")
    assert invoice.lines[0].time_entries == [two.id, three.id]
    assert [share.amount.amount_minor for share in shares] == [24000, 36000]
    assert [share.write_up.amount_minor for share in shares] == [4000, 6000]
    assert {(share.state, share.invoice) for share in shares} == {("billed", invoice.id)}
    locked = TimeEntryUpdate(minutes=30)
    assert refused(Conflict, lambda: update(canopy, "time_entries", two, locked)) == "/invoice"


def test_an_invoice_is_created_and_changed_until_it_is_paid(canopy: Vendor) -> None:
    client = next(c for c in canopy.every("clients", filters={"status": ("active",)}))
    lines = [
        InvoiceLineInput(description="Advice", quantity=Decimal("1.5"), unit_price=Decimal("99.98")),
        InvoiceLineInput(description="Fee", amount=Money(1250, "USD")),
    ]
    made = create(canopy, "invoices", InvoiceCreate(client=client.id, lines=lines, due_on=date(2026, 12, 1)))
    change = InvoiceUpdate(lines=[InvoiceLineInput(amount=Money(700, "USD"), description="Less")])
    changed = update(canopy, "invoices", made, change)
    paid = next(invoice for invoice in canopy.every("invoices") if invoice.status == "paid")

    assert made.total == Money(14997 + 1250, "USD")
    assert (made.client, made.due_on, made.status) == (client.id, date(2026, 12, 1), "open")
    assert changed.total == Money(700, "USD")
    late = InvoiceUpdate(due_on=date(2026, 12, 24))
    assert refused(Conflict, lambda: update(canopy, "invoices", paid, late, "late")) == "/status"


@pytest.mark.parametrize(
    ("line", "pointer"),
    [
        (InvoiceLineInput(description="x"), "/lines/0"),
        (InvoiceLineInput(quantity=Decimal(1), unit_price=Decimal("0.001")), "/lines/0/unit_price"),
        (InvoiceLineInput(quantity=Decimal(0), unit_price=Decimal(1)), "/lines/0/quantity"),
        (InvoiceLineInput(amount=Money(5, "CAD")), "/lines/0/amount/currency"),
        (InvoiceLineInput(amount=Money(5, "USD"), quantity=Decimal(1), unit_price=Decimal(1)), "/lines/0/amount"),
        (InvoiceLineInput(amount=Money(5, "USD"), service_date=date(2026, 1, 1)), "/lines/0/service_date"),
        (InvoiceLineInput(time_entries=["tim_x"]), "/lines/0/time_entries/0"),
    ],
)
def test_a_line_that_canopy_cannot_hold_is_refused(canopy: Vendor, line: InvoiceLineInput, pointer: str) -> None:
    new = InvoiceCreate(client=canopy.book.ref("cli_", "cny_10000"), lines=[line])

    assert refused(Invalid, lambda: create(canopy, "invoices", new)) == pointer


def test_bills_are_not_written_without_the_scope(canopy: Vendor) -> None:
    grant = canopy.server.grant(scopes=["clients:read", "billing:read"])
    canopy.http.headers["authorization"] = f"Bearer {grant.access_token}"
    new = InvoiceCreate(
        client=canopy.every("clients")[0].id, lines=[InvoiceLineInput(description="x", amount=Money(5, "USD"))]
    )

    with pytest.raises(ConnectionRefused):
        create(canopy, "invoices", new)


def test_a_document_read_alone_tells_its_history(canopy: Vendor) -> None:
    listed = next(found for found in canopy.every("documents") if len(found.versions) == 3)
    found = read(canopy, "documents", listed)
    users = {user.id for user in canopy.every("users")}

    assert "history" in listed.meta.unsupported
    assert "history" not in found.meta.unsupported
    assert [event.action for event in found.history] == ["added", "replaced", "replaced", "viewed"]
    assert [version.number for version in found.versions] == [1, 2, 3]
    assert found.versions[-1].sha256 == found.sha256
    assert {version.added_by for version in found.versions} <= users
    assert found.area == ("firm_shared" if found.visible_to_client else "private")


def test_folders_make_a_tree(canopy: Vendor) -> None:
    folders = {folder.id: folder for folder in canopy.every("folders")}
    documents = canopy.every("documents")

    assert {folder.parent for folder in folders.values() if folder.parent} <= set(folders)
    assert {document.folder for document in documents if document.folder} <= set(folders)
    assert any(document.folder is None for document in documents), "the inbox"


def test_suggestions_wait_beside_the_answers(canopy: Vendor) -> None:
    sent = canopy.every("organizers", filters={"status": ("pending",)})[0]
    suggested = {answer.question_key: answer for answer in sent.answers if answer.suggested_value is not None}

    assert suggested["spouse_name"].source is AnswerSource.AI
    assert suggested["spouse_name"].value is None
    assert all(answer.value is None for answer in sent.answers), "nothing was answered yet"


def test_an_accepted_engagement_is_signed(canopy: Vendor) -> None:
    contacts = {contact.id for contact in canopy.every("contacts")}
    for engagement in canopy.every("engagements"):
        is_accepted = engagement.status in ("signed", "archived")
        assert (engagement.acceptance is not None) is is_accepted
        assert {signer.contact for signer in engagement.signers} <= contacts
        assert all(service.price.currency == "USD" for service in engagement.services)


def test_the_session_tells_how_its_person_signed_in(canopy: Vendor) -> None:
    assert CANOPY.session is not None
    session = canopy.run(CANOPY.session(canopy.book))

    assert session.mfa_level is MfaLevel.PHISHING_RESISTANT
    assert session.user in {user.id for user in canopy.every("users")}
    assert session.devices[0].platform == "iOS"
    assert {user.mfa_level for user in canopy.every("users")} == {
        MfaLevel.NONE, MfaLevel.OTP, MfaLevel.PHISHING_RESISTANT,
    }  # fmt: skip


def send_file(vendor: Vendor, flow: Any, content: bytes) -> Any:
    """Plays an upload with these bytes in its frame."""

    def framed() -> Any:
        request = next(flow)
        assert request.upload is not None
        request = replace(request, upload=None, body=request.upload.before + content + request.upload.after)
        try:
            while True:
                request = flow.send((yield request))
        except StopIteration as stop:
            return stop.value

    return vendor.run(framed())


def bytes_of(vendor: Vendor, flow: Any) -> tuple[Any, bytes]:
    found = vendor.run(flow)
    return found, vendor.send(found.request).body


def test_a_file_is_sent_renamed_and_sent_anew(canopy: Vendor) -> None:
    assert CANOPY.documents is not None
    ports = CANOPY.documents
    assert ports.upload is not None
    assert ports.upload_version is not None
    assert ports.download is not None
    assert ports.download_version is not None
    folder = next(one for one in canopy.every("folders") if one.client)
    new = NewDocument(name="W-2.pdf", media_type="application/pdf", client=folder.client, folder=folder.id)
    made = send_file(canopy, ports.upload(new, "u1", canopy.book), b"first")
    renamed = update(canopy, "documents", made, DocumentUpdate(name="W-2 2025.pdf"))
    second = NewDocument(name="x.pdf", media_type="application/pdf")
    anew = send_file(canopy, ports.upload_version(made.remote_id, second, "u2", canopy.book), b"second!")
    whole, last = bytes_of(canopy, ports.download(made.remote_id, canopy.book))
    _, first = bytes_of(canopy, ports.download_version(made.remote_id, 1, canopy.book))

    assert (made.client, made.folder, made.area, made.size_bytes) == (folder.client, folder.id, "private", 5)
    assert (renamed.name, anew.name) == ("W-2 2025.pdf", "W-2 2025.pdf")
    assert [version.number for version in anew.versions] == [1, 2]
    assert (first, last) == (b"first", b"second!")
    assert whole.sha256 == sha256(b"second!").hexdigest() == anew.sha256
    assert [event.action for event in read(canopy, "documents", made).history] == ["added", "replaced"]
    with pytest.raises(NotFound):
        canopy.run(ports.download_version(made.remote_id, 3, canopy.book))


def test_every_version_of_a_seeded_file_has_the_digest_it_says(canopy: Vendor) -> None:
    assert CANOPY.documents is not None
    assert CANOPY.documents.download_version is not None
    document = next(one for one in canopy.every("documents") if len(one.versions) == 3)
    for version in document.versions:
        flow = CANOPY.documents.download_version(document.remote_id, version.number, canopy.book)
        _, content = bytes_of(canopy, flow)

        assert (len(content), sha256(content).hexdigest()) == (version.size_bytes, version.sha256)


def open_invoice(vendor: Vendor, currency: str = "USD") -> Any:
    return next(one for one in vendor.every("invoices") if one.status == "open" and one.currency == currency)


def test_a_payment_pays_invoices_and_keeps_the_rest(canopy: Vendor) -> None:
    invoice = open_invoice(canopy)
    total = invoice.balance.amount_minor
    part = AllocationInput(invoice=invoice.id, amount=Money(total - 100, "USD"))
    new = PaymentCreate(
        client=invoice.client, amount=Money(total, "USD"), received_on=date(2026, 11, 3), method=PaymentMethod.CHECK,
        reference="1182", allocations=[part],
    )  # fmt: skip
    made = create(canopy, "payments", new)
    rest = AllocationInput(invoice=invoice.id, amount=Money(total, "USD"))
    changed = update(canopy, "payments", made, PaymentUpdate(allocations=[rest], reference=None))

    assert (made.received_on, made.method, made.unapplied) == (date(2026, 11, 3), "check", Money(100, "USD"))
    assert (changed.unapplied, changed.reference) == (Money(0, "USD"), None)
    assert read(canopy, "payments", made) == changed
    assert read(canopy, "invoices", invoice).status == "paid"


def test_money_in_another_currency_than_its_invoice_is_refused(canopy: Vendor) -> None:
    vendor = replace(canopy, book=Book(UUID(int=7), 0, canopy.book.account))
    invoice = open_invoice(vendor, "CAD") if any_open(vendor, "CAD") else open_invoice(vendor)
    wrong = Money(100, "USD" if invoice.currency == "CAD" else "CAD")
    part = AllocationInput(invoice=invoice.id, amount=wrong)
    new = PaymentCreate(client=invoice.client, amount=wrong, allocations=[part])
    euros = PaymentCreate(client=invoice.client, amount=Money(100, "EUR"))

    assert refused(Invalid, lambda: create(vendor, "payments", new)) == "/amount/currency"
    assert refused(Invalid, lambda: create(vendor, "payments", euros)) == "/amount/currency"


@pytest.mark.parametrize(
    ("new", "refused_at"),
    [
        (InvoiceCreate(client="", lines=[InvoiceLineInput(amount=Money(700, "EUR"))]), "/currency"),
        (InvoiceCreate(client="", lines=[InvoiceLineInput(amount=Money(7, "USD"))], currency="CAD"),
         "/lines/0/amount/currency"),
        (InvoiceCreate(client="", lines=[InvoiceLineInput(amount=Money(7, one)) for one in ("USD", "CAD")]),
         "/lines/1/amount/currency"),
        (InvoiceCreate(client="", lines=[InvoiceLineInput(quantity=Decimal(1), unit_price=Decimal(9))]), "/currency"),
    ],
)  # fmt: skip
def test_invoice_of_a_book_in_two_currencies_is_in_the_one_it_names(
    canopy: Vendor, new: InvoiceCreate, refused_at: str
) -> None:
    vendor = replace(canopy, book=Book(UUID(int=7), 0, canopy.book.account))
    client = next(iter(vendor.every("clients", filters={"status": ("active",)}))).id

    assert refused(Invalid, lambda: create(vendor, "invoices", replace(new, client=client))) == refused_at
    in_dollars = InvoiceCreate(client=client, lines=[InvoiceLineInput(amount=Money(700, "CAD"))])
    assert create(vendor, "invoices", in_dollars).total == Money(700, "CAD")


def any_open(vendor: Vendor, currency: str) -> bool:
    return any(one.status == "open" and one.currency == currency for one in vendor.every("invoices"))


def test_payments_of_a_book_in_two_currencies_agree_with_what_they_pay(canopy: Vendor) -> None:
    vendor = replace(canopy, book=Book(UUID(int=7), 0, canopy.book.account))
    currencies = {invoice.id: invoice.currency for invoice in vendor.every("invoices")}
    payments = vendor.every("payments", limit=20)
    known = [payment for payment in payments if payment.amount is not UNSET]

    assert {currencies[part.invoice] for one in payments for part in one.allocations} == {"USD", "CAD"}
    for payment in known:
        assert {currencies[part.invoice] for part in payment.allocations} == {payment.amount.currency}
    assert all(not payment.allocations for payment in payments if payment.amount is UNSET)
    assert read(vendor, "payments", known[0]) == known[0]


def test_what_a_payment_cannot_hold_is_refused(canopy: Vendor) -> None:
    invoice = open_invoice(canopy)
    new = PaymentCreate(client=invoice.client, amount=Money(100, "USD"))
    parts = (
        (AllocationInput(credit=canopy.book.ref("crd_", "crd_1000"), amount=Money(1, "USD")), "/allocations/0/credit"),
        (AllocationInput(amount=Money(1, "USD")), "/allocations/0/invoice"),
        (AllocationInput(invoice=invoice.id, amount=Money(0, "USD")), "/allocations/0/amount/amount_minor"),
    )
    for part, pointer in parts:
        wrong = replace(new, allocations=[part])
        assert refused(Invalid, lambda wrong=wrong: create(canopy, "payments", wrong)) == pointer
    elsewhere = replace(new, deposit_account="35")
    assert refused(Invalid, lambda: create(canopy, "payments", elsewhere)) == "/deposit_account"


def test_a_credit_is_made_and_applied(canopy: Vendor) -> None:
    invoice = open_invoice(canopy)
    new = CreditCreate(client=invoice.client, lines=[InvoiceLineInput(amount=Money(700, "USD"))])
    made = create(canopy, "credits", new)
    part = CreditApplicationInput(invoice=invoice.id, amount=Money(500, "USD"))
    applied = update(canopy, "credits", made, CreditUpdate(applications=[part]))
    described = CreditCreate(client=invoice.client, lines=[InvoiceLineInput(amount=Money(1, "USD"), description="x")])

    assert (made.amount, made.remaining, made.applications) == (Money(700, "USD"), Money(700, "USD"), [])
    assert (applied.remaining, applied.applications[0].invoice) == (Money(200, "USD"), invoice.id)
    assert read(canopy, "invoices", invoice).paid == Money(500, "USD")
    assert refused(Invalid, lambda: create(canopy, "credits", described)) == "/lines/0/description"


def test_an_engagement_is_drafted_sent_and_accepted(canopy: Vendor) -> None:
    client = canopy.every("clients")[0]
    service = canopy.book.ref("itm_", "svc_2")
    new = EngagementCreate(client=client.id, name="Bookkeeping 2027", services=[service], starts_on=date(2027, 1, 1))
    made = create(canopy, "engagements", new)
    sent = update(canopy, "engagements", made, EngagementUpdate(status=EngagementStatus.SENT), "s")
    signed = update(canopy, "engagements", made, EngagementUpdate(status=EngagementStatus.SIGNED), "a")

    assert (made.status, made.starts_on, made.services[0].service_item) == ("draft", date(2027, 1, 1), service)
    assert made.services[0].price.currency == "USD"
    assert (sent.status, sent.acceptance) == ("sent", None)
    assert (signed.status, signed.acceptance.at is None) == ("signed", False)
    assert read(canopy, "engagements", made) == signed
    back = EngagementUpdate(status=EngagementStatus.DRAFT)
    assert refused(Invalid, lambda: update(canopy, "engagements", made, back, "b")) == "/status"
    assert refused(Invalid, lambda: create(canopy, "engagements", EngagementCreate(client=client.id))) == "/name"


def test_a_suggestion_becomes_the_answer_when_a_person_accepts_it(canopy: Vendor) -> None:
    sent = canopy.every("organizers", filters={"status": ("pending",)})[0]
    verdicts = [
        AnswerVerdict(question_key="spouse_name", review=ReviewVerdict.ACCEPTED),
        AnswerVerdict(question_key="other_income", review=ReviewVerdict.REJECTED),
    ]
    before = {answer.question_key: answer for answer in sent.answers}
    seen = update(canopy, "organizers", sent, OrganizerUpdate(answers=verdicts))
    after = {answer.question_key: answer for answer in seen.answers}

    assert before["spouse_name"].review is ReviewVerdict.PENDING
    assert after["spouse_name"].value == before["spouse_name"].suggested_value
    assert (after["other_income"].value, after["other_income"].suggested_value) == (None, None)
    assert {answer.review for answer in seen.answers} == {None}
    again = OrganizerUpdate(answers=verdicts[:1])
    pointer = "/answers/0/question_key"
    assert refused(Invalid, lambda: update(canopy, "organizers", sent, again, "again")) == pointer
