"""Canopy's assumed contract, over HTTP."""

import hashlib
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from service.sandbox.serve import SandboxServer

Json = dict[str, Any]


def every(client: httpx.Client, entity: str, size: int = 200, **wished: object) -> list[Json]:
    rows: list[Json] = []
    cursor: str | None = None
    while True:
        page = search(client, entity, size, cursor, **wished)
        rows += page[entity]
        cursor = page["next_cursor"]
        if cursor is None:
            return rows


def search(client: httpx.Client, entity: str, size: int = 200, cursor: str | None = None, **wished: object) -> Json:
    response = client.post(f"/{entity}/search", json={"filter": wished, "page": {"size": size, "cursor": cursor}})
    assert response.status_code == 200, response.text
    page: Json = response.json()
    return page


def code_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


@pytest.mark.parametrize("entity", ["clients", "contacts", "invoices", "payments", "credits", "tasks"])
def test_paging_in_threes_gives_each_row_once(cny: httpx.Client, entity: str) -> None:
    ids = [next(iter(row.values())) for row in every(cny, entity, size=3)]

    assert len(ids) > 20
    assert len(set(ids)) == len(ids)
    assert ids == [next(iter(row.values())) for row in every(cny, entity)]


def test_page_that_is_exactly_full_ends_the_list(cny: httpx.Client) -> None:
    page = search(cny, "clients", size=200)

    assert len(page["clients"]) == 200
    assert page["next_cursor"] is None


def test_row_by_id_equals_row_in_list(cny: httpx.Client) -> None:
    for entity in ("clients", "contacts", "invoices", "payments", "credits", "tasks"):
        row = search(cny, entity, size=1)[entity][0]
        assert cny.get(f"/{entity}/{next(iter(row.values()))}").json() == row


def test_status_filter_leaves_exactly_the_wanted(cny: httpx.Client) -> None:
    wanted = every(cny, "clients", size=7, status=["Prospect", "Archived"])

    assert {row["status"] for row in wanted} == {"Prospect", "Archived"}
    assert len(wanted) == sum(row["status"] in {"Prospect", "Archived"} for row in every(cny, "clients"))


@pytest.mark.parametrize("entity", ["invoices", "tasks"])
def test_status_filter_agrees_with_the_rows(cny: httpx.Client, entity: str) -> None:
    rows = every(cny, entity)
    for status in {row["status"] for row in rows}:
        assert every(cny, entity, status=[status]) == [row for row in rows if row["status"] == status]


def test_updated_since_finds_a_change_and_nothing_older(cny: httpx.Client) -> None:
    row = search(cny, "clients", size=1)["clients"][0]
    changed = cny.patch(f"/clients/{row['client_id']}", json={"tags": ["changed"]}).json()

    assert every(cny, "clients", updated_since=changed["updated_at"]) == [changed]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"filter": {"colour": "red"}}, "filter.colour"),
        ({"filter": {"status": ["Sleeping"]}}, "filter.status"),
        ({"filter": {"updated_since": "yesterday"}}, "filter.updated_since"),
        ({"filter": {"updated_since": "2026-03-01T00:00:00"}}, "filter.updated_since"),
        ({"page": {"size": 0}}, "page.size"),
        ({"page": {"size": 201}}, "page.size"),
        ({"sort": "name"}, "sort"),
    ],
)
def test_search_refuses_what_it_does_not_know(cny: httpx.Client, body: Json, field: str) -> None:
    response = cny.post("/clients/search", json=body)

    assert code_of(response) == (422, "validation_failed")
    assert [detail["field"] for detail in response.json()["error"]["details"]] == [field]


def test_cursor_that_was_changed_or_belongs_to_another_search_is_refused(cny: httpx.Client) -> None:
    cursor = search(cny, "clients", size=2)["next_cursor"]

    for entity, wished, sent in (("clients", {}, "x" + cursor), ("contacts", {}, cursor),
                                 ("clients", {"status": ["Active"]}, cursor)):  # fmt: skip
        response = cny.post(f"/{entity}/search", json={"filter": wished, "page": {"cursor": sent}})
        assert code_of(response)[0] == 400


def test_unknown_things_are_not_found(cny: httpx.Client) -> None:
    for path in ("/clients/cny_zz", "/clients/cny_1ffff", "/clients/inv_4000", "/invoices/inv_", "/letters/l_1"):
        assert code_of(cny.get(path)) == (404, "not_found")


