"""Canopy's files, people, intake and time, and what is written there, at the sandbox."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from service.connectors.registry import get_connector
from service.connectors.sdk.faults import Conflict, ConnectionRefused, Invalid
from service.resources.client import ClientCreate, ClientKind, ClientStatus, ClientUpdate
from service.resources.common import Address, Email, Money, Phone
from service.resources.contact import ContactCreate, ContactRole, ContactUpdate
from service.resources.invoice import InvoiceCreate, InvoiceLineInput, InvoiceUpdate
from service.resources.organizer import AnswerSource
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
