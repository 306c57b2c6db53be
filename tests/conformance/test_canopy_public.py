from typing import Any

import pytest

from service.connectors.canopy_public.connector import CANOPY_PUBLIC
from service.connectors.sdk.faults import SchemaDrift
from service.resources.client import ClientCreate, ClientKind, ClientUpdate
from service.resources.common import Address, Email, Phone
from service.resources.contact import ContactCreate, ContactUpdate
from tests.conformance.kit import Conformance
from tests.conformance.rig import Rig
from tests.conformance.subject import Facts, Subject, Word

NO_KEYS = "the vendor takes no key, so a create is never repeated"
THIN = "a list tells the name alone: see below"
WHOLE = "the vendor gives all definitions at once"


class TestCanopyPublic(Conformance):
    subject = Subject(
        connector=CANOPY_PUBLIC,
        unlimited=("per_minute",),
        beside_rows={"next_cursor": None},
        cursor="next_cursor",
        fault_in_200=SchemaDrift,
        lacks={
            "signatures": "the vendor has no webhooks",
            "a_create_with_the_same_key_is_done_once": NO_KEYS,
            "a_lost_answer_to_a_keyed_write_does_not_write_twice": NO_KEYS,
        },
        resources={
            "clients": Facts(
                id_field="id",
                words=(Word("type", lambda client: client.status, lambda client: client.status_native),),
                creates=lambda clients, number: ClientCreate(
                    display_name=f"O'Hara & Sons {number}",
                    kind=ClientKind.BUSINESS,
                    filing_type="LLC",
                    emails=[Email("una@ohara.example", "work")],
                    phones=[Phone("5555550142", "mobile")],
                    addresses=[Address(label="mailing", lines=("1 Harbor Street",), city="Rivermouth", country="US")],
                    external_id=f"OH{number}",
                    notes="Prefers the telephone.",
                ),
                changes=ClientUpdate(display_name="O'Hara & Daughters", phones=[]),
                changed=lambda client: (client.display_name, client.phones) == ("O'Hara & Daughters", []),
                lacks={"get_shows_what_the_list_shows": THIN},
            ),
            "contacts": Facts(
                id_field="id",
                creates=lambda clients, number: ContactCreate(
                    client=clients[0].id,
                    given_name="Una",
                    family_name=f"O'Hara {number}",
                    emails=[Email("una@ohara.example", "work")],
                    phones=[Phone("5555550142", "mobile")],
                ),
                changes=ContactUpdate(emails=[Email("new@ohara.example", "work")]),
                changed=lambda person: person.emails == [Email("new@ohara.example", "work")],
                only_compared=frozenset({"name"}),
                lacks={
                    "get_shows_what_the_list_shows": THIN,
                    "a_missing_field_is_drift_with_its_path_and_without_a_value": "the id alone is sure to come",
                },
            ),
            "custom_fields": Facts(
                id_field="id",
                words=(Word("type", lambda field: field.kind, lambda field: field.kind_native),),
                lacks={
                    "an_empty_page_in_the_middle_ends_nothing": WHOLE,
                    "a_repeated_cursor_is_broken_paging": WHOLE,
                    "cursors_that_run_in_a_circle_are_broken_paging": WHOLE,
                },
            ),
        },
    )

    @pytest.mark.parametrize("thin", ["clients", "contacts"])
    async def test_one_record_says_the_same_and_more(self, rig: Rig, thin: str) -> None:
        record_only = {*rig.binding(thin).record_only}
        told: list[Any] = []
        for listed in (await rig.page(thin)).records[:10]:
            one = await rig.get(thin, listed.remote_id)
            left = {*one.meta.unsupported} & record_only
            told.append(one.emails)

            assert (one.id, one.display_name) == (listed.id, listed.display_name)
            assert left <= {"linked", "given_name", "family_name"}, "an answer need not have them"
        assert any(told)
