"""TaxDome's nouns over HTTP: the same firm as elsewhere, pages, documents and their bytes, writes and locks."""

import hashlib
from decimal import Decimal
from typing import Any

import httpx
import pytest

from service.sandbox.serve import SandboxServer, running
from service.sandbox.taxdome import files

Json = dict[str, Any]

WEB = httpx.Client(timeout=10)
"""Calls without a session."""

WIDE = "acc_400a"
FOLDERS = ("client_uploaded", "firm_shared", "organizer", "private")
SCOPED = ("organizers", "proposals", "signatures", "invoices", "payments", "jobs", "tasks", "threads", "time-entries")
FIELDS = {
    "accounts": {"id", "name", "type", "tags", "contact_ids", "linked"},
    "organizers": {"id", "account_id", "title", "status", "submitted_at"},
    "documents?folder=client_uploaded": {
        "id", "account_id", "root", "path", "name", "size", "uploaded_at", "uploaded_by", "access", "status",
    },
    "proposals": {"id", "account_id", "status", "accepted_at", "signers", "document_id"},
    "invoices": {
        "id", "number", "account_id", "status", "posted_at", "due_date", "amount", "currency", "lines", "qbo_status",
    },
    "payments": {
        "id", "account_id", "provider", "source", "transaction_id", "amount", "paid_at", "invoice_ids", "refunds",
        "status",
    },
    "threads": {"id", "account_id", "job_id", "archived", "client_tasks"},
    "time-entries": {
        "id", "user_id", "account_id", "job_id", "date", "minutes", "rate", "billable", "billed", "invoice_id",
    },
}  # fmt: skip


def at(client: httpx.Client, account: str) -> httpx.Client:
    """The same client, scoped to another account."""
    assert client.post(f"/accounts/{account}/select").status_code == 200
    client.headers["x-account-id"] = account
    return client


def every(client: httpx.Client, path: str, per_page: int = 100) -> list[Json]:
    rows: list[Json] = []
    page: int | None = 1
    while page is not None:
        response = client.get(path, params=httpx.QueryParams(client.build_request("GET", path).url.params).merge(
            {"page": page, "per_page": per_page}))  # fmt: skip
        assert response.status_code == 200, response.text
        rows += response.json()["items"]
        page = response.json()["next_page"]
    return rows


def account_ids(client: httpx.Client, count: int) -> list[str]:
    return [f"acc_{0x4000 + number:x}" for number in range(count)]


def reason(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]


def ids(rows: list[Json]) -> list[str]:
    return [row["id"] for row in rows]


# The firm


def test_accounts_are_canopys_clients(tdm: httpx.Client, cny: httpx.Client) -> None:
    ours = {row["name"]: row["type"] for row in every(tdm, "/accounts")}
    theirs = cny.post("/clients/search", json={"page": {"size": 200}}).json()["clients"]

    assert ours == {row["display_name"]: row["filing_type"].lower() for row in theirs}


def test_contacts_are_canopys_and_carry_the_email_an_account_lacks(tdm: httpx.Client, cny: httpx.Client) -> None:
    ours = every(tdm, "/contacts")
    theirs = cny.post("/contacts/search", json={"page": {"size": 200}}).json()["contacts"]

    known = {(row["first_name"], row["last_name"], row["email"]) for row in ours}
    assert {
        (row["first_name"], row["last_name"], row["emails"][0]["value"]) for row in theirs if row["emails"]
    } <= known
    assert not any("email" in row for row in every(tdm, "/accounts"))


def test_contacts_and_accounts_name_each_other(tdm: httpx.Client) -> None:
    from_accounts = {(row["id"], contact) for row in every(tdm, "/accounts") for contact in row["contact_ids"]}
    contacts = every(tdm, "/contacts")

    assert from_accounts == {(account, row["id"]) for row in contacts for account in row["account_ids"]}
    assert any(len(row["account_ids"]) > 1 for row in contacts)


