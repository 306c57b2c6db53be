from service.connectors.ignition.connector import IGNITION
from service.connectors.sdk.faults import SchemaDrift
from tests.conformance.kit import Conformance
from tests.conformance.subject import Asked, Facts, Instant, Subject, Word
from tests.conformance.trees import put


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
                instants=(
                    Instant(lambda row, text: put(row, "created_at", text), lambda client: client.created_at),
                    Instant(lambda row, text: put(row, "updated_at", text), lambda client: client.updated_at),
                ),
                filters={
                    "status": Asked(lambda client: client.status, lambda client, value: client.status == value),
                },
            ),
        },
    )
