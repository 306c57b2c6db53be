import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from msgspec import UNSET

from service.connectors.registry import get_connector
from service.connectors.sdk.binding import Binding, Query
from service.connectors.sdk.faults import SchemaDrift, Unreadable
from service.connectors.sdk.flow import Response
from service.ids import Book
from service.resources.client import ClientStatus
from service.resources.common import Address, Email, Money, Phone
from service.resources.invoice import InvoiceStatus, LineKind
from service.resources.payment import Payment, PaymentMethod
from tests.bench.pages import page_body
from tests.connectors.flows import BOOK, NO_CURRENCY, ok, play

QBO = get_connector("quickbooks")
ENTITIES = {"clients": "Customer", "invoices": "Invoice", "payments": "Payment", "credits": "CreditMemo"}


def binding(resource: str) -> Binding[Any, Any, Any]:
    return QBO.bindings()[resource]


def record(resource: str, **changes: Any) -> dict[str, Any]:
    """A usual record; `...` takes a field away."""
    row: dict[str, Any] = json.loads(page_body("quickbooks", resource, 1))["QueryResponse"][ENTITIES[resource]][0]
    row |= changes
    return {name: value for name, value in row.items() if value is not ...}


def mapped(resource: str, book: Book = BOOK, **changes: Any) -> Any:
    get = binding(resource).get
    assert get is not None
    return play(QBO, get("1", book), ok({ENTITIES[resource]: record(resource, **changes), "time": "x"})).value


def client(**changes: Any) -> Any:
    return mapped("clients", **changes)


def invoice(**changes: Any) -> Any:
    return mapped("invoices", **changes)


def payment(**changes: Any) -> Payment:
    found: Payment = mapped("payments", **changes)
    return found


def test_a_customer_is_a_client() -> None:
    found = client()

    assert found.remote_id == "1"
    assert found.id == BOOK.ref("cli_", "1")
    assert found.emails == [Email("office1@quill.example", "primary")]
    assert found.phones == [Phone("(555) 555-0142", "primary")]
    assert found.addresses == [
        Address(label="billing", lines=("1 Harbor Street",), city="Rivermouth", region="CA", postal_code="94000")
    ]
    assert (found.currency, found.version) == ("USD", "3")


def test_times_with_offsets_become_utc() -> None:
    found = client(MetaData={"CreateTime": "2026-03-01T23:30:00-08:00", "LastUpdatedTime": "2026-06-01T00:00:00Z"})

    assert found.created_at == datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
    assert b'"created_at":"2026-03-02T07:30:00Z"' in msgspec.json.encode(found)


def test_an_inactive_customer_is_an_inactive_client() -> None:
    found = client(Active=False)

    assert (found.status, found.status_native) == (ClientStatus.INACTIVE, "false")


def test_a_sub_customer_has_a_parent() -> None:
    assert client(ParentRef={"value": "9"}).parent == BOOK.ref("cli_", "9")


def test_an_address_shared_by_billing_and_shipping_is_shown_once() -> None:
    shared = {"Id": "2", "Line1": "1 Harbor Street", "Lat": "INVALID"}

    assert len(client(BillAddr=shared, ShipAddr=shared).addresses) == 1
    assert len(client(BillAddr=shared, ShipAddr=shared | {"Id": "3"}).addresses) == 2


def test_cleared_contact_details_leave_nothing_behind() -> None:
    found = client(
        BillAddr={"Id": "2", "Line1": "", "City": ""},
        PrimaryPhone={"FreeFormNumber": ""},
        PrimaryEmailAddr={"Address": ""},
        WebAddr={"URI": ""},
        Notes="",
    )

    assert (found.addresses, found.phones, found.emails) == ([], [], [])
    assert (found.website, found.notes) == (None, None)


@pytest.mark.parametrize("name", ["Id", "SyncToken", "DisplayName", "Active", "MetaData"])
def test_a_missing_field_of_one_row_is_drift_with_its_path(name: str) -> None:
    page = binding("clients").page
    assert page is not None
    rows = [record("clients"), record("clients", **{name: ...})]

    with pytest.raises(SchemaDrift) as drift:
        play(QBO, page(Query(limit=5), BOOK), ok({"QueryResponse": {"Customer": rows}}))

    assert drift.value.path == "$.QueryResponse.Customer[1]"
    assert name in drift.value.expected


