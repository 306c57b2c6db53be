from service.connectors.sdk.faults import SchemaDrift
from service.connectors.senta.connector import SENTA
from tests.conformance.kit import Conformance
from tests.conformance.subject import Facts, Subject

NO_PAGES = "the vendor has no pages: its list comes whole"
KEY = "an API key is not renewed"


class TestSenta(Conformance):
    subject = Subject(
        connector=SENTA,
        unlimited=("per_minute",),
        fault_in_200=SchemaDrift,
        lacks={
            "signatures": "no webhooks are published",
            "an_empty_page_in_the_middle_ends_nothing": NO_PAGES,
            "a_repeated_cursor_is_broken_paging": NO_PAGES,
            "cursors_that_run_in_a_circle_are_broken_paging": NO_PAGES,
            "an_expired_token_is_renewed_exactly_once": KEY,
            "a_renewed_token_that_is_refused_stops": KEY,
        },
        resources={
            "clients": Facts(
                id_field="_id",
                lacks={"get_shows_what_the_list_shows": "a list tells the name alone: see test_senta_clients"},
            ),
        },
    )
