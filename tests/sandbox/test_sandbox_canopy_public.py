"""Canopy's public API as it is read: OAuth, lists, searches, one record, custom fields, refusals."""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from service.sandbox.serve import SandboxServer, running

Json = dict[str, Any]

OF_BOTH = {
    "addresses", "archived_at", "client_connections", "client_since", "client_sources", "contacts", "created_at",
    "custom_fields", "deleted_at", "display_name", "emails", "external_id", "filing_status", "id", "is_active",
    "is_archived", "is_business", "is_deleted", "notes", "phones", "primary_contact", "tags", "tin", "type",
    "updated_at",
}  # fmt: skip
OF_BUSINESSES = {"business_name", "business_type", "date_established", "industry"}
OF_CONTACTS = {
    "addresses", "archived_at", "birthdate", "clients", "created_at", "deleted_at", "emails", "employer_name",
    "first_name", "id", "is_archived", "last_name", "middle_name", "occupation", "phones", "tin", "updated_at",
}  # fmt: skip


def every(client: httpx.Client, path: str, noun: str, **query: str | int) -> list[Json]:
    rows: list[Json] = []
    while True:
        page: Json = client.get(path, params=query).raise_for_status().json()
        assert set(page) == {noun, "next_cursor"}
        rows += page[noun]
        if page["next_cursor"] is None:
            return rows
        query = query | {"next_cursor": page["next_cursor"]}


def refused(response: httpx.Response) -> int:
    errors = response.json()["errors"]
    assert set(errors) == {"code", "message", "userMessage", "httpStatusCode", "details"}
    assert errors["httpStatusCode"] == response.status_code
    assert isinstance(errors["code"], int)
    assert all(isinstance(detail, str) for detail in errors["details"])
    return response.status_code


@pytest.mark.parametrize(("noun", "size"), [("clients", 60), ("contacts", 81)])
def test_pages_of_any_size_give_every_row_once(pub: httpx.Client, noun: str, size: int) -> None:
    rows = every(pub, f"/{noun}", noun, limit=7)

    assert len({row["id"] for row in rows}) == len(rows)
    assert rows == every(pub, f"/{noun}", noun) == every(pub, f"/{noun}", noun, limit=len(rows))
    assert len(rows) == size


def test_lists_have_five_properties_of_clients_and_say_who_contacts_are(pub: httpx.Client) -> None:
    clients, contacts = every(pub, "/clients", "clients"), every(pub, "/contacts", "contacts")

    assert {frozenset(row) for row in clients} == {
        frozenset({"external_id", "id", "is_business", "name", "type"}),
        frozenset({"id", "is_business", "name", "type"}),
    }
    assert {row["type"] for row in clients} == {"CLIENT", "PROSPECT", "OTHER"}
    assert {frozenset(row) for row in contacts} == {frozenset({"id", "first_name", "last_name", "name", "type"})}


def test_one_hundred_rows_are_a_page_unless_said() -> None:
    with running("canopy_public", clients=100_000) as server:
        headers = {"authorization": f"Bearer {server.grant().access_token}"}
        page = httpx.get(f"{server.url}/public/v3/clients", headers=headers).json()

    assert len(page["clients"]) == 100
    assert page["next_cursor"]


def test_updated_at_leaves_only_what_was_updated_after_it(pub: httpx.Client) -> None:
    rows = [pub.get(f"/clients/{row['id']}").json()["client"] for row in every(pub, "/clients", "clients")]
    instants = sorted(row["updated_at"] for row in rows)
    middle = instants[30]

    for asked in (middle, f"{middle}Z"):
        found = every(pub, "/clients", "clients", limit=4, updated_at=asked)
        assert {row["id"] for row in found} == {row["id"] for row in rows if row["updated_at"] > middle}
    assert every(pub, "/clients", "clients", updated_at=instants[-1]) == []