def test_invoices_have_canopys_numbers_and_amounts(tdm: httpx.Client, cny: httpx.Client) -> None:
    rows = [row for account in account_ids(tdm, 20) for row in every(at(tdm, account), "/invoices")]
    theirs = {
        row["number"]: row for row in cny.post("/invoices/search", json={"page": {"size": 200}}).json()["invoices"]
    }

    assert len(rows) > 20
    for row in rows:
        assert theirs[row["number"]]["total_cents"] == Decimal(str(row["amount"])) * 100
        assert sum(Decimal(str(line["amount"])) for line in row["lines"]) == Decimal(str(row["amount"]))
        if row["status"] in {"paid", "partially_paid"}:
            assert theirs[row["number"]]["status"] == row["status"]


def test_every_status_word_occurs_somewhere(tdm: httpx.Client) -> None:
    seen: dict[str, set[object]] = {noun: set() for noun in (*SCOPED, "documents")}
    for account in account_ids(tdm, 60):
        at(tdm, account)
        for noun in SCOPED:
            seen[noun] |= {row.get("status") for row in every(tdm, f"/{noun}")}
        for folder in FOLDERS:
            seen["documents"] |= {row["status"] for row in every(tdm, f"/documents?folder={folder}")}

    assert seen["invoices"] == {"scheduled", "unpaid", "partially_paid", "in_progress", "paid", "overdue"}
    assert seen["payments"] == {"succeeded", "in_progress", "declined"}
    assert seen["organizers"] == {"pending", "in_progress", "submitted", "sealed"}
    assert seen["proposals"] == {"pending", "partially_signed", "signed"}
    assert seen["jobs"] == {"active", "completed", "archived"}
    assert len(seen["tasks"]) == 11
    assert len(seen["documents"] - {None}) == 8


def test_clearing_invoice_has_a_payment_in_progress(tdm: httpx.Client) -> None:
    found = 0
    for account in account_ids(tdm, 60):
        clearing = [row["id"] for row in every(at(tdm, account), "/invoices") if row["status"] == "in_progress"]
        if clearing:
            payments = [row for row in every(tdm, "/payments") if row["status"] == "in_progress"]
            covered = {invoice for row in payments for invoice in row["invoice_ids"]}
            assert set(clearing) == covered
            found += 1

    assert found


def test_references_lead_to_rows_of_the_same_account(tdm: httpx.Client) -> None:
    for account in account_ids(tdm, 20):
        at(tdm, account)
        invoices, jobs = set(ids(every(tdm, "/invoices"))), set(ids(every(tdm, "/jobs")))
        documents = set(ids(every(tdm, "/documents?folder=firm_shared")))

        assert {invoice for row in every(tdm, "/payments") for invoice in row["invoice_ids"]} <= invoices
        assert {row["job_id"] for row in every(tdm, "/tasks")} <= jobs
        assert {row["invoice_id"] for row in every(tdm, "/time-entries") if row["billed"]} <= invoices
        assert {row["document_id"] for row in every(tdm, "/proposals") + every(tdm, "/signatures")} <= documents


@pytest.mark.parametrize("noun", FIELDS)
def test_rows_have_the_fields_of_the_contract(tdm: httpx.Client, noun: str) -> None:
    assert {frozenset(row) for row in every(at(tdm, WIDE), f"/{noun}")} == {frozenset(FIELDS[noun])}


def test_firm_is_the_same_after_a_restart_and_another_with_another_seed(tdm: httpx.Client) -> None:
    with running("taxdome", seed=8) as other:
        headers = {"authorization": f"Bearer {other.grant().access_token}"}
        theirs = WEB.get(f"{other.url}/api/accounts", headers=headers).json()
    with running("taxdome", seed=7) as again:
        headers = {"authorization": f"Bearer {again.grant().access_token}"}
        same = WEB.get(f"{again.url}/api/accounts", headers=headers).json()

    assert tdm.get("/accounts").json() == same != theirs


# Pages


@pytest.mark.parametrize("path", ["/accounts", "/contacts", "/documents?folder=client_uploaded", "/invoices"])
def test_pages_of_three_give_each_row_once(tdm: httpx.Client, path: str) -> None:
    at(tdm, WIDE)
    threes = ids(every(tdm, path, 3))

    assert len(threes) > 3
    assert len(set(threes)) == len(threes)
    assert threes == ids(every(tdm, path))


