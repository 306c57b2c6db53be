"""Canopy's public API as it is written: what a new record needs, what a change leaves alone, what is refused."""

from typing import Any

import httpx
import pytest

from service.sandbox.serve import SandboxServer

Json = dict[str, Any]

PERSON = {"first_name": "Ines", "last_name": "Dahl", "is_business": False, "type": "CLIENT"}
BUSINESS = {"business_name": "Copper Pottery LLC", "is_business": True, "type": "PROSPECT"}
CONTACT = {"first_name": "Omar", "last_name": "Weber"}
NOT_TAKEN: list[tuple[str, Json]] = [
    ("client", {"business_name": "B", "is_business": True}),
    ("client", {"is_business": True, "type": "CLIENT"}),
    ("client", BUSINESS | {"first_name": "Ines"}),
    ("client", PERSON | {"business_type": "LLC"}),
    ("client", PERSON | {"colour": "red"}),
    ("client", PERSON | {"updated_at": "2026-01-01T00:00:00"}),
    ("client", PERSON | {"tags": []}),
    ("client", PERSON | {"type": "client"}),
    ("client", PERSON | {"is_business": "no"}),
    ("client", PERSON | {"middle_name": None}),
    ("client", PERSON | {"birthdate": "1980-13-01"}),
    ("client", PERSON | {"emails": [{"type": "WORK"}]}),
    ("client", PERSON | {"emails": [{"email": "nobody"}]}),
    ("client", PERSON | {"emails": [{"email": "a@b.example", "type": "HOME"}]}),
    ("client", PERSON | {"phones": [{"number": "555-0101", "type": "PERSONAL"}]}),
    ("client", PERSON | {"custom_fields": [{"field_id": "NONE", "value": "x"}]}),
    ("client", PERSON | {"custom_fields": [{"field_id": "D7WK", "value": "soon"}]}),
    ("client", PERSON | {"custom_fields": [{"field_id": "DQ4V", "type": "date", "value": "2026-01-01"}]}),
    ("client", PERSON | {"custom_fields": [{"field_id": "DR2M", "dropdown_values": [{"id": "KPTX"}]}]}),
    ("client", PERSON | {"custom_fields": [{"field_id": "DR2M", "value": "Gold"}]}),
    ("client", PERSON | {"custom_fields": [{"field_id": "DR2M", "dropdown_values": [{}]}]}),
    ("client", PERSON | {"linked_clients": [{"id": "CLI-none", "relationship_type": "SPOUSE"}]}),
    ("contact", {"first_name": "Omar"}),
    ("contact", CONTACT | {"external_id": "X-1"}),
    ("contact", CONTACT | {"emails": [{"type": "WORK"}]}),
    ("contact", CONTACT | {"clients": [{"id": 7}]}),
]


def made(pub: httpx.Client, noun: str, body: Json) -> Json:
    response = pub.post(f"/{noun}s", json={noun: body})
    assert response.status_code == 201, response.text
    row: Json = response.json()[noun]
    return row


def changed(pub: httpx.Client, noun: str, row: Json, body: Json) -> Json:
    response = pub.patch(f"/{noun}s/{row['id']}", json={noun: body})
    assert response.status_code == 200, response.text
    found: Json = response.json()[noun]
    return found


def first(pub: httpx.Client, noun: str) -> Json:
    row: Json = pub.get(f"/{noun}s/{pub.get(f'/{noun}s').json()[f'{noun}s'][0]['id']}").json()[noun]
    return row


def except_when(row: Json) -> Json:
    return {name: value for name, value in row.items() if name != "updated_at"}


@pytest.mark.parametrize(
    ("noun", "body", "name"),
    [("client", PERSON, "Ines Dahl"), ("client", BUSINESS, "Copper Pottery LLC"), ("contact", CONTACT, "Omar Weber")],
)
def test_what_is_created_is_read_back_and_listed_last(pub: httpx.Client, noun: str, body: Json, name: str) -> None:
    row = made(pub, noun, body)

    assert pub.get(f"/{noun}s/{row['id']}").json() == {noun: row}
    assert pub.get(f"/{noun}s?limit=500").json()[f"{noun}s"][-1]["name"] == name
    found = pub.get(f"/{noun}s/search", params={"q": name, "query_field": "name"}).json()[f"{noun}s"]
    assert row["id"] in {hit["id"] for hit in found}