def test_the_extra_row_proves_there_is_more_and_is_not_shown() -> None:
    page = binding("clients").page
    assert page is not None
    rows = [record("clients", Id=str(number)) for number in (1, 2, 3)]
    played = play(QBO, page(Query(limit=2, position="5"), BOOK), ok({"QueryResponse": {"Customer": rows}}))

    assert [found.remote_id for found in played.value.records] == ["1", "2"]
    assert played.value.next == "7"


def test_an_invoice_is_exact() -> None:
    found = invoice()

    assert found.total == Money(32575, "USD")
    assert found.balance == Money(12575, "USD")
    assert found.paid == Money(20000, "USD")
    assert found.tax == Money(0, "USD")
    assert (found.issued_on, found.due_on, found.terms) == (date(2026, 10, 1), date(2026, 10, 31), "Net 30")
    assert (found.client, found.client_name) == (BOOK.ref("cli_", "1"), "Quill Bakery 1")
    assert found.memo == "Thank you."


def test_the_subtotal_that_reads_add_is_no_line() -> None:
    lines = invoice().lines

    assert [line.kind for line in lines] == [LineKind.ITEM]
    assert lines[0].quantity == Decimal(5)
    assert lines[0].unit_price == Decimal("65.15")
    assert lines[0].amount == Money(32575, "USD")
    assert (lines[0].service_item, lines[0].service_item_name) == (BOOK.ref("itm_", "11"), "Bookkeeping")


def test_discounts_are_negative_and_texts_have_no_amount() -> None:
    lines: list[Any] = [
        {"Id": "1", "Amount": 100, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}},
        {"Id": "2", "Amount": 10.5, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {}},
        {"Id": "3", "Description": "With thanks", "DetailType": "DescriptionOnly"},
        {"Id": "4", "Amount": 1, "DetailType": "NovelLineDetail"},
    ]
    found = invoice(Line=lines)

    assert [line.kind for line in found.lines] == [
        LineKind.ITEM,
        LineKind.DISCOUNT,
        LineKind.DESCRIPTION,
        LineKind.OTHER,
    ]
    assert [line.amount and line.amount.amount_minor for line in found.lines] == [10000, -1050, None, 100]


def test_a_bundle_is_a_heading_followed_by_its_parts() -> None:
    parts: list[Any] = [
        {"Id": "7", "Amount": 60, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"Qty": 2}},
        {"Id": "8", "Amount": 40, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}},
    ]
    group = {"GroupItemRef": {"value": "5", "name": "Year end"}, "Quantity": 1, "Line": parts}
    found = invoice(Line=[{"Id": "6", "Amount": 100, "DetailType": "GroupLineDetail", "GroupLineDetail": group}])

    assert [(line.id, line.kind) for line in found.lines] == [
        ("6", LineKind.GROUP),
        ("7", LineKind.ITEM),
        ("8", LineKind.ITEM),
    ]
    assert sum(line.amount.amount_minor for line in found.lines if line.amount) == 10000


@pytest.mark.parametrize(
    ("total", "balance", "note", "status"),
    [
        (100, 100, None, InvoiceStatus.OPEN),
        (100, 40.01, None, InvoiceStatus.PARTIALLY_PAID),
        (100, 0, "Voided", InvoiceStatus.PAID),
        (0, 0, "Voided", InvoiceStatus.VOID),
        (0, 0, "Voided - see mail", InvoiceStatus.VOID),
        (0, 0, None, InvoiceStatus.OTHER),
    ],
)
def test_the_status_follows_from_total_balance_and_note(
    total: float, balance: float, note: str | None, status: InvoiceStatus
) -> None:
    assert invoice(TotalAmt=total, Balance=balance, PrivateNote=note).status is status


