from service.connectors.canopy.connector import CANOPY
from service.connectors.sdk.faults import SchemaDrift
from tests.conformance.kit import Conformance
from tests.conformance.subject import Amount, Asked, Day, Facts, Instant, Row, Subject, Word
from tests.conformance.trees import put


def cents(*fields: str) -> Amount:
    """Every amount of the record in one currency."""

    def write(row: Row, number: object, currency: str) -> None:
        row["currency"] = currency
        for field in fields:
            put(row, field, number)

    return Amount(write, lambda record: getattr(record, "total", None) or record.amount, "cents")


def status(*kept: str) -> dict[str, Asked]:
    return {"status": Asked(lambda record: record.status, lambda record, value: record.status == value)}


class TestCanopy(Conformance):
    subject = Subject(
        connector=CANOPY,
        unlimited=("per_minute",),
        beside_rows={"next_cursor": None},
        cursor="next_cursor",
        fault_in_200=SchemaDrift,
        lacks={"signatures": "no webhooks are published"},
        resources={
            "clients": Facts(
                id_field="client_id",
                words=(
                    Word("status", lambda client: client.status, lambda client: client.status_native),
                    Word("filing_type", lambda client: client.kind, lambda client: client.kind_native),
                ),
                instants=(Instant(lambda row, text: put(row, "updated_at", text), lambda client: client.updated_at),),
                filters=status(),
            ),
            "invoices": Facts(
                id_field="invoice_id",
                words=(
                    Word("status", lambda invoice: invoice.status, lambda invoice: invoice.status_native),
                    Word(
                        "qbo_sync.sync_status",
                        lambda invoice: invoice.ledger_sync and invoice.ledger_sync.state,
                        lambda invoice: invoice.ledger_sync and invoice.ledger_sync.state_native,
                    ),
                ),
                days=(
                    Day("issue_date", lambda invoice: invoice.issued_on),
                    Day("due_date", lambda invoice: invoice.due_on),
                ),
                amount=cents("total_cents", "paid_cents", "balance_cents", "lines.amount_cents"),
                filters=status(),
            ),
            "payments": Facts(
                id_field="payment_id",
                words=(Word("method", lambda payment: payment.method, lambda payment: payment.method_native),),
                instants=(
                    Instant(lambda row, text: put(row, "received_at", text), lambda paid: paid.received_on, day=True),
                ),
                amount=cents("amount_cents", "unapplied_cents", "allocations.amount_cents"),
            ),
            "credits": Facts(
                id_field="credit_id",
                amount=cents("amount_cents", "remaining_cents", "applications.amount_cents"),
            ),
            "tasks": Facts(
                id_field="task_id",
                words=(
                    Word("status", lambda task: task.status, lambda task: task.status_native),
                    Word("kind", lambda task: task.kind, lambda task: task.kind_native),
                    Word("priority", lambda task: task.priority, lambda task: task.priority_native),
                ),
                instants=(
                    Instant(
                        lambda row, text: put(row, "checklist.completed_at", text),
                        lambda task: task.checklist[0].completed_at if task.checklist else None,
                    ),
                ),
                days=(Day("start_date", lambda task: task.start_on), Day("due_date", lambda task: task.due_on)),
            ),
        },
    )
