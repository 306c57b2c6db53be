import json
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from service.connectors.quickbooks.clients import create as create_client
from service.connectors.quickbooks.clients import update as update_client
from service.connectors.quickbooks.invoices import create as create_invoice
from service.connectors.quickbooks.invoices import update as update_invoice
from service.connectors.registry import get_connector
from service.connectors.sdk.faults import Conflict, Invalid, NotFound
from service.connectors.sdk.flow import Response
from service.ids import Book
from service.resources.client import ClientCreate, ClientKind, ClientStatus, ClientUpdate
from service.resources.common import Address, Email, Money, Phone
from service.resources.invoice import InvoiceCreate, InvoiceLineInput, InvoiceUpdate
from tests.bench.pages import page_body
from tests.connectors.flows import BOOK, NO_CURRENCY, ok, play

QBO = get_connector("quickbooks")
CUSTOMER = json.loads(page_body("quickbooks", "clients", 1))["QueryResponse"]["Customer"][0]
INVOICE = json.loads(page_body("quickbooks", "invoices", 1))["QueryResponse"]["Invoice"][0]
CUSTOMER_ANSWER, INVOICE_ANSWER = ok({"Customer": CUSTOMER}), ok({"Invoice": INVOICE})
CLIENT = BOOK.ref("cli_", "7")


def fault(code: str) -> Response:
    return Response(400, {}, json.dumps({"Fault": {"Error": [{"Message": "no", "code": code}]}}).encode())


def sent_client(new: ClientCreate) -> Any:
    return play(QBO, create_client(new, "k", BOOK), CUSTOMER_ANSWER).body()


def sent_invoice(*lines: InvoiceLineInput, book: Book = BOOK, **fields: Any) -> Any:
    new = InvoiceCreate(client=CLIENT, lines=list(lines), **fields)
    return play(QBO, create_invoice(new, "k", book), INVOICE_ANSWER).body()


def test_a_create_carries_our_key_and_may_be_repeated() -> None:
    played = play(QBO, create_client(ClientCreate(display_name="Quill"), "key-1", BOOK), CUSTOMER_ANSWER)
    request = played.requests[0]

    assert (request.method, request.path) == ("POST", "/customer")
    assert dict(request.query) == {"minorversion": "75", "requestid": "key-1"}
    assert request.may_retry
    assert played.body() == {"DisplayName": "Quill"}
    assert played.value.remote_id == "1"


def test_a_key_longer_than_the_vendors_is_shortened_the_same_way_each_time() -> None:
    new = ClientCreate(display_name="Quill")
    keys = {
        dict(play(QBO, create_client(new, "k" * 60 + end, BOOK), CUSTOMER_ANSWER).requests[0].query)["requestid"]
        for end in ("a", "a", "b")
    }

    assert len(keys) == 2
    assert all(len(key) == 50 for key in keys)


def test_contact_details_take_the_places_their_labels_name() -> None:
    sent = sent_client(
        ClientCreate(
            display_name="Quill",
            emails=[Email("a@quill.example")],
            phones=[Phone("(555) 555-0101"), Phone("(555) 555-0102", "primary"), Phone("(555) 555-0103", "fax")],
            addresses=[Address(label="shipping", lines=("1 Pier", "Dock 2"), city="Rivermouth")],
        )
    )

    assert sent["PrimaryEmailAddr"] == {"Address": "a@quill.example"}
    assert sent["PrimaryPhone"] == {"FreeFormNumber": "(555) 555-0102"}
    assert sent["Mobile"] == {"FreeFormNumber": "(555) 555-0101"}
    assert sent["Fax"] == {"FreeFormNumber": "(555) 555-0103"}
    assert sent["ShipAddr"]["Line2"] == "Dock 2"


def test_a_client_with_a_parent_is_a_job() -> None:
    sent = sent_client(ClientCreate(display_name="Quill", parent=CLIENT))

    assert (sent["ParentRef"], sent["Job"]) == ({"value": "7"}, True)