def test_client_is_as_the_examples_have_it(pub: httpx.Client) -> None:
    clients = [pub.get(f"/clients/{row['id']}").json()["client"] for row in every(pub, "/clients", "clients")]

    for client in clients:
        assert set(client) == OF_BOTH | (OF_BUSINESSES if client["is_business"] else set())
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", client["updated_at"])
        assert client["is_archived"] is (client["archived_at"] is not None)
        assert [part["is_primary"] for part in client["phones"]] == [True]
    assert {client["is_archived"] for client in clients} == {True, False}
    assert {field["type"] for client in clients for field in client["custom_fields"]} == {
        "text", "date", "dropdown", "multiselect"
    }  # fmt: skip


def test_contact_is_as_the_examples_have_it(pub: httpx.Client) -> None:
    contacts = [pub.get(f"/contacts/{row['id']}").json()["contact"] for row in every(pub, "/contacts", "contacts")]
    names = {row["id"]: row["name"] for row in every(pub, "/clients", "clients")}

    for contact in contacts:
        assert set(contact) == OF_CONTACTS
        assert contact["created_at"].endswith("Z")
        assert all(set(email) == {"email", "is_primary", "type"} for email in contact["emails"])
        assert all(set(phone) == {"number", "extension", "is_primary", "type"} for phone in contact["phones"])
        assert [names[link["id"]] for link in contact["clients"]] == [link["name"] for link in contact["clients"]]


@pytest.mark.parametrize(
    ("noun", "field", "extra"),
    [
        ("clients", "name", set[str]()),
        ("clients", "email", {"email"}),
        ("clients", "phone", {"phone"}),
        ("contacts", "name", set[str]()),
        ("contacts", "email", {"primary_email"}),
        ("contacts", "phone", {"primary_phone"}),
    ],
)
def test_search_finds_a_record_by_its_field_and_shows_it(
    pub: httpx.Client, noun: str, field: str, extra: set[str]
) -> None:
    named = {"name"} if noun == "clients" else {"first_name", "last_name"}
    row = every(pub, f"/{noun}", noun)[4]
    record = pub.get(f"/{noun}/{row['id']}").json()[noun.removesuffix("s")]
    wanted = {"name": row["name"], "email": record["emails"][0]["email"], "phone": record["phones"][0]["number"]}[field]

    found = every(pub, f"/{noun}/search", noun, q=wanted.upper(), query_field=field, limit=1)

    assert row["id"] in {hit["id"] for hit in found}
    assert {frozenset(hit) for hit in found} == {frozenset({"id"} | named | extra)}
    assert len(found) < 10
    assert every(pub, f"/{noun}/search", noun, q="qqqqq0000000", query_field=field) == []


@pytest.mark.parametrize(
    "path",
    [
        "/clients?limit=0",
        "/clients?limit=1001",
        "/clients?limit=many",
        "/clients?next_cursor=made-up",
        "/contacts?updated_at=yesterday",
        "/clients/search?q=ann",
        "/clients/search?query_field=name",
        "/clients/search?q=&query_field=name",
        "/contacts/search?q=ann&query_field=tin",
        "/contacts/search?q=ann&query_field=phone",
    ],
)
def test_query_it_does_not_take_is_400(pub: httpx.Client, path: str) -> None:
    assert refused(pub.get(path)) == 400


def test_cursor_of_another_question_is_400(pub: httpx.Client) -> None:
    cursor = pub.get("/clients?limit=2").json()["next_cursor"]

    for path in ("/contacts?", "/clients?updated_at=2020-01-01&", "/clients/search?q=a&query_field=name&"):
        assert refused(pub.get(f"{path}next_cursor={cursor}")) == 400


def test_what_is_not_there_is_404(pub: httpx.Client) -> None:
    client = every(pub, "/clients", "clients")[0]["id"]

    for path in (f"/contacts/{client}", f"/clients/{client.upper()}", "/clients/1", "/clients/x-é", "/letters"):
        assert refused(pub.get(path)) == 404


def test_every_type_of_custom_field_is_told_with_its_values(pub: httpx.Client) -> None:
    fields = {field["type"]: field for field in pub.get("/custom_fields").json()["custom_fields"]}

    assert set(fields) == {"text", "date", "dropdown", "multiselect"}
    assert "dropdown_values" not in fields["text"]
    assert [value["value"] for value in fields["dropdown"]["dropdown_values"]] == ["Gold", "Silver", "Bronze"]