def test_repeated_post_makes_a_second_record(canopy_public: SandboxServer, pub: httpx.Client) -> None:
    headers = {"idempotency-key": "k-1"}
    ids = {pub.post("/clients", json={"client": PERSON}, headers=headers).json()["client"]["id"] for _ in range(2)}

    assert len(ids) == 2
    assert canopy_public.stats()["writes"] == 2


@pytest.mark.parametrize("missing", ["first_name", "last_name", "is_business", "type"])
def test_person_without_what_is_required_is_400(pub: httpx.Client, missing: str) -> None:
    body = {name: value for name, value in PERSON.items() if name != missing}

    refused = pub.post("/clients", json={"client": body})

    assert refused.status_code == 400
    assert refused.json()["errors"]["details"] == [f"{missing} is required"]


@pytest.mark.parametrize(("noun", "body"), NOT_TAKEN)
def test_body_the_specification_does_not_have_is_400_and_writes_nothing(
    canopy_public: SandboxServer, pub: httpx.Client, noun: str, body: Json
) -> None:
    refused = pub.post(f"/{noun}s", json={noun: body})

    assert refused.status_code == 400, refused.text
    assert refused.json()["errors"]["details"]
    assert canopy_public.stats()["writes"] == 0


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"client": []}', b'{"first_name": "Ines"}'])
def test_body_without_its_wrapper_is_400(pub: httpx.Client, content: bytes) -> None:
    row = first(pub, "client")

    assert pub.post("/clients", content=content).status_code == 400
    assert pub.patch(f"/clients/{row['id']}", content=content).status_code == 400


def test_patch_changes_only_what_is_named(pub: httpx.Client) -> None:
    for noun, body in (("client", {"notes": "Moved", "external_id": None}), ("contact", {"occupation": "Baker"})):
        row = first(pub, noun)
        after = changed(pub, noun, row, body)
        assert except_when(after) == except_when(row | body)
        assert after["updated_at"] > row["updated_at"]
        assert pub.get(f"/{noun}s", params={"updated_at": row["updated_at"], "limit": 500}).json()[f"{noun}s"]


@pytest.mark.parametrize(
    "body", [{}, {"colour": "red"}, {"first_name": "Ines"}, {"is_business": False}, {"notes": None}, {"tin": 7}]
)
def test_change_of_a_business_that_it_does_not_take_is_400(pub: httpx.Client, body: Json) -> None:
    row = made(pub, "client", BUSINESS)

    assert pub.patch(f"/clients/{row['id']}", json={"client": body}).status_code == 400
    assert pub.get(f"/clients/{row['id']}").json()["client"] == row


def test_display_name_follows_the_names_unless_it_was_given(pub: httpx.Client) -> None:
    follows = made(pub, "client", PERSON | {"middle_name": "B."})
    given = made(pub, "client", PERSON | {"display_name": "The Dahls"})

    assert follows["display_name"] == "Ines B. Dahl"
    assert changed(pub, "client", follows, {"last_name": "Ito"})["display_name"] == "Ines B. Ito"
    assert changed(pub, "client", given, {"last_name": "Ito"})["display_name"] == "The Dahls"


def test_parts_are_kept_as_written_and_the_first_is_primary_if_none_is(pub: httpx.Client) -> None:
    row = made(
        pub,
        "client",
        BUSINESS
        | {
            "emails": [{"email": "a@copper.example"}, {"email": "b@copper.example", "type": "WORK"}],
            "phones": [{"number": "555-0101"}, {"number": "555-0102", "extension": "7", "is_primary": True}],
            "addresses": [{"address_1": "1 Mill Road", "type": "MAILING"}],
            "custom_fields": [{"field_id": "D9PB", "dropdown_values": [{"id": "KPTX"}, {"value": "Payroll"}]}],
        },
    )

    assert [(email["type"], email["is_primary"]) for email in row["emails"]] == [("OTHER", True), ("WORK", False)]
    assert [(phone["extension"], phone["is_primary"]) for phone in row["phones"]] == [(None, False), ("7", True)]
    assert row["addresses"] == [{"address_1": "1 Mill Road", "type": "MAILING", "is_primary": True}]
    assert row["custom_fields"][0]["field_name"] == "Packages"
    assert [one["value"] for one in row["custom_fields"][0]["dropdown_values"]] == ["Tax", "Payroll"]


