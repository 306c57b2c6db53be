from service.connectors.sdk.faults import Refused
from service.connectors.smartvault.connector import SMARTVAULT
from tests.conformance.kit import Conformance
from tests.conformance.subject import Facts, Subject, Word

NO_CURSOR = "pages are addressed by row numbers of ours: there is no cursor that could go wrong"
WORD = "entityExProperties.smart_vault.accounting.client.type_qualifier"


class TestSmartVault(Conformance):
    subject = Subject(
        connector=SMARTVAULT,
        unlimited=("per_second",),
        beside_rows={"message": {"children": [], "total_children": 0}},
        fault_in_200=Refused,
        lacks={
            "signatures": "no webhooks are published",
            "an_empty_page_in_the_middle_ends_nothing": "rows promised and not given are broken paging",
            "a_repeated_cursor_is_broken_paging": NO_CURSOR,
            "cursors_that_run_in_a_circle_are_broken_paging": NO_CURSOR,
        },
        resources={
            "clients": Facts(
                id_field="name",
                lacks={
                    "a_missing_field_is_drift_with_its_path_and_without_a_value": "a client whose firm says nothing "
                    "of it has its name alone"
                },
                words=(Word(WORD, lambda client: client.kind, lambda client: client.kind_native),),
            ),
        },
    )
