from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from service.connectors.quickbooks.connector import QUICKBOOKS
from service.connectors.sdk.faults import Invalid
from service.ids import parse_record_id
from service.resources.client import ClientCreate, ClientUpdate
from service.resources.common import Address, Email, Money, Phone
from service.resources.credit import CreditCreate, CreditUpdate
from service.resources.document import DocumentUpdate
from service.resources.invoice import InvoiceCreate, InvoiceLineInput, InvoiceUpdate
from service.resources.payment import PaymentCreate, PaymentUpdate
from service.resources.service_item import (
    Dimension,
    ServiceItemCreate,
    ServiceItemUpdate,
    TrackingValueCreate,
    TrackingValueUpdate,
)
from service.resources.time_entry import TimeEntryCreate, TimeEntryUpdate
from service.resources.user import UserCreate, UserUpdate
from tests.conformance.kit import Conformance
from tests.conformance.subject import Amount, Asked, Day, Facts, Instant, Row, Subject, Word
from tests.conformance.trees import put
from tests.connectors.flows import BOOK

TIMES = (
    Instant(lambda row, text: put(row, "MetaData.LastUpdatedTime", text), lambda record: record.updated_at),
    Instant(lambda row, text: put(row, "MetaData.CreateTime", text), lambda record: record.created_at),
)
ADDRESS = ("Line1", "City", "CountrySubDivisionCode", "PostalCode")
NO_CURSOR = "pages are addressed by row numbers of ours: there is no cursor that could go wrong"


def decimals(*fields: str) -> Amount:
    """Every amount of the record in one currency, lines left out."""

    def write(row: Row, number: object, currency: str) -> None:
        row |= {"Line": [], "CurrencyRef": {"value": currency}}
        row.pop("TxnTaxDetail", None)
        row |= dict.fromkeys(fields, number)

    return Amount(write, lambda record: getattr(record, "total", None) or record.amount, "decimal")


def equal(name: str) -> Asked:
    return Asked(lambda record: getattr(record, name), lambda record, value: getattr(record, name) == value)


def day(name: str, from_: bool) -> Asked:
    def keeps(record: Any, value: str) -> bool:
        shown = getattr(record, name)
        limit = date.fromisoformat(value)
        return shown is not None and (shown >= limit if from_ else shown <= limit)

    return Asked(lambda record: getattr(record, name).isoformat(), keeps)


def days(name: str) -> dict[str, Asked]:
    kind = name.removesuffix("_on")
    return {f"{kind}_from": day(name, True), f"{kind}_to": day(name, False)}


def remote_client(record: Any) -> str:
    return parse_record_id("cli_", record.client).remote_id


def active(shown: Callable[[Any], bool]) -> Asked:
    return Asked(lambda record: None, lambda record, value: shown(record) == (value == "true"))


NAMED = {
    "name": equal("name"),
    "name_contains": Asked(
        lambda record: record.name[2:6], lambda record, value: value.casefold() in record.name.casefold()
    ),
}
CLIENT = Asked(remote_client, lambda record, value: remote_client(record) == value)


def new_client(clients: list[Any], number: int) -> ClientCreate:
    return ClientCreate(
        display_name=f"O'Hara \\ \"Sons\" {number} 'ltd'",
        legal_name="O'Hara & Sons Ltd",
        given_name="Una",
        emails=[Email("una@ohara.example", "primary")],
        phones=[Phone("(555) 555-0142", "primary")],
        addresses=[Address(label="billing", lines=("1 Pier", "Dock 2"), city="Rivermouth", country="US")],
        website="https://ohara.example",
        currency="USD",
        notes="Prefers mail",
    )


def new_invoice(clients: list[Any], number: int) -> InvoiceCreate:
    line = InvoiceLineInput(description="Advice", amount=Money(12_345, "USD"))
    return InvoiceCreate(
        client=in_dollars(clients), lines=[line], number=f"K-{number}", issued_on=date(2026, 11, 1), memo="Thank you"
    )


def new_payment(clients: list[Any], number: int) -> PaymentCreate:
    return PaymentCreate(
        client=in_dollars(clients), amount=Money(5_001, "USD"), received_on=date(2026, 11, 2), reference=f"R-{number}"
    )


def new_credit(clients: list[Any], number: int) -> CreditCreate:
    line = InvoiceLineInput(description="Goodwill", amount=Money(2_050, "USD"))
    return CreditCreate(
        client=in_dollars(clients), lines=[line], number=f"C-{number}", issued_on=date(2026, 11, 3), memo="Sorry"
    )


def new_time(clients: list[Any], number: int) -> TimeEntryCreate:
    return TimeEntryCreate(
        user=BOOK.ref("usr_", "55"),
        client=in_dollars(clients),
        worked_on=date(2026, 11, 4),
        minutes=75,
        description=f"Call {number}",
    )


def in_dollars(clients: list[Any]) -> str:
    """An active client that is billed in dollars."""
    found: str = next(one.id for one in clients if one.status == "active" and one.currency == "USD")
    return found


