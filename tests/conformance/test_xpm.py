from service.connectors.sdk.faults import Refused
from service.connectors.xpm.connector import XPM
from tests.conformance.kit import Conformance
from tests.conformance.subject import Facts, Subject, Word


class TestXpm(Conformance):
    subject = Subject(
        connector=XPM,
        unlimited=("per_minute",),
        cursor="Response.Pagination.Links.Next",
        fault_in_200=Refused,
        lacks={"signatures": "no webhooks are published"},
        resources={
            "clients": Facts(
                id_field="UUID",
                words=(Word("BusinessStructure", lambda client: client.kind, lambda client: client.kind_native),),
            ),
            "contacts": Facts(id_field="UUID"),
        },
    )