def test_no_token_is_401_and_a_scope_that_lacks_403(canopy_public: SandboxServer) -> None:
    url = f"{canopy_public.url}/public/v3"
    headers = {"authorization": f"Bearer {canopy_public.grant(scopes=['contacts:read']).access_token}"}

    assert refused(httpx.get(f"{url}/clients")) == 401
    assert refused(httpx.get(f"{url}/clients", headers={"authorization": "Bearer made-up"})) == 401
    assert httpx.get(f"{url}/contacts", headers=headers).status_code == 200
    assert refused(httpx.get(f"{url}/clients", headers=headers)) == 403
    assert refused(httpx.get(f"{url}/custom_fields", headers=headers)) == 403
    assert refused(httpx.post(f"{url}/contacts", headers=headers, json={})) == 403


def test_consent_ends_in_tokens_and_a_refresh_token_is_good_once(canopy_public: SandboxServer) -> None:
    grant = canopy_public.grant()
    app = {"client_id": grant.client_id, "client_secret": grant.client_secret}
    asked = {"response_type": "code", "client_id": grant.client_id, "redirect_uri": "https://app.example/back",
             "scope": "clients:read", "state": "s1"}  # fmt: skip
    answer = parse_qs(urlsplit(httpx.get(grant.authorize_url, params=asked).headers["location"]).query)
    code = {"grant_type": "authorization_code", "code": answer["code"][0], "redirect_uri": asked["redirect_uri"]}

    def token(form: Mapping[str, str]) -> httpx.Response:
        return httpx.post(f"{canopy_public.url}/public/v3/token", data={**app, **form})

    first = token(code).json()
    renewal = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = token(renewal).json()

    assert (first["expires_in"], first["scope"], answer["state"]) == (3600, "clients:read", ["s1"])
    assert second["refresh_token"] != first["refresh_token"]
    assert token(renewal).json() == {"error": "invalid_grant"}
    assert httpx.get(grant.authorize_url, params=asked | {"scope": "taxes:read"}).status_code == 400


def test_limit_is_120_a_minute_and_says_when_to_come_back(canopy_public: SandboxServer) -> None:
    headers = {"authorization": f"Bearer {canopy_public.grant().access_token}"}
    assert canopy_public.limits()["per_minute"] == 120
    canopy_public.limits(per_minute=1)

    answers = [httpx.get(f"{canopy_public.url}/public/v3/custom_fields", headers=headers) for _ in range(2)]

    assert refused(answers[1]) == 429
    assert 1 <= int(answers[1].headers["retry-after"]) <= 60


def test_page_faults_spoil_pages_and_lose_no_row(canopy_public: SandboxServer, pub: httpx.Client) -> None:
    whole = every(pub, "/clients", "clients", limit=20)

    canopy_public.fault("empty_middle_page", after=1)
    assert every(pub, "/clients", "clients", limit=20) == whole
    canopy_public.fault("duplicate_page", after=1)
    twice = every(pub, "/clients", "clients", limit=20)
    assert (twice[:20], twice[20:40]) == (whole[:20], whole[:20])
    canopy_public.fault("repeated_cursor", after=1, count=2)
    cursors = [None]
    for _ in range(3):
        asked = {"limit": "20"} | ({"next_cursor": cursors[-1]} if cursors[-1] else {})
        cursors.append(pub.get("/clients", params=asked).json()["next_cursor"])
    assert [one == other for one, other in pairwise(cursors[1:])] == [True, True]


def test_fields_of_lists_and_of_one_record_can_be_spoiled(canopy_public: SandboxServer, pub: httpx.Client) -> None:
    row = every(pub, "/clients", "clients")[0]

    canopy_public.fault("drift", field="name", to="title")
    assert "title" in pub.get("/clients").json()["clients"][0]
    canopy_public.fault("unknown_enum", field="type", value="FRIEND")
    assert pub.get(f"/clients/{row['id']}").json()["client"]["type"] == "FRIEND"
    canopy_public.fault("fault_in_200")
    assert pub.get("/clients").json()["errors"]["httpStatusCode"] == 500