def test_page_exactly_full_is_the_last_and_pages_behind_it_are_empty(tdm: httpx.Client) -> None:
    full = tdm.get("/accounts?page=2&per_page=100").json()

    assert (len(full["items"]), full["next_page"]) == (100, None)
    assert tdm.get("/accounts?page=9&per_page=100").json() == {"items": [], "next_page": None}


def test_row_created_during_a_sweep_moves_the_pages(tdm: httpx.Client) -> None:
    first = tdm.get("/accounts?per_page=10").json()["items"]
    tdm.post("/accounts", json={"name": "Newcomer"})
    second = tdm.get("/accounts?page=2&per_page=10").json()["items"]

    assert second[0] == first[-1]


@pytest.mark.parametrize("query", ["per_page=101", "per_page=0", "page=0", "page=x", "page=-1"])
def test_senseless_pages_are_refused(tdm: httpx.Client, query: str) -> None:
    assert reason(tdm.get(f"/accounts?{query}")) == (422, "invalid")


def test_unknown_parameter_is_refused(tdm: httpx.Client) -> None:
    assert reason(tdm.get("/invoices?updated_since=2026-01-01")) == (400, "bad_request")


def test_page_faults_repeat_the_page_or_its_number(taxdome: SandboxServer, tdm: httpx.Client) -> None:
    taxdome.fault("repeated_cursor", after=1)
    taxdome.fault("duplicate_page", after=1)
    pages = [tdm.get(f"/accounts?page={page}&per_page=10").json() for page in (1, 2, 3)]

    assert pages[1]["next_page"] == 2
    assert pages[2]["items"] == pages[1]["items"]


def test_faults_of_the_kit_read_like_taxdome(taxdome: SandboxServer, tdm: httpx.Client) -> None:
    taxdome.fault("drift", field="name", to="title")
    taxdome.fault("unknown_enum", field="lines.description", value="?", path="*/invoices")
    taxdome.fault("throttle", retry_after=None)
    taxdome.fault("server_error", status=502)
    taxdome.fault("fault_in_200")
    drifted, changed = tdm.get("/accounts").json(), tdm.get("/invoices").json()
    throttled, broken, failed = (tdm.get("/jobs") for _ in range(3))

    assert all("title" in row and "name" not in row for row in drifted["items"])
    assert {line["description"] for row in changed["items"] for line in row["lines"]} == {"?"}
    assert (*reason(throttled), "retry-after" in throttled.headers) == (429, "rate_limited", False)
    assert (reason(broken), reason(failed)) == ((502, "internal"), (200, "internal"))


def test_last_page_of_the_largest_firm_is_near() -> None:
    with running("taxdome", clients=100_000) as huge:
        headers = {"authorization": f"Bearer {huge.grant().access_token}"}
        page = WEB.get(f"{huge.url}/api/accounts?page=1000&per_page=100", headers=headers).json()

    assert (len(page["items"]), page["next_page"]) == (100, None)
    assert page["items"][-1]["id"] == "acc_4000"


# Accounts kept apart


def test_row_of_another_account_is_missing(tdm: httpx.Client) -> None:
    row = tdm.get("/invoices").json()["items"][0]

    assert tdm.get(f"/invoices/{row['id']}").json() == row
    assert reason(at(tdm, WIDE).get(f"/invoices/{row['id']}")) == (404, "not_found")


# Documents


def test_roots_are_kept_apart(tdm: httpx.Client) -> None:
    roots = {folder: every(at(tdm, "acc_4001"), f"/documents?folder={folder}") for folder in FOLDERS[:3]}

    assert {folder: {row["root"] for row in rows} for folder, rows in roots.items()} == {
        folder: {folder} for folder in FOLDERS[:3]
    }
    assert {row["access"] for row in roots["client_uploaded"]} == {"edit"}
    assert reason(tdm.get("/documents")) == (422, "invalid")


def link(client: httpx.Client, file_id: str) -> str:
    url: str = client.get(f"/documents/{file_id}/download").json()["url"]
    return url