class TestQuickBooks(Conformance):
    subject = Subject(
        connector=QUICKBOOKS,
        unlimited=("per_second", "per_minute", "batch_per_minute"),
        fault_in_200=Invalid,
        lacks={
            "signatures": "webhooks are not connected yet",
            "an_empty_page_in_the_middle_ends_nothing": NO_CURSOR,
            "a_repeated_cursor_is_broken_paging": NO_CURSOR,
            "cursors_that_run_in_a_circle_are_broken_paging": NO_CURSOR,
        },
        resources={
            "clients": Facts(
                id_field="Id",
                instants=TIMES,
                # A shipping address with the billing address's id is that address, and shown once.
                only_compared=frozenset(f"ShipAddr.{name}" for name in ADDRESS),
                filters={
                    "status": equal("status"),
                    "name": equal("display_name"),
                    "name_contains": Asked(
                        lambda client: client.display_name[2:6],
                        lambda client, value: value.casefold() in client.display_name.casefold(),
                    ),
                },
                creates=new_client,
                changes=ClientUpdate(notes=None, phones=[], display_name="O'Hara & Daughters"),
                changed=lambda client: (client.notes, client.phones) == (None, []),
            ),
            "invoices": Facts(
                id_field="Id",
                words=(Word("Line.DetailType", lambda invoice: invoice.lines[0].kind),),
                instants=TIMES,
                days=(
                    Day("TxnDate", lambda invoice: invoice.issued_on),
                    Day("DueDate", lambda invoice: invoice.due_on),
                ),
                amount=decimals("TotalAmt", "Balance"),
                filters={
                    "status": equal("status"),
                    "balance": Asked(
                        lambda invoice: None,
                        lambda invoice, value: (invoice.balance.amount_minor > 0) == (value == "outstanding"),
                    ),
                    "client": CLIENT,
                    "number": equal("number"),
                    **days("issued_on"),
                    **days("due_on"),
                },
                creates=new_invoice,
                changes=InvoiceUpdate(memo="Thanks again", due_on=date(2026, 12, 24)),
                changed=lambda invoice: (invoice.memo, invoice.due_on) == ("Thanks again", date(2026, 12, 24)),
            ),
            "payments": Facts(
                id_field="Id",
                words=(
                    Word(
                        "PaymentMethodRef.name", lambda payment: payment.method, lambda payment: payment.method_native
                    ),
                ),
                instants=TIMES,
                days=(Day("TxnDate", lambda payment: payment.received_on),),
                amount=decimals("TotalAmt", "UnappliedAmt"),
                filters={"client": CLIENT, **days("received_on")},
                creates=new_payment,
                changes=PaymentUpdate(reference="R-changed"),
                changed=lambda payment: payment.reference == "R-changed",
            ),
            "credits": Facts(
                id_field="Id",
                instants=TIMES,
                days=(Day("TxnDate", lambda credit: credit.issued_on),),
                amount=decimals("TotalAmt", "RemainingCredit"),
                filters={"client": CLIENT, "number": equal("number"), **days("issued_on")},
                creates=new_credit,
                changes=CreditUpdate(memo="Sorry again"),
                changed=lambda credit: credit.memo == "Sorry again",
            ),
            "documents": Facts(
                id_field="Id",
                instants=TIMES,
                only_compared=frozenset({"AttachableRef.EntityRef.type"}),
                filters={
                    "client": Asked(
                        lambda document: document.client and remote_client(document),
                        lambda document, value: document.client is not None and remote_client(document) == value,
                    ),
                    "name": equal("name"),
                },
                changes=DocumentUpdate(name="renamed.pdf", category=None, summary="Read this"),
                changed=lambda document: (document.name, document.summary) == ("renamed.pdf", "Read this"),
            ),
            "time_entries": Facts(
                id_field="Id",
                instants=TIMES,
                days=(Day("TxnDate", lambda entry: entry.worked_on),),
                amount=Amount(
                    lambda row, number, currency: row.update({"HourlyRate": number}),
                    lambda entry: entry.rate,
                    "dollars",
                    finer_is_left_out=True,
                ),
                filters=days("worked_on"),
                creates=new_time,
                changes=TimeEntryUpdate(minutes=30, description=None, billable=False),
                changed=lambda entry: (entry.minutes, entry.description, entry.billable) == (30, None, False),
                also_moves=frozenset({"state_native"}),
            ),
            "users": Facts(
                id_field="Id",
                filters={"active": active(lambda user: user.status == "active"), **NAMED},
                creates=lambda clients, number: UserCreate(
                    given_name="Una", family_name=f"O'Hara {number}", emails=[Email("una@ohara.example")]
                ),
                changes=UserUpdate(given_name="Unity", emails=[]),
                changed=lambda user: (user.given_name, user.emails) == ("Unity", []),
                lacks={"overlapping_changes_leave_no_gap_and_no_duplicate": "a user says no time of its change"},
                only_compared=frozenset({"MetaData.CreateTime", "MetaData.LastUpdatedTime"}),
            ),
            "service_items": Facts(
                id_field="Id",
                instants=TIMES,
                filters={"active": active(lambda item: item.active), "sku": equal("sku"), **NAMED},
                creates=lambda clients, number: ServiceItemCreate(
                    name=f"Payroll setup {number}", sku=f"P{number}", rate=Decimal(240), income_account="31"
                ),
                changes=ServiceItemUpdate(rate=Decimal("260.5"), sku=None),
                changed=lambda item: (item.rate, item.sku) == (Decimal("260.5"), None),
                only_compared=frozenset({"SubItem"}),
            ),
            "tracking": Facts(
                id_field="Id",
                some_id="class:1",
                parts="classes, locations and categories are lists of their own",
                instants=(TIMES[0],),
                filters={"dimension": equal("dimension"), "active": active(lambda value: value.active)},
                creates=lambda clients, number: TrackingValueCreate(dimension=Dimension.CLASS, name=f"Advice {number}"),
                changes=TrackingValueUpdate(name="Advice and planning"),
                changed=lambda value: value.name == "Advice and planning",
                also_moves=frozenset({"full_name"}),
                uniform=frozenset({"active"}),
                only_compared=frozenset({"MetaData.CreateTime"}),
            ),
        },
    )
