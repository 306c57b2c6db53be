from service.connectors.sdk.faults import SchemaDrift
from service.connectors.taxdome.connector import TAXDOME
from service.resources.client import ClientCreate, ClientKind, ClientUpdate
from service.resources.common import Email
from service.resources.contact import ContactCreate, ContactUpdate
from tests.conformance.kit import Conformance
from tests.conformance.subject import Facts, Subject, Word

NO_KEYS = "TaxDome is not known to take a key, so a write is never repeated"
NO_VERSIONS = "TaxDome has no versions"
FEW = "one account has few of them; test_taxdome_sandbox.py walks all accounts"


class TestTaxDome(Conformance):
    subject = Subject(
        connector=TAXDOME,
        unlimited=("per_minute",),
        beside_rows={"next_page": None},
        cursor="next_page",
        fault_in_200=SchemaDrift,
        lacks={
            "signatures": "no webhooks are published",
            "an_empty_page_in_the_middle_ends_nothing": "its sandbox has none: see test_taxdome_paging.py",
            "a_create_with_the_same_key_is_done_once": NO_KEYS,
            "a_lost_answer_to_a_keyed_write_does_not_write_twice": NO_KEYS,
            "what_was_updated_is_what_get_shows": NO_VERSIONS,
        },
        not_yet=dict.fromkeys(
            (
                "invoices",
                "payments",
                "tasks",
                "documents",
                "organizers",
                "engagements",
                "signatures",
                "time_entries",
                "threads",
                "messages",
            ),
            FEW,
        ),
        resources={
            "clients": Facts(
                id_field="id",
                words=(Word("type", lambda client: client.kind, lambda client: client.kind_native),),
                creates=lambda clients, number: ClientCreate(
                    display_name=f"O'Hara & Sons {number}", kind=ClientKind.BUSINESS, tags=["new"]
                ),
                changes=ClientUpdate(display_name="O'Hara & Daughters"),
                changed=lambda client: client.display_name == "O'Hara & Daughters",
                only_compared=frozenset({"linked"}),
            ),
            "contacts": Facts(
                id_field="id",
                creates=lambda clients, number: ContactCreate(
                    client=clients[0].id, family_name="O'Hara", given_name="Una", emails=[Email("una@ohara.example")]
                ),
                changes=ContactUpdate(emails=[]),
                changed=lambda contact: contact.emails == [],
            ),
            "accounts": Facts(id_field="id", only_compared=frozenset({"tags"})),
        },
    )