def test_a_voided_invoice_keeps_its_lines() -> None:
    lines: list[Any] = [
        {"Id": "1", "Amount": 0, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"Qty": 0}}
    ]
    found = invoice(TotalAmt=0, Balance=0, PrivateNote="Voided", Line=lines)

    assert [line.amount for line in found.lines] == [Money(0, "USD")]


def test_a_missing_currency_is_the_books_or_drift() -> None:
    assert mapped("invoices", Book(UUID(int=7), 0, "1", "EUR"), CurrencyRef=...).currency == "EUR"
    for resource in ("invoices", "payments", "credits"):
        with pytest.raises(SchemaDrift) as drift:
            mapped(resource, NO_CURRENCY, CurrencyRef=...)
        assert drift.value.path == "$.CurrencyRef"


@pytest.mark.parametrize(("currency", "minor"), [("JPY", 500), ("KWD", 500_000)])
def test_amounts_follow_the_currencys_exponent(currency: str, minor: int) -> None:
    found = invoice(TotalAmt=500, Balance=0, Line=[], TxnTaxDetail=..., CurrencyRef={"value": currency})

    assert found.total == Money(minor, currency)


def test_an_amount_finer_than_the_currency_is_drift() -> None:
    with pytest.raises(SchemaDrift) as drift:
        invoice(TotalAmt=1.005)

    assert drift.value.path == "$.TotalAmt"
    assert "1.005" not in str(drift.value)


def test_a_payment_names_what_it_paid() -> None:
    found = payment()

    assert [(part.invoice, part.credit) for part in found.allocations] == [(BOOK.ref("inv_", "1"), None)]
    assert found.allocations[0].amount == Money(20000, "USD")
    assert (found.method, found.method_native) == (PaymentMethod.CHECK, "Check")
    assert (found.reference, found.deposit_account) == ("1042", "4")


def test_a_payment_over_nothing_applies_a_credit() -> None:
    found = payment(
        TotalAmt=0,
        Line=[
            {"Amount": 300, "LinkedTxn": [{"TxnId": "70", "TxnType": "Invoice"}]},
            {"Amount": 300, "LinkedTxn": [{"TxnId": "71", "TxnType": "CreditMemo"}]},
        ],
    )

    assert found.amount == Money(0, "USD")
    assert [(part.invoice, part.credit) for part in found.allocations] == [
        (BOOK.ref("inv_", "70"), None),
        (None, BOOK.ref("crd_", "71")),
    ]


def test_a_payment_without_lines_is_still_to_be_applied() -> None:
    found = payment(Line=..., UnappliedAmt=200, DepositToAccountRef=..., PaymentMethodRef=...)

    assert (found.allocations, found.unapplied) == ([], Money(20000, "USD"))
    assert (found.deposit_account, found.method, found.method_native) == (None, None, None)


def test_an_unknown_method_is_other_with_its_native_word() -> None:
    found = payment(PaymentMethodRef={"value": "12"})

    assert (found.method, found.method_native) == (PaymentMethod.OTHER, "12")


def test_documents_that_are_neither_invoice_nor_credit_keep_their_kind() -> None:
    found = payment(Line=[{"Amount": 5, "LinkedTxn": [{"TxnId": "9", "TxnType": "JournalEntry"}]}])

    assert found.allocations[0].kind_native == "JournalEntry"
    assert (found.allocations[0].invoice, found.allocations[0].credit) == (None, None)


def test_a_credit_memo_is_a_credit() -> None:
    found = mapped("credits")

    assert (found.amount, found.remaining) == (Money(4025, "USD"), Money(4025, "USD"))
    assert found.applications is UNSET


@pytest.mark.parametrize("resource", list(ENTITIES))
@pytest.mark.parametrize("body", [b"<html>", b"", b'{"QueryResponse":', b"null", b'{"x":' + b"[" * 100_000])
def test_an_answer_that_is_not_the_contract_is_never_a_record(resource: str, body: bytes) -> None:
    get = binding(resource).get
    assert get is not None

    with pytest.raises(Unreadable):
        play(QBO, get("1", BOOK), Response(200, {}, body))
