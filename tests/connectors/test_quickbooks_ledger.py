"""Payments, credits and voiding at the QuickBooks sandbox."""

from datetime import date
from typing import Any

import pytest

from service.connectors.sdk.faults import Conflict, Invalid, NotFound
from service.resources.common import Money
from service.resources.credit import CreditCreate, CreditUpdate
from service.resources.invoice import InvoiceCreate, InvoiceLineInput
from service.resources.payment import AllocationInput, PaymentCreate, PaymentMethod, PaymentUpdate
from tests.connectors.vendors import Vendor


def usd(cents: int) -> Money:
    return Money(cents, "USD")


def port(vendor: Vendor, resource: str, name: str) -> Any:
    found = getattr(vendor.binding(resource), name)
    assert found is not None
    return found


def client_of(vendor: Vendor) -> Any:
    return next(c for c in vendor.every("clients", filters={"status": ("active",)}) if c.currency == "USD")


def invoice_of(vendor: Vendor, cents: int, key: str = "inv") -> Any:
    new = InvoiceCreate(client=client_of(vendor).id, lines=[InvoiceLineInput(amount=usd(cents))])
    return vendor.run(port(vendor, "invoices", "create")(new, key, vendor.book))


def credit_of(vendor: Vendor, cents: int) -> Any:
    new = CreditCreate(client=client_of(vendor).id, lines=[InvoiceLineInput(amount=usd(cents))], memo="Sorry")
    return vendor.run(port(vendor, "credits", "create")(new, "crd", vendor.book))


def pay(vendor: Vendor, new: PaymentCreate, key: str = "pay") -> Any:
    return vendor.run(port(vendor, "payments", "create")(new, key, vendor.book))


def read(vendor: Vendor, resource: str, record: Any) -> Any:
    return vendor.run(port(vendor, resource, "get")(record.remote_id, vendor.book))


def test_a_payment_pays_its_invoices_and_keeps_the_rest_unapplied(quickbooks: Vendor) -> None:
    one, two = invoice_of(quickbooks, 30000, "a"), invoice_of(quickbooks, 20000, "b")
    parts = [AllocationInput(invoice=one.id, amount=usd(30000)), AllocationInput(invoice=two.id, amount=usd(5000))]
    new = PaymentCreate(
        client=one.client,
        amount=usd(40000),
        received_on=date(2026, 11, 2),
        method=PaymentMethod.CHECK,
        reference="1042",
        allocations=parts,
    )
    made = pay(quickbooks, new)

    assert (made.amount, made.unapplied, made.received_on, made.reference) == (
        usd(40000), usd(5000), date(2026, 11, 2), "1042",
    )  # fmt: skip
    assert [part.invoice for part in made.allocations] == [one.id, two.id]
    assert made.method_native == "2"
    assert read(quickbooks, "payments", made) == made
    assert read(quickbooks, "invoices", one).balance == usd(0)
    assert read(quickbooks, "invoices", two).balance == usd(15000)
    assert pay(quickbooks, new) == made, "the same key twice is one payment"


def test_a_credit_is_applied_by_a_payment_over_nothing(quickbooks: Vendor) -> None:
    invoice, credit = invoice_of(quickbooks, 50000), credit_of(quickbooks, 30000)
    new = PaymentCreate(
        client=invoice.client,
        amount=usd(0),
        allocations=[
            AllocationInput(invoice=invoice.id, amount=usd(30000)),
            AllocationInput(credit=credit.id, amount=usd(30000)),
        ],
    )
    made = pay(quickbooks, new)

    assert (made.amount, made.unapplied) == (usd(0), usd(0))
    assert read(quickbooks, "invoices", invoice).balance == usd(20000)
    assert read(quickbooks, "credits", credit).remaining == usd(0)


def test_a_changed_payment_keeps_what_was_not_named(quickbooks: Vendor) -> None:
    one, two = invoice_of(quickbooks, 10000, "a"), invoice_of(quickbooks, 10000, "b")
    parts = [AllocationInput(invoice=one.id, amount=usd(10000))]
    made = pay(quickbooks, PaymentCreate(client=one.client, amount=usd(10000), reference="7", allocations=parts))
    update = port(quickbooks, "payments", "update")
    noted = quickbooks.run(update(made.remote_id, PaymentUpdate(reference="8"), None, "k1", quickbooks.book))
    other = PaymentUpdate(allocations=[AllocationInput(invoice=two.id, amount=usd(4000))])
    moved = quickbooks.run(update(made.remote_id, other, noted.version, "k2", quickbooks.book))

    assert (noted.reference, noted.allocations) == ("8", made.allocations)
    assert (moved.reference, moved.unapplied) == ("8", usd(6000))
    assert read(quickbooks, "invoices", one).balance == usd(10000)
    assert read(quickbooks, "invoices", two).balance == usd(6000)
    with pytest.raises(Conflict):
        quickbooks.run(update(made.remote_id, PaymentUpdate(reference="9"), made.version, "k3", quickbooks.book))