def test_file_arrives_as_the_seed_says(tdm: httpx.Client) -> None:
    for row in every(tdm, "/documents?folder=client_uploaded"):
        response = WEB.get(link(tdm, row["id"]))
        expected = files.sha256(files.seeded(7, row["id"], row["size"], row["name"]))

        assert len(response.content) == row["size"]
        assert hashlib.sha256(response.content).hexdigest() == expected
        assert response.headers["content-type"] == files.media_type(row["name"])[0]


def test_ranges_are_pieces_of_the_whole(tdm: httpx.Client) -> None:
    row = max(every(tdm, "/documents?folder=client_uploaded"), key=lambda each: each["size"])
    url, size = link(tdm, row["id"]), row["size"]
    whole = WEB.get(url).content

    def part(wanted: str, **more: str) -> httpx.Response:
        return WEB.get(url, headers={"range": wanted, **more})

    assert part("bytes=65530-65545").content == whole[65530:65546]
    assert part("bytes=65530-65545").headers["content-range"] == f"bytes 65530-65545/{size}"
    assert part("bytes=-7").content == whole[-7:]
    assert part("bytes=100-").content == whole[100:]
    assert part(f"bytes={size - 1}-{size + 9}").content == whole[-1:]
    assert [part(wanted).status_code for wanted in (f"bytes={size}-", "bytes=-0")] == [416, 416]
    assert [part(wanted).status_code for wanted in ("bytes=5-2", "lines=1-2", "bytes=0-1,4-5")] == [200, 200, 200]
    assert part("bytes=0-9", **{"if-range": '"old"'}).status_code == 200


def test_gigabyte_streams_and_any_place_in_it_is_near(tdm: httpx.Client) -> None:
    row = max(every(at(tdm, WIDE), "/documents?folder=firm_shared"), key=lambda each: each["size"])
    url = link(tdm, row["id"])
    size = 0
    with WEB.stream("GET", url) as response:
        for piece in response.iter_raw():
            size += len(piece)

    assert size == row["size"] == 1024**3
    stream = files.seeded(7, row["id"], row["size"], row["name"])
    tail = WEB.get(url, headers={"range": "bytes=-1000"})
    assert tail.content == stream.read(1024**3 - 1000, 1024**3)


def test_link_is_worth_nothing_when_altered_or_old(taxdome: SandboxServer, tdm: httpx.Client) -> None:
    first, second = (link(tdm, row["id"]) for row in every(tdm, "/documents?folder=firm_shared")[:2])
    mixed = f"{first.partition('?')[0]}?{second.partition('?')[2]}"
    taxdome.fault("clock_skew", seconds=301, path="/files/*")

    assert reason(WEB.get(first)) == (403, "link_expired")
    assert reason(WEB.get(mixed)) == (403, "link_invalid")
    assert WEB.get(first).status_code == 200


def test_truncated_file_ends_early(taxdome: SandboxServer, tdm: httpx.Client) -> None:
    url = link(tdm, every(tdm, "/documents?folder=firm_shared")[0]["id"])
    taxdome.fault("truncated", path="/files/*")

    with pytest.raises(httpx.RemoteProtocolError):
        WEB.get(url)


def test_upload_comes_back_byte_for_byte(tdm: httpx.Client) -> None:
    content = bytes(range(256)) * 4000
    query = {"folder": "firm_shared", "path": "/2026/Été", "name": "Rapport № 1.pdf"}
    row = tdm.post("/documents", params=query, content=content).json()

    assert (row["root"], row["path"], row["name"], row["size"]) == (*query.values(), len(content))
    assert WEB.get(link(tdm, row["id"])).content == content
    assert tdm.get("/documents?folder=firm_shared").json()["items"][0] == row


def test_upload_too_large_to_hold_comes_back_whole(tdm: httpx.Client) -> None:
    sent = files.seeded(1, "upload", 40 * 1024**2, "scan.zip")
    pieces = (sent.read(begin, begin + 1024**2) for begin in range(0, sent.size_bytes, 1024**2))
    row = tdm.post("/documents?folder=client_uploaded&name=scan.zip", content=pieces).json()

    assert row["size"] == sent.size_bytes
    assert hashlib.sha256(WEB.get(link(tdm, row["id"])).content).hexdigest() == files.sha256(sent)


