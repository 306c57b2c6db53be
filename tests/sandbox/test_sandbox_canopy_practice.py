"""Canopy's files, engagements, questionnaires, time and staff."""

from typing import Any

import httpx
import pytest

from service.sandbox.canopy.hours import shared
from service.sandbox.serve import SandboxServer

Json = dict[str, Any]
SCOPES = ["clients:read", "documents:read", "engagements:read", "time:read", "time:write", "tasks:*",
          "billing:read", "billing:write"]  # fmt: skip


@pytest.fixture
def cny(canopy: SandboxServer) -> httpx.Client:
    canopy.limits(per_minute=None)
    headers = {"authorization": f"Bearer {canopy.grant(scopes=SCOPES).access_token}"}
    return httpx.Client(base_url=f"{canopy.url}/practice/v1", headers=headers, timeout=5)


def rows(cny: httpx.Client, entity: str, **wanted: Any) -> list[Json]:
    found: list[Json] = []
    cursor = None
    while True:
        body = {"filter": wanted, "page": {"size": 200, "cursor": cursor}}
        page = cny.post(f"/{entity}/search", json=body).json()
        found += page[entity]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def entry(cny: httpx.Client, client_id: str, cents: int) -> str:
    """An hour of time that comes to so many cents."""
    body = {"user_id": "usr_9931", "client_id": client_id, "date": "2026-11-02", "minutes": 60, "rate_cents": cents}
    return str(cny.post("/time_entries", json=body).json()["entry_id"])


def amounts(cny: httpx.Client, *entry_ids: str) -> list[tuple[int, int, str]]:
    found = [cny.get(f"/time_entries/{entry_id}").json() for entry_id in entry_ids]
    return [(row["amount_cents"], row["wuwd_cents"], row["state"]) for row in found]


def test_a_write_up_is_shared_over_the_time_of_its_line(cny: httpx.Client) -> None:
    client_id = rows(cny, "clients", status=["Active"])[0]["client_id"]
    two, three = entry(cny, client_id, 20000), entry(cny, client_id, 30000)
    line = {"description": "Advice", "time_entry_ids": [two, three], "wuwd_cents": 10000}
    invoice = cny.post("/invoices", json={"client_id": client_id, "lines": [line]}).json()

    assert invoice["total_cents"] == 60000
    assert amounts(cny, two, three) == [(24000, 4000, "billed"), (36000, 6000, "billed")]
    locked = cny.patch(f"/time_entries/{two}", json={"minutes": 30})
    assert (locked.status_code, locked.json()["error"]["code"]) == (409, "invoice_locked")

    plain = {"description": "Advice", "quantity": 1, "rate_cents": 500}
    cny.patch(f"/invoices/{invoice['invoice_id']}", json={"lines": [plain]})
    assert amounts(cny, two, three) == [(20000, 0, "saved"), (30000, 0, "saved")]


def test_time_is_billed_once_and_to_its_own_client(cny: httpx.Client) -> None:
    clients = rows(cny, "clients", status=["Active"])
    mine, other = clients[0]["client_id"], clients[1]["client_id"]
    hour = entry(cny, mine, 20000)
    line = {"description": "Advice", "time_entry_ids": [hour]}

    assert cny.post("/invoices", json={"client_id": other, "lines": [line]}).status_code == 422
    assert cny.post("/invoices", json={"client_id": mine, "lines": [line]}).status_code == 201
    assert cny.post("/invoices", json={"client_id": mine, "lines": [line]}).status_code == 422


@pytest.mark.parametrize(("amount", "over"), [(100, [1, 1, 1]), (-100, [1, 1, 1]), (7, [0, 0]), (1, [3, 5, 9])])
def test_shares_come_to_exactly_what_is_shared(amount: int, over: list[int]) -> None:
    assert sum(shared(amount, over)) == amount


def test_billed_time_and_the_line_it_stands_on_agree(cny: httpx.Client) -> None:
    billed = {row["entry_id"]: row for row in rows(cny, "time_entries") if row["state"] == "billed"}
    lines = [(i["invoice_id"], line) for i in rows(cny, "invoices") for line in i["lines"] if line["time_entry_ids"]]

    assert len(billed) == len(lines) > 10
    for invoice_id, line in lines:
        row = billed[line["time_entry_ids"][0]]
        assert (row["invoice_id"], row["amount_cents"]) == (invoice_id, line["amount_cents"])


def test_what_hangs_on_a_client_leads_to_rows_that_exist(cny: httpx.Client) -> None:
    clients = {row["client_id"] for row in rows(cny, "clients")}
    folders = {row["folder_id"]: row for row in rows(cny, "folders")}
    documents = rows(cny, "documents")

    for entity in ("documents", "folders", "engagements", "questionnaires", "time_entries"):
        assert {row["client_id"] for row in rows(cny, entity)} <= clients
    assert {row["parent_id"] for row in folders.values()} - {None} <= set(folders)
    filed = [row for row in documents if row["folder_id"]]
    assert len(filed) < len(documents), "some still lie in the inbox"
    assert all(folders[row["folder_id"]]["client_id"] == row["client_id"] for row in filed)
    counted: dict[str, int] = {}
    for row in filed:
        counted[row["folder_id"]] = counted.get(row["folder_id"], 0) + 1
    assert all(row["file_count"] == counted.get(folder_id, 0) for folder_id, row in folders.items())


def test_files_have_versions_and_a_history_of_their_own(cny: httpx.Client) -> None:
    file = next(row for row in rows(cny, "documents") if row["version"] == 3)
    history = cny.get(f"/documents/{file['file_id']}/history").json()["history"]

    assert [version["version"] for version in file["versions"]] == [1, 2, 3]
    assert (file["sha256"], file["size"]) == (file["versions"][-1]["sha256"], file["versions"][-1]["size"])
    assert [event["action"] for event in history] == ["added", "replaced", "replaced", "viewed"]
    assert cny.get("/documents/fil_0/history").status_code == 404


def test_staff_show_how_they_sign_in(cny: httpx.Client) -> None:
    staff = rows(cny, "users")

    assert [row["user_id"] for row in staff] == ["usr_9931", "usr_9932", "usr_9933", "usr_9934"]
    assert {row["mfa_level"] for row in staff} == {"phishing_resistant", "otp", "none"}
    assert cny.post("/users", json={"name": "x"}).status_code == 403
