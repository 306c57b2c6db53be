from service.connectors.sdk.faults import SchemaDrift
from service.connectors.uku.connector import UKU
from tests.conformance.kit import Conformance
from tests.conformance.subject import Facts, Instant, Subject, Word
from tests.conformance.trees import put

KEY = "an API key is not renewed"
TIMES = (
    Instant(lambda row, text: put(row, "created_at", text), lambda record: record.created_at, assumed_utc=True),
    Instant(lambda row, text: put(row, "updated_at", text), lambda record: record.updated_at, assumed_utc=True),
)


class TestUku(Conformance):
    subject = Subject(
        connector=UKU,
        unlimited=("per_minute",),
        beside_rows={"meta": {"total": 0, "offset": 0, "limit": 50, "has_more": False, "next_cursor": None}},
        cursor="meta.next_cursor",
        fault_in_200=SchemaDrift,
        lacks={
            "signatures": "the vendor's webhooks are not live",
            "an_expired_token_is_renewed_exactly_once": KEY,
            "a_renewed_token_that_is_refused_stops": KEY,
        },
        resources={
            "clients": Facts(
                id_field="id",
                words=(
                    Word("status", lambda client: client.status, lambda client: client.status_native),
                    Word("type", lambda client: client.kind, lambda client: client.kind_native),
                ),
                instants=TIMES,
            ),
            "contacts": Facts(id_field="id", instants=TIMES),
        },
    )