def test_only_uploads_may_be_large(tdm: httpx.Client) -> None:
    assert tdm.post("/time-entries", content=b" " * (10 * 1024**2 + 1)).status_code == 413


def test_renamed_file_keeps_its_bytes_and_a_deleted_one_is_gone(tdm: httpx.Client) -> None:
    row = every(tdm, "/documents?folder=client_uploaded")[0]
    before = WEB.get(link(tdm, row["id"])).content
    url = link(tdm, row["id"])
    tdm.patch(f"/documents/{row['id']}", json={"name": "Renamed.csv", "path": "/Elsewhere"})

    assert WEB.get(link(tdm, row["id"])).content == before
    assert tdm.delete(f"/documents/{row['id']}").status_code == 204
    assert reason(tdm.get(f"/documents/{row['id']}")) == (404, "not_found")
    assert reason(WEB.get(url)) == (404, "not_found")


def test_sealed_document_is_locked(tdm: httpx.Client) -> None:
    row = every(tdm, "/documents?folder=client_uploaded")[0]
    tdm.patch(f"/documents/{row['id']}", json={"status": "sealed"})

    assert reason(tdm.patch(f"/documents/{row['id']}", json={"name": "x.pdf"})) == (409, "document_sealed")
    assert reason(tdm.delete(f"/documents/{row['id']}")) == (409, "document_sealed")


# Organizers, proposals, signatures


def test_answers_carry_section_type_and_files_of_the_organizer_root(tdm: httpx.Client) -> None:
    types: set[str] = set()
    attached: set[str] = set()
    at(tdm, "acc_4001")
    for organizer in every(tdm, "/organizers"):
        for row in every(tdm, f"/organizers/{organizer['id']}/answers", 2):
            assert set(row) == {"question_key", "section", "type", "value", "files"}
            types.add(row["type"])
            attached |= set(ids(row["files"]))

    assert types == {"free_entry", "number", "date", "choice", "checkbox", "file"}
    assert attached == set(ids(every(tdm, "/documents?folder=organizer")))


def test_organizer_is_answered_submitted_and_then_closed(tdm: httpx.Client) -> None:
    new = tdm.post("/organizers", json={"title": "Extra questions"}).json()
    path = f"/organizers/{new['id']}"
    answers = tdm.patch(f"{path}/answers", json={"answers": [{"question_key": "employees", "value": 7}]}).json()[
        "items"
    ]
    drafted = tdm.get(path).json()
    submitted = tdm.post(f"{path}/submit").json()

    assert (new["status"], drafted["status"], submitted["status"]) == ("pending", "in_progress", "submitted")
    assert {row["question_key"]: row["value"] for row in answers}["employees"] == 7
    assert submitted["submitted_at"]
    assert reason(tdm.patch(f"{path}/answers", json={"answers": []})) == (409, "organizer_sealed")


def test_signature_tells_who_did_what_in_order(tdm: httpx.Client) -> None:
    rows = [row for account in account_ids(tdm, 20) for row in every(at(tdm, account), "/signatures")]

    for row in rows:
        events = [event["event"] for event in row["audit_trail"]]
        times = [event["at"] for event in row["audit_trail"]]
        assert events[0] == "requested"
        assert times == sorted(times)
        assert events.count("signed") == sum(signer["signed_at"] is not None for signer in row["signers"])
        assert (events[-1] == "completed") == (row["status"] == "signed") == (row["completed_at"] is not None)
    assert {row["status"] for row in rows} == {"pending", "partially_signed", "signed", "declined"}


# Talk


def test_thread_of_more_than_a_page_is_read_newest_first(tdm: httpx.Client) -> None:
    thread = every(at(tdm, WIDE), "/threads")[-1]
    rows = every(tdm, f"/threads/{thread['id']}/messages", 50)

    assert len(rows) > 100
    assert [row["sent_at"] for row in rows] == sorted((row["sent_at"] for row in rows), reverse=True)


