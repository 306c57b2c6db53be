import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from service.connectors.canopy.faults import classify
from service.connectors.canopy.tax_ids import masked
from service.connectors.registry import get_connector
from service.connectors.sdk.binding import Query
from service.connectors.sdk.faults import (
    BrokenPaging,
    Conflict,
    ConnectionRefused,
    CredentialsExpired,
    Invalid,
    NotFound,
    RateLimited,
    Refused,
    SchemaDrift,
    Unavailable,
    VendorFault,
)
from service.connectors.sdk.flow import Request, Response
from service.ids import Book
from service.resources.client import ClientKind, ClientStatus
from service.resources.common import Money, TaxId
from service.resources.invoice import InvoiceStatus, LedgerState
from service.resources.payment import PaymentMethod
from service.resources.task import TaskKind, TaskPriority, TaskStatus
from tests.bench.pages import page_body
from tests.connectors.flows import BOOK, NO_CURRENCY, ok, play

CANOPY = get_connector("canopy")
RESOURCES = ["clients", "invoices", "payments", "credits", "tasks"]


def record(resource: str, **changes: Any) -> dict[str, Any]:
    """A usual record; `...` takes a field away."""
    row: dict[str, Any] = json.loads(page_body("canopy", resource, 1))[resource][0] | changes
    return {name: value for name, value in row.items() if value is not ...}


def mapped(resource: str, book: Book = BOOK, **changes: Any) -> Any:
    get = CANOPY.bindings()[resource].get
    assert get is not None
    return play(CANOPY, get("x_1", book), ok(record(resource, **changes))).value


def test_a_list_is_a_search_that_may_be_repeated() -> None:
    assert CANOPY.clients is not None
    assert CANOPY.clients.page is not None
    query = Query(limit=200, filters={"status": ("active", "inactive")}, updated_after=datetime(2026, 1, 1, tzinfo=UTC))
    played = play(CANOPY, CANOPY.clients.page(query, BOOK), ok({"clients": [], "next_cursor": None}))

    assert (played.requests[0].method, played.requests[0].path) == ("POST", "/clients/search")
    assert played.requests[0].may_retry
    assert played.body() == {
        "filter": {"status": ["Active", "Archived"], "updated_since": "2026-01-01T00:00:00Z"},
        "page": {"size": 200, "cursor": None},
    }
    assert (played.value.records, played.value.next) == ([], None)


@pytest.mark.parametrize("resource", RESOURCES)
def test_pages_follow_the_vendors_cursor_and_stop_when_it_repeats(resource: str) -> None:
    page = CANOPY.bindings()[resource].page
    assert page is not None
    body = {resource: [record(resource)], "next_cursor": "a.b c"}
    first = play(CANOPY, page(Query(limit=1), BOOK), ok(body)).value

    with pytest.raises(BrokenPaging):
        play(CANOPY, page(Query(limit=1, position=first.next), BOOK), ok(body))
    second = play(CANOPY, page(Query(limit=1, position=first.next), BOOK), ok({resource: [], "next_cursor": None}))
    assert second.body() == {"filter": {}, "page": {"size": 1, "cursor": "a.b c"}}
    assert second.value.next is None


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_missing_cursor_is_drift_and_not_the_end(resource: str) -> None:
    page = CANOPY.bindings()[resource].page
    assert page is not None

    with pytest.raises(SchemaDrift):
        play(CANOPY, page(Query(limit=1), BOOK), ok({resource: []}))


@pytest.mark.parametrize(
    ("native", "status"),
    [
        ("Active", ClientStatus.ACTIVE),
        ("Client", ClientStatus.ACTIVE),
        ("Prospect", ClientStatus.PROSPECT),
        ("Archived", ClientStatus.INACTIVE),
        ("Other", ClientStatus.OTHER),
        ("Dormant", ClientStatus.OTHER),
    ],
)
def test_client_statuses_keep_their_native_word(native: str, status: ClientStatus) -> None:
    found = mapped("clients", status=native)

    assert (found.status, found.status_native) == (status, native)


def test_a_client_is_mapped_whole() -> None:
    found = mapped("clients", linked=[{"client_id": "cny_2", "kind": "spouse"}], group_id="grp_1")

    assert (found.kind, found.kind_native) == (ClientKind.BUSINESS, "Business")
    assert found.linked[0].client == BOOK.ref("cli_", "cny_2")
    assert found.owner == BOOK.ref("usr_", "usr_7")
    assert found.addresses[0].lines == ("1 Harbor Street",)
    assert (found.tags, found.custom_fields) == (["bookkeeping"], {"tier": "Gold"})
    assert found.updated_at == datetime(2026, 10, 14, 16, 40, 7, tzinfo=UTC)


