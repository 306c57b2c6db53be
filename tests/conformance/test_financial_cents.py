from service.connectors.financial_cents.connector import FINANCIAL_CENTS
from service.connectors.sdk.faults import SchemaDrift
from tests.conformance.kit import Conformance
from tests.conformance.subject import Asked, Facts, Instant, Subject
from tests.conformance.trees import put

PAGES = "pages are asked for by number"
KEY = "an API key is not renewed"


class TestFinancialCents(Conformance):
    subject = Subject(
        connector=FINANCIAL_CENTS,
        unlimited=("per_minute",),
        fault_in_200=SchemaDrift,
        lacks={
            "signatures": "no webhooks are published",
            "an_empty_page_in_the_middle_ends_nothing": "rows promised and not given are broken paging",
            "a_repeated_cursor_is_broken_paging": PAGES,
            "cursors_that_run_in_a_circle_are_broken_paging": PAGES,
            "an_expired_token_is_renewed_exactly_once": KEY,
            "a_renewed_token_that_is_refused_stops": KEY,
        },
        resources={
            "clients": Facts(
                id_field="id",
                lacks={
                    "a_missing_field_is_drift_with_its_path_and_without_a_value": "others have met clients with each "
                    "of their names missing"
                },
                instants=(
                    Instant(
                        lambda row, text: put(row, "created_at", text),
                        lambda client: client.created_at,
                        assumed_utc=True,
                    ),
                    Instant(
                        lambda row, text: put(row, "updated_at", text),
                        lambda client: client.updated_at,
                        assumed_utc=True,
                    ),
                ),
                filters={
                    "name_contains": Asked(
                        lambda client: client.display_name[2:6],
                        lambda client, value: value.casefold() in client.display_name.casefold(),
                    ),
                },
            ),
            "users": Facts(id_field="id"),
        },
    )
