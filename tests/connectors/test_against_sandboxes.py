"""The connectors against the sandbox vendors, which were written from the same facts by somebody else."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from service.connectors.registry import CONNECTORS
from service.connectors.sdk.binding import Query
from service.connectors.sdk.faults import Conflict, CredentialsExpired, Invalid, NotFound, RateLimited, VendorFault
from service.connectors.sdk.wire import raw_records, unmapped
from service.resources.client import ClientCreate, ClientStatus, ClientUpdate
from service.resources.common import Address, Email, Money, Phone
from service.resources.invoice import InvoiceCreate, InvoiceLineInput, InvoiceUpdate
from service.sandbox.serve import SandboxServer
from tests.connectors.vendors import LIMITS, Vendor, connected

BINDINGS = [(vendor.slug, name) for vendor in CONNECTORS if vendor.slug in LIMITS for name in vendor.bindings()]


@pytest.fixture(params=BINDINGS, ids=lambda pair: ".".join(pair))
def bound(request: pytest.FixtureRequest, sandboxes: dict[str, SandboxServer]) -> Iterator[tuple[Vendor, str]]:
    slug, resource = request.param
    for vendor in connected(sandboxes[slug], slug):
        yield vendor, resource


def test_small_pages_and_large_ones_give_the_same_records(bound: tuple[Vendor, str]) -> None:
    vendor, resource = bound
    large, small = vendor.every(resource), vendor.every(resource, limit=3)

    assert len(large) > 3
    assert small == large
    assert len({found.id for found in large}) == len(large)


def test_what_a_list_shows_is_what_get_shows(bound: tuple[Vendor, str]) -> None:
    vendor, resource = bound
    get, record_only = vendor.binding(resource).get, vendor.binding(resource).record_only
    assert get is not None

    for found in vendor.every(resource)[::9]:
        got = vendor.run(get(found.remote_id, vendor.book))
        apart = {name: getattr(got, name) for name in (*record_only, "meta")}
        assert replace(found, **apart) == got
        assert (got.meta == found.meta) is not bool(record_only)


def test_a_missing_record_is_not_found(bound: tuple[Vendor, str]) -> None:
    vendor, resource = bound
    get = vendor.binding(resource).get
    assert get is not None

    for remote_id in ("999999999", "nonsense"):
        with pytest.raises(NotFound):
            vendor.run(get(remote_id, vendor.book))


def test_every_sort_and_filter_is_understood(bound: tuple[Vendor, str]) -> None:
    vendor, resource = bound
    binding = vendor.binding(resource)
    everything = vendor.every(resource)
    ids = {found.id for found in everything}
    asked = {"text": "Zz", "reference": "1", "date": "2026-06-30"}

    for sort in binding.sorts:
        assert {found.id for found in vendor.every(resource, sort=sort)} == ids
    for name, filter_ in binding.filters.items():
        value = asked.get(filter_.kind) or filter_.choices[0]
        assert {found.id for found in vendor.every(resource, filters={name: (value,)})} <= ids
    if binding.updated_after:
        middle = sorted(found.updated_at for found in everything)[len(everything) // 2]
        newer = vendor.every(resource, updated_after=middle)
        expected = {found.id for found in everything if found.updated_at > middle}
        assert expected <= {found.id for found in newer}
        assert len(newer) < len(everything)


def test_a_status_filter_gives_exactly_the_records_of_that_status(bound: tuple[Vendor, str]) -> None:
    vendor, resource = bound
    status = vendor.binding(resource).filters.get("status")
    everything = vendor.every(resource)

    for choice in status.choices if status else ():
        found = {record.id for record in vendor.every(resource, filters={"status": (choice,)})}
        assert found == {record.id for record in everything if record.status == choice}


def test_raw_records_stand_in_the_order_of_the_page(bound: tuple[Vendor, str]) -> None:
    vendor, resource = bound
    binding = vendor.binding(resource)
    assert binding.page is not None
    flow = binding.page(Query(limit=5), vendor.book)
    answer = vendor.send(next(flow))
    rows = raw_records(answer.body, binding.wire, many=True, redact=vendor.connector.redact)

    with pytest.raises(StopIteration) as stop:
        flow.send(answer)
    for row, record in zip(rows, stop.value.value.records, strict=False):
        assert record.remote_id.rpartition(":")[2] in row.values()
        assert set(unmapped(row, binding.wire.record)) <= set(row)


def test_invoices_add_up(quickbooks: Vendor, canopy: Vendor) -> None:
    for vendor in (quickbooks, canopy):
        for invoice in vendor.every("invoices"):
            amounts = [line.amount.amount_minor for line in invoice.lines if line.amount is not None]
            tax = invoice.tax.amount_minor if vendor is quickbooks and invoice.tax else 0
            assert sum(amounts) + tax == invoice.total.amount_minor
            assert invoice.paid.amount_minor + invoice.balance.amount_minor == invoice.total.amount_minor


def test_the_range_of_days_is_inclusive(quickbooks: Vendor) -> None:
    days = sorted(invoice.issued_on for invoice in quickbooks.every("invoices"))
    first, last = days[len(days) // 3], days[2 * len(days) // 3]
    asked = {"issued_from": (first.isoformat(),), "issued_to": (last.isoformat(),)}
    found = quickbooks.every("invoices", filters=asked)

    assert sorted(invoice.issued_on for invoice in found) == [day for day in days if first <= day <= last]


def test_balances_split_invoices_in_two(quickbooks: Vendor) -> None:
    for choice, owes in (("outstanding", True), ("settled", False)):
        found = quickbooks.every("invoices", filters={"balance": (choice,)})
        assert found
        assert all((invoice.balance.amount_minor > 0) is owes for invoice in found)


def test_a_client_is_created_once_read_back_and_changed(quickbooks: Vendor) -> None:
    clients = quickbooks.connector.clients
    assert clients is not None
    assert clients.create is not None
    assert clients.update is not None
    assert clients.get is not None
    name = "Quill & Sons' \\ 'Bakery'"
    new = ClientCreate(
        display_name=name,
        emails=[Email("office@quill.example")],
        phones=[Phone("(555) 555-0142")],
        addresses=[Address(lines=("1 Pier", "Dock 2"), city="Rivermouth")],
        notes="Prefers mail",
    )
    made = quickbooks.run(clients.create(new, "key-1", quickbooks.book))
    version = str(made.version)
    again = quickbooks.run(clients.create(new, "key-1", quickbooks.book))
    found = quickbooks.every("clients", filters={"name": (name,)})
    quickbooks.run(
        clients.update(made.remote_id, ClientUpdate(notes=None, phones=[]), version, "key-2", quickbooks.book)
    )
    changed = quickbooks.run(clients.get(made.remote_id, quickbooks.book))

    assert again == made
    assert found == [made]
    assert (changed.notes, changed.phones, changed.emails) == (None, [], made.emails)
    assert changed.version != version
    with pytest.raises(Conflict):
        quickbooks.run(clients.update(made.remote_id, ClientUpdate(notes="x"), version, "key-3", quickbooks.book))
    with pytest.raises(Conflict) as taken:
        quickbooks.run(clients.create(new, "key-4", quickbooks.book))
    assert taken.value.fields[0].pointer == "/display_name"


def test_an_inactive_client_is_still_listed(quickbooks: Vendor) -> None:
    clients = quickbooks.connector.clients
    assert clients is not None
    assert clients.update is not None
    first = quickbooks.every("clients", filters={"status": ("active",)})[0]
    change = ClientUpdate(status=ClientStatus.INACTIVE)
    quickbooks.run(clients.update(first.remote_id, change, None, "key-1", quickbooks.book))

    assert first.id in {client.id for client in quickbooks.every("clients")}


def test_an_invoice_is_created_and_its_lines_replaced(quickbooks: Vendor) -> None:
    invoices = quickbooks.connector.invoices
    assert invoices is not None
    assert invoices.create is not None
    assert invoices.update is not None
    client = next(c for c in quickbooks.every("clients", filters={"status": ("active",)}) if c.currency == "USD")
    lines = [
        InvoiceLineInput(description="Advice", quantity=Decimal("1.5"), unit_price=Decimal("99.99")),
        InvoiceLineInput(description="Filing fee", amount=Money(1250, "USD")),
    ]
    new = InvoiceCreate(client=client.id, lines=lines, issued_on=date(2026, 11, 1), memo="Thank you")
    made = quickbooks.run(invoices.create(new, "key-1", quickbooks.book))
    change = InvoiceUpdate(lines=[InvoiceLineInput(amount=Money(700, "USD"))], due_on=date(2026, 11, 10))
    changed: Any = quickbooks.run(invoices.update(made.remote_id, change, None, "key-2", quickbooks.book))

    assert made.total == Money(14999 + 1250, "USD")
    assert (made.client, made.memo, made.issued_on) == (client.id, "Thank you", date(2026, 11, 1))
    assert [line.amount for line in changed.lines] == [Money(700, "USD")]
    assert changed.total == Money(700, "USD")
    assert (changed.due_on, changed.memo) == (date(2026, 11, 10), "Thank you")
    missing = InvoiceCreate(client=quickbooks.book.ref("cli_", "99999"), lines=lines)
    with pytest.raises(Invalid) as refused:
        quickbooks.run(invoices.create(missing, "key-3", quickbooks.book))
    assert refused.value.fields[0].pointer == "/client"


@pytest.mark.parametrize("slug", ["canopy", "quickbooks"])
@pytest.mark.parametrize(("name", "kind"), [("expired", CredentialsExpired), ("throttled", RateLimited)])
def test_faults_of_a_real_server_are_recognized(
    sandboxes: dict[str, SandboxServer], slug: str, name: str, kind: type[VendorFault]
) -> None:
    for vendor in connected(sandboxes[slug], slug):
        if name == "expired":
            vendor.http.headers["authorization"] = "Bearer nobody"
        else:
            vendor.server.limits(per_minute=0)

        with pytest.raises(kind):
            vendor.every("clients")