def test_an_unknown_filing_type_is_other() -> None:
    assert mapped("clients", filing_type="Trust").kind is ClientKind.OTHER


@pytest.mark.parametrize("sent", ["**-***6789", "12-3456789", "123456789"])
def test_a_tax_id_leaves_masked_whatever_came(sent: str) -> None:
    found = mapped("clients", ein_masked=sent).tax_ids

    assert found == [TaxId("ein", found[0].masked)]
    assert found[0].masked.endswith("6789")
    assert "345" not in found[0].masked


@given(st.text())
def test_masking_never_shows_more_than_four_characters(text: str) -> None:
    found = masked(text)

    assert len(found) == len(text)
    assert sum(character.isalnum() for character in found) <= 4


def test_an_invoice_is_in_cents() -> None:
    found = mapped("invoices")

    assert (found.total, found.paid, found.balance) == (
        Money(32575, "USD"),
        Money(20000, "USD"),
        Money(12575, "USD"),
    )
    assert found.lines[0].unit_price == Decimal("65.15")
    assert found.lines[0].quantity == Decimal(5)
    assert found.ledger_sync.state is LedgerState.SYNCED


@pytest.mark.parametrize(
    ("native", "status"),
    [
        ("draft", InvoiceStatus.DRAFT),
        ("scheduled", InvoiceStatus.SCHEDULED),
        ("unpaid", InvoiceStatus.OPEN),
        ("partially_paid", InvoiceStatus.PARTIALLY_PAID),
        ("paid", InvoiceStatus.PAID),
        ("archived", InvoiceStatus.ARCHIVED),
        ("disputed", InvoiceStatus.OTHER),
    ],
)
def test_invoice_statuses_keep_their_native_word(native: str, status: InvoiceStatus) -> None:
    found = mapped("invoices", status=native)

    assert (found.status, found.status_native) == (status, native)


def test_a_ledger_state_of_tomorrow_is_other() -> None:
    found = mapped("invoices", qbo_sync={"document_number": None, "sync_status": "PENDING"})

    assert (found.ledger_sync.state, found.ledger_sync.state_native) == (LedgerState.OTHER, "PENDING")


@pytest.mark.parametrize("currency", ["JPY", "", "dollars"])
def test_cents_of_another_currency_are_drift(currency: str) -> None:
    with pytest.raises(SchemaDrift) as drift:
        mapped("invoices", currency=currency)

    assert drift.value.path == "$.currency"


def played_in_a_book_of_two_currencies(resource: str, *answers: Response, **changes: Any) -> Any:
    get = CANOPY.bindings()[resource].get
    assert get is not None
    return play(CANOPY, get("x_1", NO_CURRENCY), ok(record(resource, **changes)), *answers)


@pytest.mark.parametrize(
    ("resource", "changes"),
    [("payments", {}), ("credits", {"applications": [{"invoice_id": "inv_000001", "amount_cents": 25}]})],
)
def test_what_names_no_currency_is_in_that_of_its_invoice(resource: str, changes: dict[str, Any]) -> None:
    played = played_in_a_book_of_two_currencies(resource, ok(record("invoices", currency="CAD")), **changes)

    assert played.value.amount.currency == "CAD"
    assert (played.requests[1].path, played.requests[1].aside) == ("/invoices/inv_000001", True)


@pytest.mark.parametrize(
    ("resource", "changes", "left_out"),
    [
        ("payments", {"allocations": []}, ("amount", "unapplied", "refunds")),
        ("credits", {"applications": []}, ("amount", "remaining", "applications")),
        ("time_entries", {}, ("rate", "amount", "write_up")),
    ],
)
def test_amounts_without_a_currency_are_left_out_and_never_guessed(
    resource: str, changes: dict[str, Any], left_out: tuple[str, ...]
) -> None:
    found = played_in_a_book_of_two_currencies(resource, **changes).value

    assert [getattr(found, name) for name in left_out] == [UNSET] * 3
    assert found.meta.unsupported[-3:] == left_out


def test_a_payment_of_an_invoice_that_is_gone_has_no_currency() -> None:
    gone = Response(404, {}, b'{"error": {"code": "not_found", "message": "No such row."}}')

    found = played_in_a_book_of_two_currencies("payments", gone).value

    assert (found.amount, found.allocations[0].amount) == (UNSET, UNSET)


def test_a_page_reads_each_invoice_once_and_is_short() -> None:
    assert CANOPY.payments is not None
    assert CANOPY.payments.page is not None
    rows = [record("payments", payment_id=f"pay_{at}") for at in range(3)]
    played = play(
        CANOPY,
        CANOPY.payments.page(Query(limit=200), NO_CURRENCY),
        ok({"payments": rows, "next_cursor": None}),
        ok(record("invoices", currency="CAD")),
    )

    amounts = [payment.amount for payment in played.value.records]

    assert [amount and amount.currency for amount in amounts] == ["CAD"] * 3
    assert played.body() == {"filter": {}, "page": {"size": 20, "cursor": None}}