def test_token_without_scope_is_forbidden(canopy: SandboxServer) -> None:
    grant = canopy.grant(scopes=["clients:read"])
    headers = {"authorization": f"Bearer {grant.access_token}"}

    response = httpx.post(f"{canopy.url}/practice/v1/invoices/search", json={}, headers=headers)
    assert code_of(response) == (403, "forbidden_scope")
    response = httpx.post(f"{canopy.url}/practice/v1/clients", json={}, headers=headers)
    assert code_of(response) == (403, "forbidden_scope")


def test_call_without_token_is_unauthorized(canopy: SandboxServer) -> None:
    assert code_of(httpx.get(f"{canopy.url}/practice/v1/me/sessions")) == (401, "unauthorized")


def test_sessions_show_the_second_factor(cny: httpx.Client) -> None:
    assert cny.get("/me/sessions").json()["mfa_level"] == "phishing_resistant"


def test_created_client_is_read_back_and_listed(cny: httpx.Client) -> None:
    created = cny.post("/clients", json={"display_name": "Tern & Co", "filing_type": "Business"})

    assert created.status_code == 201
    row = created.json()
    assert cny.get(f"/clients/{row['client_id']}").json() == row
    assert every(cny, "clients", size=50)[-1] == row


@pytest.mark.parametrize(
    ("entity", "body", "field"),
    [
        ("clients", {"filing_type": "Business"}, "display_name"),
        ("clients", {"display_name": "A", "filing_type": "Club"}, "filing_type"),
        ("clients", {"display_name": "A", "filing_type": "Business", "shoe_size": 4}, "body"),
        ("invoices", {"client_id": "cny_10000", "lines": []}, "lines"),
        ("tasks", {"kind": "task"}, "name"),
    ],
)
def test_bad_new_rows_name_the_field(cny: httpx.Client, entity: str, body: Json, field: str) -> None:
    response = cny.post(f"/{entity}", json=body)

    assert code_of(response) == (422, "validation_failed")
    assert response.json()["error"]["details"][0]["field"] == field


def test_filing_type_cannot_change(cny: httpx.Client) -> None:
    row = search(cny, "clients", size=1)["clients"][0]

    assert code_of(cny.patch(f"/clients/{row['client_id']}", json={"filing_type": "Individual"})) == (
        409,
        "type_immutable",
    )


def test_paid_invoice_is_locked(cny: httpx.Client) -> None:
    paid = every(cny, "invoices", status=["paid"])[0]

    assert code_of(cny.patch(f"/invoices/{paid['invoice_id']}", json={"terms": "Net 60"})) == (409, "invoice_locked")


def test_new_invoice_adds_up_and_a_payment_pays_it(cny: httpx.Client) -> None:
    line = {"description": "Advice", "quantity": 1.5, "rate_cents": 10_001, "wuwd_cents": -1}
    invoice = cny.post("/invoices", json={"client_id": "cny_10000", "lines": [line]}).json()
    assert (invoice["total_cents"], invoice["status"]) == (15_001, "unpaid")

    cover = {"invoice_id": invoice["invoice_id"], "amount_cents": 15_001}
    body = {"client_id": "cny_10000", "method": "check", "amount_cents": 20_000, "allocations": [cover]}
    payment = cny.post("/payments", json=body).json()

    assert payment["unapplied_cents"] == 4_999
    paid = cny.get(f"/invoices/{invoice['invoice_id']}").json()
    assert (paid["status"], paid["balance_cents"]) == ("paid", 0)


def test_payment_beyond_the_balance_changes_nothing(cny: httpx.Client) -> None:
    unpaid = every(cny, "invoices", status=["unpaid"])[0]
    too_much = {"invoice_id": unpaid["invoice_id"], "amount_cents": unpaid["balance_cents"] + 1}
    body = {"client_id": unpaid["client_id"], "method": "ach", "amount_cents": 10**9, "allocations": [too_much]}

    assert code_of(cny.post("/payments", json=body)) == (422, "validation_failed")
    assert cny.get(f"/invoices/{unpaid['invoice_id']}").json() == unpaid