def test_contact_is_taken_in_either_form_and_answered_in_one(pub: httpx.Client) -> None:
    client = first(pub, "client")
    as_schema = {
        "employer": "Copper Pottery",
        "emails": [{"key": "WORK", "value": "omar@copper.example", "is_primary": True}],
        "phones": [{"key": "MOBILE", "value": "555-0103", "is_primary": True}],
        "addresses": [{"key": "WORK", "value": {"address_1": "1 Mill Road"}, "is_primary": True}],
        "clients": [{"id": client["id"], "relationship_to_client": "Partner"}],
    }
    as_examples = {
        "employer_name": "Copper Pottery",
        "emails": [{"type": "WORK", "email": "omar@copper.example", "is_primary": True}],
        "phones": [{"type": "MOBILE", "number": "555-0103", "extension": None, "is_primary": True}],
        "addresses": [{"type": "WORK", "address_1": "1 Mill Road", "is_primary": True}],
        "clients": [
            {
                "id": client["id"],
                "name": client["display_name"],
                "label": "Partner",
                "relationship_type": "OTHER",
            }
        ],
    }
    sent = as_examples | {"phones": [{"type": "MOBILE", "number": "555-0103", "is_primary": True}]}

    for body in (as_schema, sent):
        row = made(pub, "contact", CONTACT | body)
        assert {name: row[name] for name in as_examples} == as_examples
        assert {name: changed(pub, "contact", row, body)[name] for name in as_examples} == as_examples


def test_change_of_a_contact_ignores_what_it_does_not_know(pub: httpx.Client) -> None:
    row = first(pub, "contact")

    assert except_when(changed(pub, "contact", row, {"colour": "red"})) == except_when(row)


def test_archiving_puts_a_mark_on_and_takes_it_off(pub: httpx.Client) -> None:
    for noun, body in (("client", PERSON), ("contact", CONTACT)):
        row = made(pub, noun, body)
        archived = changed(pub, noun, row, {"is_archived": True})
        assert archived["archived_at"] == archived["updated_at"]
        assert row["id"] in {one["id"] for one in pub.get(f"/{noun}s?limit=500").json()[f"{noun}s"]}
        assert changed(pub, noun, row, {"is_archived": False})["archived_at"] is None


def test_deleted_leaves_the_lists_and_is_read_with_its_mark(pub: httpx.Client) -> None:
    for noun in ("client", "contact"):
        row = first(pub, noun)
        answer = pub.delete(f"/{noun}s/{row['id']}")
        gone = pub.get(f"/{noun}s/{row['id']}").json()[noun]

        assert (answer.status_code, answer.content) == (204, b"")
        assert gone["deleted_at"] == gone["updated_at"] > row["updated_at"]
        assert gone.get("is_deleted", True) is True
        assert row["id"] not in {one["id"] for one in pub.get(f"/{noun}s?limit=500").json()[f"{noun}s"]}
        assert pub.patch(f"/{noun}s/{row['id']}", json={noun: {"tin": "000"}}).status_code == 404
        assert pub.delete(f"/{noun}s/{row['id']}").status_code == 404
    contact = first(pub, "contact")
    assert contact["clients"][0]["name"]


def test_reset_brings_the_seed_back(canopy_public: SandboxServer, pub: httpx.Client) -> None:
    row = first(pub, "client")
    created = made(pub, "client", PERSON)
    pub.delete(f"/clients/{row['id']}")

    canopy_public.reset()

    assert pub.get(f"/clients/{row['id']}").json()["client"] == row
    assert pub.get(f"/clients/{created['id']}").status_code == 404


def test_lost_answer_leaves_the_write_done(canopy_public: SandboxServer, pub: httpx.Client) -> None:
    canopy_public.fault("lost_answer")

    with pytest.raises(httpx.TransportError):
        pub.post("/clients", json={"client": PERSON})

    assert pub.get("/clients?limit=500").json()["clients"][-1]["name"] == "Ines Dahl"