@pytest.mark.parametrize(
    ("currencies", "expected"), [(["CAD", "CAD"], "CAD"), (["USD"], "USD"), (["USD", "CAD"], None), ([], None)]
)
def test_an_account_has_the_currency_of_all_its_invoices(currencies: list[str], expected: str | None) -> None:
    assert CANOPY.home_currency is not None
    invoices = {"invoices": [{"currency": one} for one in currencies], "next_cursor": None}

    assert play(CANOPY, CANOPY.home_currency(), ok(invoices)).value == expected


def test_an_account_whose_bills_may_not_be_seen_has_no_currency() -> None:
    assert CANOPY.home_currency is not None
    refusal = Response(403, {}, b'{"error": {"code": "forbidden_scope", "message": "Not this."}}')

    assert play(CANOPY, CANOPY.home_currency(), refusal).value is None


def test_a_payment_names_what_it_paid() -> None:
    found = mapped(
        "payments",
        refunds=[{"amount_cents": 500}],
        received_at="2026-10-14T20:00:00-08:00",
        method="bank transfer",
    )

    assert found.allocations[0].invoice == BOOK.ref("inv_", "inv_000001")
    assert found.received_on == date(2026, 10, 15)
    assert found.refunds[0].amount == Money(500, "USD")
    assert (found.method, found.method_native) == (PaymentMethod.OTHER, "bank transfer")


def test_a_credit_shows_what_it_was_applied_to() -> None:
    found = mapped("credits", applications=[{"invoice_id": "inv_1", "amount_cents": 25}])

    assert found.applications[0].invoice == BOOK.ref("inv_", "inv_1")
    assert found.remaining == Money(4025, "USD")


@pytest.mark.parametrize(
    ("native", "status"),
    [
        ("ready", TaskStatus.TODO),
        ("In Progress", TaskStatus.DOING),
        ("needs_review", TaskStatus.DOING),
        ("Completed", TaskStatus.DONE),
        ("Waiting for the partner", TaskStatus.OTHER),
        ("", TaskStatus.OTHER),
    ],
)
def test_a_firms_own_word_for_a_task_is_other(native: str, status: TaskStatus) -> None:
    found = mapped("tasks", status=native)

    assert (found.status, found.status_native) == (status, native)


def test_a_task_keeps_its_place_and_checklist() -> None:
    found = mapped("tasks", parent_id="tsk_9", kind="subtask", priority="urgent")

    assert (found.kind, found.parent) == (TaskKind.SUBTASK, BOOK.ref("tsk_", "tsk_9"))
    assert (found.priority, found.priority_native) == (TaskPriority.OTHER, "urgent")
    assert found.checklist[0].completed_at == datetime(2026, 2, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("resource", "name"),
    [("clients", "emails"), ("invoices", "lines"), ("payments", "allocations"), ("tasks", "status")],
)
def test_a_renamed_field_is_drift_not_emptiness(resource: str, name: str) -> None:
    with pytest.raises(SchemaDrift) as drift:
        mapped(resource, BOOK, **{name: ...})

    assert name in drift.value.expected


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "unauthorized", CredentialsExpired),
        (403, "forbidden_scope", ConnectionRefused),
        (404, "not_found", NotFound),
        (422, "validation_failed", Invalid),
        (409, "type_immutable", Conflict),
        (409, "invoice_locked", Conflict),
        (409, "idempotency_conflict", Conflict),
        (429, "rate_limited", RateLimited),
        (400, "bad_cursor", Invalid),
        (500, "novel", Unavailable),
        (418, "novel", Refused),
    ],
)
def test_faults_are_sorted_by_what_to_do(status: int, code: str, kind: type[VendorFault]) -> None:
    error = {"code": code, "message": "no", "details": [{"field": "emails.0", "issue": "bad"}], "request_id": "r1"}
    fault = classify(Request(method="GET", path="/x", lane="read"), ok_with(status, {"error": error}))

    assert type(fault) is kind
    assert fault is not None
    assert (fault.code, fault.request_id, fault.fields[0].pointer) == (code, "r1", "/emails/0")


@pytest.mark.parametrize(("status", "kind"), [(502, Unavailable), (401, CredentialsExpired), (404, NotFound)])
def test_a_fault_without_an_envelope_follows_its_status(status: int, kind: type[VendorFault]) -> None:
    fault = classify(Request(method="GET", path="/x", lane="read"), Response(status, {}, b"<html>"))

    assert type(fault) is kind


def ok_with(status: int, value: object) -> Response:
    return Response(status, {}, msgspec.json.encode(value))