def test_parent_completes_with_its_last_subtask(cny: httpx.Client) -> None:
    parent = cny.post("/tasks", json={"name": "Return"}).json()
    first, last = (
        cny.post("/tasks", json={"name": name, "kind": "subtask", "parent_id": parent["task_id"]}).json()
        for name in ("Collect", "File")
    )

    cny.patch(f"/tasks/{first['task_id']}", json={"status": "Completed"})
    assert cny.get(f"/tasks/{parent['task_id']}").json()["status"] == "Ready"
    cny.patch(f"/tasks/{last['task_id']}", json={"status": "Completed"})
    assert cny.get(f"/tasks/{parent['task_id']}").json()["status"] == "Completed"


def test_seeded_parents_are_completed_exactly_when_their_children_are(cny: httpx.Client) -> None:
    rows = every(cny, "tasks")
    parents = {row["parent_id"] for row in rows} - {None}

    assert parents
    for parent in (row for row in rows if row["task_id"] in parents):
        children = [row["status"] for row in rows if row["parent_id"] == parent["task_id"]]
        assert (parent["status"] == "Completed") == (set(children) == {"Completed"})


def test_idempotency_key_writes_once_and_refuses_another_body(canopy: SandboxServer, cny: httpx.Client) -> None:
    body = {"display_name": "Once Only LLC", "filing_type": "Business"}
    headers = {"idempotency-key": "8f2c1c6b"}
    first = cny.post("/clients", json=body, headers=headers)

    assert cny.post("/clients", json=body, headers=headers).json() == first.json()
    assert canopy.stats()["writes"] == 1
    other = cny.post("/clients", json={**body, "display_name": "Other"}, headers=headers)
    assert code_of(other) == (409, "idempotency_conflict")


def test_121st_call_in_a_minute_is_limited(canopy: SandboxServer) -> None:
    headers = {"authorization": f"Bearer {canopy.grant().access_token}"}
    with httpx.Client(base_url=canopy.url, headers=headers) as client:
        answers = [client.get("/practice/v1/me/sessions") for _ in range(121)]

    assert [answer.status_code for answer in answers].count(200) == 120
    assert answers[0].headers["x-ratelimit-remaining"] == "119"
    assert code_of(answers[120]) == (429, "rate_limited")
    assert 0 < int(answers[120].headers["retry-after"]) <= 60
    assert canopy.stats()["throttled"] == 1


def test_refresh_rotates_and_the_old_token_is_worth_nothing(canopy: SandboxServer) -> None:
    grant = canopy.grant()
    form = {"grant_type": "refresh_token", "client_id": grant.client_id, "client_secret": grant.client_secret}
    fresh = httpx.post(grant.token_url, data={**form, "refresh_token": grant.refresh_token})

    assert fresh.json()["expires_in"] == 3600
    again = httpx.post(grant.token_url, data={**form, "refresh_token": grant.refresh_token})
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})
    once_more = httpx.post(grant.token_url, data={**form, "refresh_token": fresh.json()["refresh_token"]})
    assert once_more.status_code == 200
    assert canopy.stats()["token_refreshes"] == 2


def test_access_token_ends_after_its_life(canopy: SandboxServer) -> None:
    grant = canopy.grant(access_s=0)

    response = httpx.get(
        f"{canopy.url}/practice/v1/me/sessions", headers={"authorization": f"Bearer {grant.access_token}"}
    )
    assert code_of(response) == (401, "unauthorized")


@pytest.mark.parametrize(("verifier", "status"), [("v" * 43, 200), ("w" * 43, 400)])
def test_code_needs_the_pkce_verifier_of_its_challenge(canopy: SandboxServer, verifier: str, status: int) -> None:
    grant = canopy.grant()
    challenge = urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).rstrip(b"=").decode()
    back = "https://app.example/back"
    asked = {"response_type": "code", "client_id": grant.client_id, "redirect_uri": back, "state": "s1",
             "scope": "clients:read", "code_challenge": challenge, "code_challenge_method": "S256"}  # fmt: skip
    location = httpx.get(grant.authorize_url, params=asked).headers["location"]
    answer = parse_qs(urlsplit(location).query)
    assert answer["state"] == ["s1"]

    form = {"grant_type": "authorization_code", "client_id": grant.client_id, "code": answer["code"][0],
            "redirect_uri": back, "code_verifier": verifier}  # fmt: skip
    assert httpx.post(grant.token_url, data=form).status_code == status
    assert httpx.post(grant.token_url, data=form).status_code == 400
