"""The firm's books: lazy, the same every time, and the same at both vendors."""

import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest

from service.sandbox import names
from service.sandbox.books import MAX_CLIENTS, Books
from service.sandbox.canopy.vendor import Canopy
from service.sandbox.dice import Layout
from service.sandbox.quickbooks.vendor import QuickBooks
from service.sandbox.serve import running

Json = dict[str, Any]


def canopy_rows(cny: httpx.Client, entity: str) -> list[Json]:
    rows: list[Json] = []
    cursor: str | None = None
    while True:
        page = cny.post(f"/{entity}/search", json={"page": {"size": 200, "cursor": cursor}}).json()
        rows += page[entity]
        cursor = page["next_cursor"]
        if cursor is None:
            return rows


def quickbooks_rows(qbo: httpx.Client, entity: str, where: str = "") -> list[Json]:
    response = qbo.get("/query", params={"query": f"SELECT * FROM {entity} {where} MAXRESULTS 1000"})
    rows: list[Json] = response.json()["QueryResponse"][entity]
    return rows


def is_gone_within(seconds: float, url: str) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{url}/_sandbox/stats")
        except httpx.TransportError:
            return True
    return False


def cents(amount: float) -> int:
    return int(Decimal(str(amount)) * 100)


def test_both_vendors_know_the_same_clients(cny: httpx.Client, qbo: httpx.Client) -> None:
    def seen(name: str, email: str | None, active: bool) -> tuple[str, str | None, bool]:
        return name, email, active

    at_canopy = [
        seen(row["display_name"], row["emails"][0]["value"] if row["emails"] else None, row["status"] != "Archived")
        for row in canopy_rows(cny, "clients")
    ]
    at_quickbooks = [
        seen(row["DisplayName"], row.get("PrimaryEmailAddr", {}).get("Address"), row["Active"])
        for row in quickbooks_rows(qbo, "Customer", "WHERE Active IN (true, false)")
    ]

    assert at_canopy == at_quickbooks


def test_synced_invoices_agree_to_the_cent(cny: httpx.Client, qbo: httpx.Client) -> None:
    by_number = {row["DocNumber"]: row for row in quickbooks_rows(qbo, "Invoice")}
    synced = [row for row in canopy_rows(cny, "invoices") if row["qbo_sync"]["sync_status"] == "OK"]

    assert len(synced) > 100
    for row in (row for row in synced if row["status"] != "archived"):
        twin = by_number[row["qbo_sync"]["document_number"]]
        assert (row["total_cents"], row["balance_cents"]) == (cents(twin["TotalAmt"]), cents(twin["Balance"]))
        assert (row["issue_date"], row["due_date"]) == (twin["TxnDate"], twin["DueDate"])
        assert row["currency"] == twin["CurrencyRef"]["value"]


def test_unsynced_invoices_are_at_one_vendor_alone(cny: httpx.Client, qbo: httpx.Client) -> None:
    at_canopy = {row["number"]: row for row in canopy_rows(cny, "invoices")}
    at_quickbooks = {row["DocNumber"]: row for row in quickbooks_rows(qbo, "Invoice")}

    unsynced = [row for row in at_canopy.values() if row["qbo_sync"]["sync_status"] != "OK"]
    assert {row["status"] for row in unsynced} >= {"draft", "scheduled"}
    assert not {row["number"] for row in unsynced} & set(at_quickbooks)
    only_there = set(at_quickbooks) - set(at_canopy)
    assert {at_quickbooks[number]["CurrencyRef"]["value"] for number in only_there} == {"JPY"}


def test_payments_at_canopy_explain_what_is_paid(cny: httpx.Client) -> None:
    paid: dict[str, int] = {}
    for entity, covers in (("payments", "allocations"), ("credits", "applications")):
        for row in canopy_rows(cny, entity):
            for cover in row[covers]:
                paid[cover["invoice_id"]] = paid.get(cover["invoice_id"], 0) + cover["amount_cents"]

    for row in canopy_rows(cny, "invoices"):
        assert row["paid_cents"] == paid.get(row["invoice_id"], 0)
        assert row["total_cents"] == sum(line["amount_cents"] for line in row["lines"])
        assert row["balance_cents"] == row["total_cents"] - row["paid_cents"] >= 0