def test_attachment_is_in_no_folder_and_only_its_own_account_gets_it(tdm: httpx.Client) -> None:
    thread = every(at(tdm, WIDE), "/threads")[-1]
    files_sent = [file for row in every(tdm, f"/threads/{thread['id']}/messages") for file in row["attachments"]]
    listed = {each for folder in FOLDERS for each in ids(every(tdm, f"/documents?folder={folder}"))}

    assert not listed & set(ids(files_sent))
    assert len(WEB.get(link(tdm, files_sent[0]["id"])).content) == files_sent[0]["size"]
    assert at(tdm, "acc_4000").get(f"/documents/{files_sent[0]['id']}/download").status_code == 404


def test_message_and_client_task_are_kept(tdm: httpx.Client) -> None:
    thread = every(tdm, "/threads")[0]
    document = every(tdm, "/documents?folder=firm_shared")[0]
    sent = tdm.post(f"/threads/{thread['id']}/messages", json={"body": "See", "attachments": [document["id"]]}).json()
    task = tdm.post(f"/threads/{thread['id']}/client-tasks", json={"text": "Sign it"}).json()
    tdm.patch(f"/threads/{thread['id']}/client-tasks/{task['id']}", json={"status": "done"})

    assert tdm.get(f"/threads/{thread['id']}/messages").json()["items"][0] == sent
    assert sent["attachments"] == [{name: document[name] for name in ("id", "name", "size")}]
    assert tdm.get(f"/threads/{thread['id']}").json()["client_tasks"][-1] == {**task, "status": "done"}


# Writes


def test_account_and_contact_are_tied_from_either_side(tdm: httpx.Client) -> None:
    account = tdm.post("/accounts", json={"name": "Neu & Söhne", "type": "business", "tags": ["vip"]}).json()
    contact = tdm.post("/contacts", json={"name": "Lu Neu", "email": "lu@neu.example", "account_ids": [account["id"]]})
    tied = tdm.get(f"/accounts/{account['id']}").json()["contact_ids"]
    tdm.patch(f"/accounts/{account['id']}", json={"contact_ids": []})

    assert tied == [contact.json()["id"]]
    assert tdm.get(f"/contacts/{tied[0]}").json()["account_ids"] == []
    assert at(tdm, account["id"]).get("/invoices").json() == {"items": [], "next_page": None}


def test_invoice_is_paid_in_parts_and_then_locked(tdm: httpx.Client) -> None:
    lines = [{"description": "Work", "quantity": 1.5, "rate": 33.33}, {"description": "Fee", "amount": 10.01}]
    invoice = tdm.post("/invoices", json={"lines": lines}).json()
    path = f"/invoices/{invoice['id']}"
    sent = {"source": "check", "amount": 20, "invoice_ids": [invoice["id"]]}
    first = tdm.post("/payments", json=sent).json()
    partly = tdm.get(path).json()["status"]
    tdm.post("/payments", json={**sent, "amount": 100})

    assert invoice["amount"] == 60.01  # 49.995 is rounded half to even
    assert (invoice["status"], partly, tdm.get(path).json()["status"]) == ("unpaid", "partially_paid", "paid")
    assert reason(tdm.patch(path, json={"due_date": "2027-01-01"})) == (409, "invoice_locked")
    assert reason(tdm.delete(path)) == (409, "invoice_locked")
    tdm.delete(f"/payments/{first['id']}")
    assert tdm.get(path).json()["status"] == "partially_paid"


def test_open_invoice_can_be_changed_and_deleted(tdm: httpx.Client) -> None:
    invoice = next(row for row in every(tdm, "/invoices") if row["status"] == "overdue")
    path = f"/invoices/{invoice['id']}"
    changed = tdm.patch(path, json={"due_date": "2099-01-31"}).json()

    assert changed == {**invoice, "due_date": "2099-01-31", "status": "unpaid"}
    assert tdm.delete(path).status_code == 204
    assert tdm.get(path).status_code == 404


