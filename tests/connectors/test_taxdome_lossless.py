"""All that TaxDome holds comes out, account by account: every row, and every field of it mapped or unmapped."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any
from uuid import UUID

import httpx
import pytest

from service.connectors.sdk.binding import Query
from service.connectors.sdk.faults import SchemaDrift
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.wire import unmapped
from service.connectors.taxdome.connector import TAXDOME
from service.ids import Book
from service.sandbox.serve import SandboxServer, running
from tests.conformance.trees import has, paths, turn
from tests.connectors.flows import ok, play
from tests.connectors.test_taxdome_sandbox import CLIENTS, Account

Row = dict[str, Any]

ROOTS = ("client_uploaded", "firm_shared", "organizer", "private")
LISTS = {
    "clients": ("/accounts",),
    "contacts": ("/contacts",),
    "invoices": ("/invoices",),
    "payments": ("/payments",),
    "tasks": ("/jobs", "/tasks"),
    "documents": tuple(
        f"/documents?folder={root}" for root in ("client_uploaded", "firm_shared", "organizer", "private")
    ),
    "organizers": ("/organizers",),
    "engagements": ("/proposals",),
    "signatures": ("/signatures",),
    "time_entries": ("/time-entries",),
    "threads": ("/threads",),
    "accounts": ("/accounts",),
    "users": ("/users",),
}
"""The vendor's own lists behind each noun; messages and folders are made of others."""
BLOCK = 20
"""Accounts until their kinds repeat."""


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with running("taxdome", clients=CLIENTS) as found:
        found.limits(per_minute=None)
        yield found


@pytest.fixture(scope="module")
def accounts(server: SandboxServer) -> Iterator[list[Account]]:
    """One account of each kind, as the firm sees it."""
    grant = server.grant()
    with httpx.Client(base_url=server.url + TAXDOME.root, headers=dict(TAXDOME.auth.sign(grant.access_token))) as http:
        yield [Account(server, http, grant.login["accounts"], number) for number in range(BLOCK)]


def theirs(account: Account, path: str) -> list[Row]:
    """Every row of one of the vendor's lists, walked without any of our code."""
    own = {"x-account-id": account.book.account}
    account.http.post(f"/accounts/{account.book.account}/select", headers=own)
    rows: list[Row] = []
    page: int | None = 1
    while page is not None:
        joint = "&" if "?" in path else "?"
        answer = account.http.get(f"{path}{joint}page={page}&per_page=100", headers=own)
        assert answer.status_code == 200, answer.text
        rows += answer.json()["items"]
        page = answer.json()["next_page"]
    return rows


@pytest.mark.parametrize("resource", LISTS)
def test_every_row_of_every_account_is_a_record(accounts: list[Account], resource: str) -> None:
    several = accounts if resource not in ("clients", "contacts", "accounts", "users") else accounts[:1]
    total = 0
    for account in several:
        rows = [row["id"] for path in LISTS[resource] for row in theirs(account, path)]
        found = account.every(resource)
        attached = [record for record in found if resource == "documents" and record.area == "message"]
        records = [record.remote_id.rpartition(":")[2] for record in found if record not in attached]

        assert records == rows
        total += len(rows)
    assert total > 3


def test_every_message_of_every_thread_is_a_record(accounts: list[Account]) -> None:
    for account in accounts:
        rows = {
            f"{thread['id']}:{message['id']}"
            for thread in theirs(account, "/threads")
            for message in theirs(account, f"/threads/{thread['id']}/messages")
        }

        assert {record.remote_id for record in account.every("messages")} == rows
        assert rows


def test_every_file_on_every_message_is_a_document(accounts: list[Account]) -> None:
    for account in accounts:
        files = [
            (f"{thread['id']}:{message['id']}:{file['id']}", file["name"], file["size"], message["author"])
            for thread in theirs(account, "/threads")
            for message in theirs(account, f"/threads/{thread['id']}/messages")
            for file in message["attachments"]
        ]
        found = account.every("documents", area="message")

        assert [(one.remote_id, one.name, one.size_bytes, one.uploaded_by) for one in found] == files
        assert files


def test_every_answer_of_every_organizer_is_told(accounts: list[Account]) -> None:
    told = 0
    for account in accounts:
        for row in theirs(account, "/organizers"):
            rows = theirs(account, f"/organizers/{row['id']}/answers")
            answers = account.get("organizers", row["id"]).answers

            assert [(one.question_key, one.section, one.kind_native, one.value) for one in answers] == [
                (one["question_key"], one["section"], one["type"], one["value"]) for one in rows
            ]
            assert [one.files for one in answers] == [
                [account.book.ref("doc_", file["id"]) for file in one["files"]] for one in rows
            ]
            told += len(rows)
    assert told > 50


BOOK = Book(UUID(int=7), 0, "acc_1", "USD")
THREAD: Row = {"id": "thr_1", "account_id": "acc_1", "archived": False, "job_id": None, "client_tasks": []}


def mapped(resource: str, path: str, row: Row) -> Any:
    """The record that a row alone becomes."""
    page = TAXDOME.bindings()[resource].page
    assert page is not None
    flow: Flow[Any] = page(Query(limit=50, position="1.1.50" if path == "/tasks" else None), BOOK)
    before = [ok({"items": [THREAD], "next_page": None})] if resource == "messages" else []
    (record,) = play(TAXDOME, flow, *before, ok({"items": [row], "next_page": None})).value.records
    return record


def lost(resource: str, path: str, row: Row) -> set[str]:
    """The fields that make no difference to the record and are not told as unmapped either."""
    wire = TAXDOME.bindings()[resource].wire
    before, left = mapped(resource, path, row), unmapped(row, wire.record)
    found: set[str] = set()
    for field in set(paths(row)):
        changed = deepcopy(row)
        turn(changed, field)
        if has(left, field) or changed == row:
            continue
        try:
            if mapped(resource, path, changed) == before:
                found.add(field)
        except SchemaDrift:
            pass  # it is read, as a word of the contract
    return found


@pytest.mark.parametrize("resource", [*LISTS, "messages"])
def test_every_field_of_every_row_is_mapped_or_unmapped(accounts: list[Account], resource: str) -> None:
    seen = 0
    for account in accounts:
        lists = LISTS.get(resource) or [f"/threads/{row['id']}/messages" for row in theirs(account, "/threads")]
        for path in lists:
            for row in theirs(account, path)[:12]:
                assert lost(resource, path, row) == set(), f"{resource} {row['id']}"
                seen += 1
    assert seen > 3
