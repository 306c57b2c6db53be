from service.connectors.ignition.connector import IGNITION
from service.connectors.sdk.faults import SchemaDrift
from tests.conformance.kit import Conformance
from tests.conformance.subject import Amount, Asked, Day, Facts, Instant, Subject, Word
from tests.conformance.trees import put

TIMES = (
    Instant(lambda row, text: put(row, "created_at", text), lambda record: record.created_at),
    Instant(lambda row, text: put(row, "updated_at", text), lambda record: record.updated_at),
)


class TestIgnition(Conformance):
    subject = Subject(
        connector=IGNITION,
        unlimited=("per_hour",),
        beside_rows={"meta": {"pagination": {"has_more": False, "next_cursor": None, "limit": 100}}},
        cursor="meta.pagination.next_cursor",
        fault_in_200=SchemaDrift,
        lacks={"signatures": "no webhooks are published"},
        resources={
            "clients": Facts(
                id_field="slug",
                parts="archived clients are listed after all others",
                words=(Word("state", lambda client: client.status, lambda client: client.status_native),),
                instants=TIMES,
                filters={
                    "status": Asked(lambda client: client.status, lambda client, value: client.status == value),
                },
            ),
            "contacts": Facts(id_field="slug", instants=TIMES),
            "engagements": Facts(
                id_field="slug",
                parts="archived proposals are listed after all others",
                words=(Word("state", lambda agreed: agreed.status, lambda agreed: agreed.status_native),),
                instants=(
                    *TIMES,
                    Instant(
                        lambda row, text: put(row, "accepted_at", text),
                        lambda agreed: agreed.acceptance and agreed.acceptance.at,
                    ),
                ),
                days=(
                    Day("proposal_start_date", lambda agreed: agreed.starts_on),
                    Day("proposal_end_date", lambda agreed: agreed.ends_on),
                ),
                amount=Amount(
                    lambda row, number, currency: put(
                        row, "minimum_contract_value", {"amount": number, "currency": currency}
                    ),
                    lambda agreed: agreed.total,
                    "decimal",
                ),
                filters={
                    "status": Asked(lambda agreed: agreed.status, lambda agreed, value: agreed.status == value),
                },
            ),
        },
    )