def test_online_payment_stays_and_refunds_stop_at_its_amount(tdm: httpx.Client) -> None:
    payment = next(
        row
        for account in account_ids(tdm, 20)
        for row in every(at(tdm, account), "/payments")
        if row["provider"] != "offline" and row["status"] == "succeeded"
    )
    path = f"/payments/{payment['id']}"
    refunded = tdm.post(f"{path}/refunds", json={"amount": payment["amount"]}).json()

    assert [refund["amount"] for refund in refunded["refunds"]] == [payment["amount"]]
    assert reason(tdm.post(f"{path}/refunds", json={"amount": 0.01})) == (422, "invalid")
    assert reason(tdm.delete(path)) == (409, "payment_locked")


def test_job_task_and_time_are_written(tdm: httpx.Client) -> None:
    job = tdm.post("/jobs", json={"pipeline_id": "pip_2", "name": "Clean up", "priority": "urgent"}).json()
    task = tdm.post("/tasks", json={"job_id": job["id"], "name": "Count"}).json()
    done = tdm.patch(f"/tasks/{task['id']}", json={"status": "completed"}).json()
    entry = tdm.post("/time-entries", json={"job_id": job["id"], "minutes": 25, "rate": 150}).json()

    assert (job["stage"], job["status"], task["done"], done["done"]) == ("Documents", "active", False, True)
    assert reason(tdm.patch(f"/jobs/{job['id']}", json={"stage": "E-file"})) == (422, "invalid")
    assert tdm.get(f"/time-entries/{entry['id']}").json() == entry
    assert tdm.delete(f"/time-entries/{entry['id']}").status_code == 204


def test_billed_time_is_locked(tdm: httpx.Client) -> None:
    billed = next(row for row in every(tdm, "/time-entries") if row["billed"])

    assert reason(tdm.patch(f"/time-entries/{billed['id']}", json={"minutes": 5})) == (409, "time_entry_billed")


def test_write_under_one_key_happens_once(taxdome: SandboxServer, tdm: httpx.Client) -> None:
    key = {"idempotency-key": "k-1"}
    first, second = (tdm.post("/time-entries", json={"minutes": 25}, headers=key) for _ in range(2))
    other = tdm.post("/time-entries", json={"minutes": 26}, headers=key)

    assert first.json() == second.json()
    assert reason(other) == (409, "idempotency_conflict")
    assert taxdome.stats()["writes"] == 1


def test_lost_answer_of_a_write_can_be_asked_for_again(taxdome: SandboxServer, tdm: httpx.Client) -> None:
    key = {"idempotency-key": "k-2"}
    taxdome.fault("lost_answer")
    with pytest.raises(httpx.RemoteProtocolError):
        tdm.post("/time-entries", json={"minutes": 31}, headers=key)
    tdm.post("/time-entries", json={"minutes": 31}, headers=key)

    assert len([row for row in every(tdm, "/time-entries") if row["minutes"] == 31]) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/accounts", {}),
        ("/accounts", {"name": "A", "email": "an@account.has.none.example"}),
        ("/contacts", {"name": "A", "account_ids": ["acc_nothing"]}),
        ("/invoices", {"lines": []}),
        ("/payments", {"source": "stripe", "amount": 5}),
        ("/payments", {"source": "cash", "amount": -5}),
        ("/tasks", {"job_id": "job_1", "name": "x"}),
        ("/time-entries", {"minutes": "5"}),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_written(
    taxdome: SandboxServer, tdm: httpx.Client, path: str, body: Json
) -> None:
    assert reason(tdm.post(path, json=body)) == (422, "invalid")
    assert taxdome.stats()["writes"] == 0


def test_reset_takes_back_every_write(taxdome: SandboxServer, tdm: httpx.Client) -> None:
    paths = [f"/{noun}" for noun in SCOPED] + [f"/documents?folder={folder}" for folder in FOLDERS]
    before = [every(tdm, path) for path in ("/accounts", *paths)]
    tdm.post("/accounts", json={"name": "A"})
    tdm.post("/threads", json={})
    tdm.post("/documents?folder=private&name=a.txt", content=b"a")
    taxdome.reset()

    assert [every(tdm, path) for path in ("/accounts", *paths)] == before
