from service.connectors.karbon.connector import KARBON
from service.connectors.sdk.faults import SchemaDrift
from tests.conformance.kit import Conformance
from tests.conformance.subject import Asked, Facts, Instant, Subject, Word
from tests.conformance.trees import put

ROWS = "pages are addressed by row numbers, which only go forward"
KEY = "an API key is not renewed"


class TestKarbon(Conformance):
    subject = Subject(
        connector=KARBON,
        unlimited=("per_minute",),
        fault_in_200=SchemaDrift,
        lacks={
            "signatures": "webhooks are not connected yet",
            "an_empty_page_in_the_middle_ends_nothing": "rows promised and not given are broken paging",
            "a_repeated_cursor_is_broken_paging": ROWS,
            "cursors_that_run_in_a_circle_are_broken_paging": ROWS,
            "an_expired_token_is_renewed_exactly_once": KEY,
            "a_renewed_token_that_is_refused_stops": KEY,
        },
        resources={
            "clients": Facts(
                id_field="ContactKey",
                parts="contacts, organizations and client groups are lists of their own",
                some_id="contact:C1111111zzzz",
                words=(Word("ContactType", lambda client: client.status, lambda client: client.status_native),),
                instants=(
                    Instant(lambda row, text: put(row, "LastModifiedDateTime", text), lambda client: client.updated_at),
                ),
                filters={
                    "kind": Asked(lambda client: client.kind, lambda client, value: client.kind == value),
                },
                lacks={
                    "get_shows_what_the_list_shows": "the one record says more of e-mail and telephone: see below",
                    "a_missing_field_is_drift_with_its_path_and_without_a_value": "a key and any name are looked for "
                    "together: see test_karbon_clients",
                },
            ),
        },
    )