@pytest.mark.parametrize(
    ("new", "pointer"),
    [
        (ClientCreate(display_name="x", kind=ClientKind.BUSINESS), "/kind"),
        (ClientCreate(display_name="x", emails=[Email("a@x.example"), Email("b@x.example")]), "/emails/1"),
        (ClientCreate(display_name="x", phones=[Phone("1", "pager")]), "/phones/0"),
        (ClientCreate(display_name="x", addresses=[Address(lines=("1",) * 6)]), "/addresses/0/lines"),
        (ClientCreate(display_name="x", parent="cli_nonsense"), "/parent"),
        (ClientCreate(display_name="x", parent=Book(UUID(int=8), 0, "").ref("cli_", "7")), "/parent"),
        (ClientCreate(display_name="x", parent=BOOK.ref("inv_", "7")), "/parent"),
    ],
)
def test_what_a_customer_cannot_hold_is_refused_before_it_is_sent(new: ClientCreate, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        play(QBO, create_client(new, "k", BOOK))

    assert refused.value.fields[0].pointer == pointer


def test_a_missing_reference_of_a_create_is_invalid_not_missing() -> None:
    new = InvoiceCreate(client=CLIENT, lines=[InvoiceLineInput(amount=Money(100, "USD"))])

    with pytest.raises(Invalid) as refused:
        play(QBO, create_invoice(new, "k", BOOK), fault("610"))

    assert refused.value.fields[0].pointer == "/client"


def test_an_update_reads_the_version_first_and_is_sparse() -> None:
    played = play(QBO, update_client("1", ClientUpdate(notes=None), None, "k", BOOK), CUSTOMER_ANSWER, CUSTOMER_ANSWER)

    assert [request.method for request in played.requests] == ["GET", "POST"]
    assert played.body(1) == {"Id": "1", "SyncToken": "3", "sparse": True, "Notes": ""}
    assert "requestid" not in dict(played.requests[0].query)


def test_an_update_with_a_version_is_sent_at_once() -> None:
    new = ClientUpdate(status=ClientStatus.INACTIVE, phones=[])
    played = play(QBO, update_client("1", new, "2", "k", BOOK), CUSTOMER_ANSWER)
    empty = {"FreeFormNumber": ""}

    assert played.body() == {
        "Id": "1",
        "SyncToken": "2",
        "sparse": True,
        "Active": False,
        "PrimaryPhone": empty,
        "Mobile": empty,
        "AlternatePhone": empty,
        "Fax": empty,
    }


def test_a_stale_version_is_a_conflict() -> None:
    with pytest.raises(Conflict):
        play(QBO, update_client("1", ClientUpdate(notes="x"), "2", "k", BOOK), fault("5010"))


def test_updating_a_missing_record_is_not_found() -> None:
    with pytest.raises(NotFound):
        play(QBO, update_client("1", ClientUpdate(notes="x"), None, "k", BOOK), fault("610"))


def test_a_status_that_customers_lack_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        play(QBO, update_client("1", ClientUpdate(status=ClientStatus.PROSPECT), "2", "k", BOOK))

    assert refused.value.fields[0].pointer == "/status"


def test_line_amounts_are_exact_json_numbers() -> None:
    line = InvoiceLineInput(quantity=Decimal("0.1"), unit_price=Decimal("0.15"), service_item=BOOK.ref("itm_", "3"))
    new = InvoiceCreate(client=CLIENT, lines=[line], number="7", issued_on=date(2026, 11, 20), memo="Thanks")
    played = play(QBO, create_invoice(new, "k", BOOK), INVOICE_ANSWER)

    assert b'"Amount":0.02,' in (played.requests[0].body or b"")
    sent: Any = played.body()
    assert sent["CustomerRef"]["value"] == "7"
    assert sent["Line"][0]["SalesItemLineDetail"]["Qty"] == 0.1
    assert (sent["DocNumber"], sent["TxnDate"], sent["CustomerMemo"]) == ("7", "2026-11-20", {"value": "Thanks"})
    assert "CurrencyRef" not in sent


def test_a_line_of_text_is_sent_without_an_amount() -> None:
    sent = sent_invoice(InvoiceLineInput(description="With thanks"), InvoiceLineInput(amount=Money(5, "USD")))

    assert sent["Line"][0] == {"Description": "With thanks", "DetailType": "DescriptionOnly"}


def test_the_currency_decides_the_amounts_decimals() -> None:
    sent = sent_invoice(InvoiceLineInput(amount=Money(500, "JPY")), book=NO_CURRENCY, currency="JPY")

    assert sent["Line"][0]["Amount"] == 500
    assert sent["CurrencyRef"]["value"] == "JPY"


@pytest.mark.parametrize(
    ("line", "pointer"),
    [
        (InvoiceLineInput(), "/lines/0"),
        (InvoiceLineInput(description="x", quantity=Decimal(2)), "/lines/0"),
        (InvoiceLineInput(amount=Money(1, "EUR")), "/lines/0/amount/currency"),
        (InvoiceLineInput(amount=Money(1, "USD"), quantity=Decimal(2), unit_price=Decimal(1)), "/lines/0/amount"),
        (InvoiceLineInput(quantity=Decimal("1e30"), unit_price=Decimal(1)), "/lines/0/quantity"),
        (InvoiceLineInput(amount=Money(1, "USD"), service_item="itm_x"), "/lines/0/service_item"),
    ],
)
def test_a_line_that_does_not_add_up_is_refused(line: InvoiceLineInput, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        sent_invoice(line)

    assert refused.value.fields[0].pointer == pointer


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(Invalid):
        sent_invoice(InvoiceLineInput(amount=Money(1, "ZZZ")), currency="ZZZ")


def test_new_lines_of_an_update_are_checked_against_the_invoices_currency() -> None:
    new = InvoiceUpdate(lines=[InvoiceLineInput(amount=Money(1, "EUR"))])

    with pytest.raises(Invalid):
        play(QBO, update_invoice("1", new, "1", "k", BOOK), INVOICE_ANSWER)


def test_an_update_with_lines_sends_them_all() -> None:
    new = InvoiceUpdate(lines=[InvoiceLineInput(id="1", amount=Money(100, "USD"))], due_on=date(2026, 12, 1))
    played = play(QBO, update_invoice("1", new, None, "k", BOOK), INVOICE_ANSWER, INVOICE_ANSWER)
    sent: Any = played.body(1)

    assert (sent["SyncToken"], sent["sparse"], sent["DueDate"]) == ("1", True, "2026-12-01")
    assert sent["Line"][0]["Id"] == "1"
    assert len(played.requests) == 2