def test_a_voided_payment_stays_over_nothing_and_opens_its_invoices(quickbooks: Vendor) -> None:
    invoice = invoice_of(quickbooks, 10000)
    parts = [AllocationInput(invoice=invoice.id, amount=usd(10000))]
    made = pay(quickbooks, PaymentCreate(client=invoice.client, amount=usd(10000), allocations=parts))
    quickbooks.run(port(quickbooks, "payments", "delete")(made.remote_id, None, "void", quickbooks.book))

    assert quickbooks.binding("payments").deletes == "voids"
    assert read(quickbooks, "payments", made).amount == usd(0)
    assert read(quickbooks, "invoices", invoice).balance == usd(10000)


def test_a_voided_invoice_stays_and_says_so(quickbooks: Vendor) -> None:
    invoice = invoice_of(quickbooks, 10000)
    delete = port(quickbooks, "invoices", "delete")
    with pytest.raises(Conflict):
        quickbooks.run(delete(invoice.remote_id, "7", "stale", quickbooks.book))
    quickbooks.run(delete(invoice.remote_id, invoice.version, "void", quickbooks.book))
    found = read(quickbooks, "invoices", invoice)

    assert (found.status, found.total, found.balance) == ("void", usd(0), usd(0))


def test_a_deleted_credit_is_gone(quickbooks: Vendor) -> None:
    credit = credit_of(quickbooks, 5000)
    change = CreditUpdate(memo=None, lines=[InvoiceLineInput(amount=usd(7000))])
    update = port(quickbooks, "credits", "update")
    changed = quickbooks.run(update(credit.remote_id, change, credit.version, "k", quickbooks.book))
    quickbooks.run(port(quickbooks, "credits", "delete")(credit.remote_id, None, "gone", quickbooks.book))

    assert (credit.amount, credit.memo) == (usd(5000), "Sorry")
    assert (changed.amount, changed.memo) == (usd(7000), None)
    with pytest.raises(NotFound):
        read(quickbooks, "credits", credit)


def test_payments_are_refused_while_the_company_applies_credits_by_itself(quickbooks: Vendor) -> None:
    invoice = invoice_of(quickbooks, 10000)
    before = quickbooks.server.stats()["writes"]
    quickbooks.server.fault(
        "unknown_enum", field="SalesFormsPrefs.AutoApplyCredit", value=True, path="*/preferences", count=None
    )
    with pytest.raises(Conflict) as refused:
        pay(quickbooks, PaymentCreate(client=invoice.client, amount=usd(100)))

    assert refused.value.code == "auto_apply_credit"
    assert quickbooks.server.stats()["writes"] == before


@pytest.mark.parametrize(
    ("amount", "parts", "pointer"),
    [
        (100, [(1, None, 200)], "/allocations"),
        (0, [], "/allocations"),
        (100, [(1, 1, 50)], "/allocations/0"),
        (100, [(None, None, 50)], "/allocations/0"),
        (100, [(1, None, 0)], "/allocations/0/amount"),
        (-100, [], "/amount"),
    ],
)
def test_allocations_that_do_not_add_up_are_refused_unsent(
    quickbooks: Vendor, amount: int, parts: list[tuple[int | None, int | None, int]], pointer: str
) -> None:
    book = quickbooks.book
    named = [
        AllocationInput(
            amount=usd(cents),
            **({"invoice": book.ref("inv_", "101")} if invoice else {}),
            **({"credit": book.ref("crd_", "103")} if credit else {}),
        )
        for invoice, credit, cents in parts
    ]
    with pytest.raises(Invalid) as refused:
        pay(quickbooks, PaymentCreate(client=book.ref("cli_", "1"), amount=usd(amount), allocations=named))

    assert refused.value.fields[0].pointer == pointer
    assert quickbooks.server.stats()["writes"] == 0


def test_what_the_vendor_refuses_of_a_payment_is_named(quickbooks: Vendor) -> None:
    client = client_of(quickbooks)
    with pytest.raises(Invalid) as account:
        pay(quickbooks, PaymentCreate(client=client.id, amount=usd(1), deposit_account="999"), "a")
    missing = [AllocationInput(invoice=quickbooks.book.ref("inv_", "99999901"), amount=usd(1))]
    with pytest.raises(Invalid) as invoice:
        pay(quickbooks, PaymentCreate(client=client.id, amount=usd(1), allocations=missing), "b")

    assert account.value.fields[0].pointer == "/deposit_account"
    assert invoice.value.fields[0].pointer == "/allocations"
