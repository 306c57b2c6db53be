"""Answers of the shapes that Intuit's recorded traffic, reference and schema show, with values of our own."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec import UNSET

from service.connectors.quickbooks.faults import classify
from service.connectors.quickbooks.lines import WireLine
from service.connectors.quickbooks.preferences import refuse_automatic_credits
from service.connectors.registry import get_connector
from service.connectors.sdk.binding import Query
from service.connectors.sdk.faults import (
    CredentialsExpired,
    Invalid,
    NotFound,
    RateLimited,
    SchemaDrift,
    Unavailable,
    VendorFault,
)
from service.connectors.sdk.flow import Request, Response
from service.connectors.sdk.wire import unmapped
from service.resources.client import ClientStatus
from service.resources.common import Money
from service.resources.invoice import InvoiceStatus, LineKind
from service.resources.time_entry import TimeState
from tests.connectors.flows import BOOK, ok, play

QBO = get_connector("quickbooks")
TIMES = {
    "CreateTime": "2026-09-29T05:58:07-07:00",
    "LastModifiedByRef": {"value": "9130000000000077"},
    "LastUpdatedTime": "2026-09-29T06:02:35-07:00",
}
HEAD = {"domain": "QBO", "sparse": False, "SyncToken": "0", "MetaData": TIMES}
USD = {"value": "USD", "name": "United States Dollar"}
READ = Request(method="GET", path="/query", lane="read")
FAULT = {"Error": [{"Message": "Object Not Found", "Detail": "Object Not Found : x", "code": "610"}], "type": None}


def listed(resource: str, *rows: dict[str, Any]) -> list[Any]:
    """The records of a page with these rows."""
    binding = QBO.bindings()[resource]
    assert binding.page is not None
    page = dict.fromkeys(binding.wire.many[1:], rows) | {"startPosition": 1, "maxResults": len(rows)}
    answer = ok({"QueryResponse": page, "time": "2026-09-29T06:03:53.438-07:00"})
    return list(play(QBO, binding.page(Query(limit=50), BOOK), answer).value.records)


def test_customers_are_read_with_little_or_with_much() -> None:
    place = {"Id": "2", "Line1": "Alma Reed", "Line2": "Reed Supplies", "Line3": "Rivermouth, CA  94000"}
    little, job, gone = listed(
        "clients",
        {**HEAD, "Id": "67", "DisplayName": "Alba", "FullyQualifiedName": "Alba", "Active": True, "Balance": 0},
        {
            **HEAD,
            "Id": "8",
            "Job": True,
            "ParentRef": {"value": "67"},
            "Level": 1,
            "DisplayName": "12 Ocean Road",
            "Active": True,
            "BillAddr": {**place, "Lat": "INVALID", "Long": "INVALID"},
            "ShipAddr": {**place, "Lat": "INVALID", "Long": "INVALID"},
            "Balance": 85.00,
            "CurrencyRef": USD,
            "ClientEntityId": "0",
            "V4IDPseudonym": "00209800x",
        },
        {**HEAD, "Id": "9", "DisplayName": "Corvid (deleted)", "Active": False},
    )

    assert (little.emails, little.phones, little.addresses, little.parent) == ([], [], [], None)
    assert job.parent == BOOK.ref("cli_", "67")
    assert [address.lines for address in job.addresses] == [("Alma Reed", "Reed Supplies", "Rivermouth, CA  94000")]
    assert gone.status is ClientStatus.INACTIVE


def test_an_invoice_made_of_little_is_open_and_a_voided_one_is_void() -> None:
    detail = {"ItemRef": {"value": "1", "name": "Services"}, "TaxCodeRef": {"value": "NON"}}
    line = {"Id": "1", "LineNum": 1, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    common = {
        **HEAD,
        "TxnDate": "2026-09-29",
        "CustomerRef": {"value": "1", "name": "Alba"},
        "CurrencyRef": USD,
        "TxnTaxDetail": {"TotalTax": 0},
        "LinkedTxn": [],
        "CustomField": [{"DefinitionId": "1", "Name": "Crew #", "Type": "StringType"}],
    }
    subtotal: dict[str, Any] = {"DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    drafted, voided = listed(
        "invoices",
        {
            **common,
            "Id": "266",
            "Line": [{**line, "Amount": 100.00}, {**subtotal, "Amount": 100.00}],
            "TotalAmt": 100.00,
            "Balance": 100.00,
        },
        {
            **common,
            "Id": "267",
            "Line": [{**line, "Amount": 0}, {**subtotal, "Amount": 0}],
            "TotalAmt": 0,
            "Balance": 0,
            "PrivateNote": "Voided",
        },
    )

    assert (drafted.status, drafted.total, drafted.due_on) == (InvoiceStatus.OPEN, Money(10000, "USD"), None)
    assert [line.amount for line in drafted.lines] == [Money(10000, "USD")]
    assert (voided.status, voided.total) == (InvoiceStatus.VOID, Money(0, "USD"))


def test_a_line_that_does_not_say_its_kind_is_other_and_keeps_its_amount() -> None:
    row = {
        **HEAD,
        "Id": "5",
        "TxnDate": "2026-09-29",
        "CustomerRef": {"value": "1"},
        "Line": [{"Id": "1", "Amount": 12.5}, {"Id": "2", "Amount": 7, "DetailType": "TDSLineDetail"}],
        "TotalAmt": 19.5,
        "Balance": 19.5,
    }
    (found,) = listed("invoices", row)

    assert [(line.kind, line.amount) for line in found.lines] == [
        (LineKind.OTHER, Money(1250, "USD")),
        (LineKind.OTHER, Money(700, "USD")),
    ]
    assert unmapped({"Amount": 7, "TDSLineDetail": {"x": 1}}, WireLine) == {"TDSLineDetail": {"x": 1}}


def test_references_and_days_that_say_nothing_are_read_as_left_out() -> None:
    detail = {"ItemRef": {"value": "1"}, "TaxCodeRef": {}, "ServiceDate": "", "UnitPrice": 0.1, "Qty": 12.50}
    row = {
        **HEAD,
        "Id": "5",
        "TxnDate": "2026-09-29",
        "DueDate": "",
        "CustomerRef": {"value": "1"},
        "SalesTermRef": {},
        "DepartmentRef": {},
        "TaxExemptionRef": {},
        "Line": [{"Id": "1", "Amount": 1.25, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}],
        "TotalAmt": 1.25,
        "Balance": 1.25,
    }
    (found,) = listed("invoices", row)

    assert (found.due_on, found.terms, found.location, found.tracking) == (None, None, None, [])
    assert (found.lines[0].tax_code, found.lines[0].service_date) == (None, None)
    assert (found.lines[0].unit_price, found.lines[0].amount) == (Decimal("0.1"), Money(125, "USD"))


def test_what_is_needed_and_says_nothing_is_still_drift() -> None:
    with pytest.raises(SchemaDrift) as drift:
        listed("credits", {**HEAD, "Id": "5", "TxnDate": "2026-09-29", "CustomerRef": {}, "TotalAmt": 1})

    assert drift.value.path == "$.QueryResponse.CreditMemo[0]"


def test_a_change_with_an_empty_reference_is_read() -> None:
    row = {**HEAD, "Id": "8", "DisplayName": "Alba", "Active": True, "ParentRef": {}, "CurrencyRef": USD}
    binding = QBO.bindings()["clients"]
    assert binding.changes is not None
    answer = ok({"CDCResponse": [{"QueryResponse": [{"Customer": [row]}]}]})

    (change,) = play(QBO, binding.changes(datetime(2026, 9, 29, tzinfo=UTC), BOOK), answer).value.changes

    assert change.record is not None
    assert change.record.parent is None


def test_time_is_read_whether_counted_or_clocked() -> None:
    common = {**HEAD, "TxnDate": "2026-11-09", "NameOf": "Employee", "EmployeeRef": {"value": "55", "name": "Bo"}}
    clocked = {"StartTime": "2026-11-09T09:00:00-08:00", "EndTime": "2026-11-09T18:00:00-08:00", "BreakHours": 1}
    counted = {"Hours": 3, "Minutes": 0, "Seconds": 0, "CostRate": 0, "TimeChargeId": 54, "HourlyRate": 33.3}
    one, two = listed(
        "time_entries",
        {**common, **counted, "Id": "5", "BillableStatus": "HasBeenBilled"},
        {**common, **clocked, "Id": "6", "BillableStatus": "NotBillable", "HourlyRate": 0},
    )

    assert (one.minutes, one.rate, one.state) == (180, Money(3330, "USD"), TimeState.BILLED)
    assert (two.minutes, two.rate, two.billable) == (480, Money(0, "USD"), False)


def test_a_rate_finer_than_a_cent_is_left_out_and_the_page_is_read() -> None:
    common = {**HEAD, "TxnDate": "2026-11-09", "NameOf": "Employee", "EmployeeRef": {"value": "55"}, "Hours": 1}
    fine, plain = listed(
        "time_entries", {**common, "Id": "5", "HourlyRate": 33.3333}, {**common, "Id": "6", "HourlyRate": 33.5}
    )

    assert (fine.rate, "rate" in fine.meta.unsupported) == (UNSET, True)
    assert (plain.rate, "rate" in plain.meta.unsupported) == (Money(3350, "USD"), False)


def test_a_payment_keeps_what_was_applied_and_ignores_what_the_vendor_repeats() -> None:
    noise = {"name": "{http://schema.intuit.com/finance/v3}NameValue", "nil": False, "value": {"Name": "txnId"}}
    row = {
        **HEAD,
        "Id": "200",
        "TxnDate": "2026-01-16",
        "CustomerRef": {"value": "67", "name": "Alba"},
        "DepositToAccountRef": {"value": "4"},
        "TotalAmt": 65.0,
        "UnappliedAmt": 10.0,
        "ProcessPayment": False,
        "Line": [
            {"Amount": 55.0, "LinkedTxn": [{"TxnId": "70", "TxnType": "Invoice"}], "LineEx": {"any": [noise, noise]}}
        ],
        "LinkedTxn": [],
    }
    (found,) = listed("payments", row)

    assert (found.amount, found.unapplied, found.received_on) == (
        Money(6500, "USD"),
        Money(1000, "USD"),
        date(2026, 1, 16),
    )
    assert [(part.invoice, part.amount.amount_minor) for part in found.allocations] == [(BOOK.ref("inv_", "70"), 5500)]


def test_goods_and_categories_of_little_are_read() -> None:
    (pump,) = listed(
        "service_items",
        {**HEAD, "Id": "11", "Name": "Pump", "Active": True, "Type": "Inventory", "UnitPrice": 15, "QtyOnHand": 25},
    )

    assert (pump.rate, pump.kind_native, pump.category) == (Decimal(15), "Inventory", None)


def test_preferences_that_do_not_say_whether_credits_apply_themselves_let_payments_through() -> None:
    said = {"AccountingInfoPrefs": {}, "SalesFormsPrefs": {"CustomTxnNumbers": False, "DefaultTerms": {"value": "3"}}}

    play(QBO, refuse_automatic_credits(), ok({"Preferences": {**HEAD, **said, "Id": "1"}, "time": "x"}))


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"QueryResponse": {"Fault": FAULT}, "time": "x"}, NotFound),
        (200, {"CDCResponse": [{"Fault": FAULT}]}, NotFound),
        (200, {"CDCResponse": [{"QueryResponse": [{"Invoice": [{"Id": "1"}]}, {"Fault": FAULT}]}]}, NotFound),
        (400, {"Fault": {"Error": [{"Message": None, "code": "2010"}]}}, Invalid),
        (
            401,
            {
                "warnings": None,
                "intuitObject": None,
                "fault": {"error": [{"message": "x", "detail": None, "code": "3200", "element": None}], "type": "x"},
                "report": None,
                "queryResponse": None,
                "batchItemResponse": [],
                "attachableResponse": [],
                "requestId": None,
                "time": 1601391072830,
                "status": None,
                "cdcresponse": [],
            },
            CredentialsExpired,
        ),
        (
            401,
            {"responseHeader": {"status": 401, "message": "Unauthorized"}, "response": "FAILURE"},
            CredentialsExpired,
        ),
        (500, {"responseHeader": {"status": 500, "message": "x"}, "response": "FAILURE"}, Unavailable),
        (429, {"fault": {"error": [{"message": "message=ThrottleExceeded", "code": "003001"}]}}, RateLimited),
    ],
)
def test_every_recorded_fault_is_told_from_a_good_answer(
    status: int, body: dict[str, Any], kind: type[VendorFault]
) -> None:
    for spaces in (None, 2):
        text = json.dumps(body, indent=spaces, separators=(",", ":") if spaces is None else None)

        assert type(classify(READ, Response(status, {}, text.encode()))) is kind


def test_an_xml_fault_without_a_detail_is_an_expired_token() -> None:
    body = (
        b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><IntuitResponse xmlns="http://schema.intuit.com/'
        b'finance/v3" time="2026-03-29T05:39:07.929-07:00"><Fault type="AUTHENTICATION"><Error code="3200">'
        b"<Message>message=ApplicationAuthenticationFailed; errorCode=003200; statusCode=401</Message></Error></Fault>"
        b"</IntuitResponse>"
    )

    assert type(classify(READ, Response(401, {}, body))) is CredentialsExpired