def test_everything_invented_is_marked_as_such(cny: httpx.Client) -> None:
    for entity in ("clients", "contacts"):
        for row in canopy_rows(cny, entity):
            assert all(email["value"].endswith(".example") and email["value"].isascii() for email in row["emails"])
            assert all(") 555-01" in phone["value"] for phone in row["phones"])


def test_same_seed_is_the_same_firm_and_another_seed_another() -> None:
    def first_names(seed: int) -> list[str]:
        return [Books(seed, 40).client(number).name for number in range(40)]

    assert first_names(7) == first_names(7)
    assert not set(first_names(7)) & set(first_names(8))


def test_books_do_not_depend_on_how_many_clients_there_are() -> None:
    small, large = Books(7, 200), Books(7, 100_000)

    assert [small.ledger(number) for number in range(200)] == [large.ledger(number) for number in range(200)]
    assert small.document_number(199, 1) == large.document_number(199, 1)


def test_100_000_clients_have_100_000_names() -> None:
    books = Books(7, MAX_CLIENTS)

    assert len({books.name(number).casefold() for number in range(MAX_CLIENTS)}) == MAX_CLIENTS
    assert names.CAPACITY >= MAX_CLIENTS


@pytest.mark.parametrize("clients", [0, MAX_CLIENTS + 1])
def test_books_of_no_size_are_refused(clients: int) -> None:
    with pytest.raises(ValueError, match="clients"):
        Books(7, clients)


def test_layout_finds_every_row_and_back() -> None:
    layout = Layout((2, 0, 3, 1), clients=11)
    found = [layout.locate(row) for row in range(layout.size)]

    assert layout.size == 2 * 6 + 5
    assert found == [(client, at) for client in range(11) for at in range(len(layout.rows_of(client)))]
    assert [row for client in range(11) for row in layout.rows_of(client)] == list(range(layout.size))


@pytest.mark.parametrize("vendor", [Canopy, QuickBooks])
def test_100_000_clients_take_no_time_to_open(vendor: type[Canopy] | type[QuickBooks]) -> None:
    begun = time.perf_counter()
    vendor(Books(7, MAX_CLIENTS))

    assert time.perf_counter() - begun < 0.3


def test_last_page_of_100_000_is_reached_without_walking_there() -> None:
    with running("quickbooks", clients=MAX_CLIENTS) as server:
        grant = server.grant()
        headers = {"authorization": f"Bearer {grant.access_token}"}
        statement = "SELECT * FROM Customer WHERE Active IN (true, false) STARTPOSITION 99001 MAXRESULTS 1000"
        url = f"{server.url}/v3/company/{grant.account}/query"
        customers = httpx.get(url, params={"query": statement}, headers=headers, timeout=10).json()["QueryResponse"]

    assert len(customers["Customer"]) == 1000
    assert customers["Customer"][-1]["Id"] == "100000"


def test_server_ends_with_the_block() -> None:
    with running("canopy", clients=1) as server:
        assert httpx.get(f"{server.url}/_sandbox/stats").status_code == 200

    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/_sandbox/stats")


def test_server_ends_when_its_parent_is_killed() -> None:
    code = (
        "import sys, time\nfrom service.sandbox.serve import running\n"
        "with running('canopy', clients=1) as server:\n    print(server.url, flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        assert httpx.get(f"{url}/_sandbox/stats").status_code == 200
        os.kill(parent.pid, signal.SIGKILL)

    assert is_gone_within(10, url)


def test_taken_port_is_refused() -> None:
    with running("canopy", clients=1) as server:
        port = server.url.rpartition(":")[2]
        command = [sys.executable, "-m", "service.sandbox", "canopy", "--port", port]
        second = subprocess.run(command, capture_output=True, check=False, timeout=20)

    assert second.returncode == 2
    assert second.stderr.count(b"\n") == 1
    assert b"already in use" in second.stderr


def test_command_says_where_it_listens_in_one_line() -> None:
    command = [sys.executable, "-m", "service.sandbox", "quickbooks", "--clients", "3", "--until-stdin-closes"]
    done = subprocess.run(command, input=b"", capture_output=True, check=False, timeout=20)

    said = msgspec.json.decode(done.stdout, type=dict[str, str])
    assert (done.returncode, said["vendor"]) == (0, "quickbooks")
    assert said["url"].startswith("http://127.0.0.1:")
