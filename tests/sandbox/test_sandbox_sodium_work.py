"""Sodium's contract over HTTP: documents, requests for them, data forms, tasks; and what can go wrong."""

import base64
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from service.sandbox.books import Books
from service.sandbox.serve import SandboxServer
from service.sandbox.sodium.vendor import Sodium

Json = dict[str, Any]

CLIENT = "/clients/CL100001"
FILE = base64.b64encode(b"bank statement").decode()
WIDE = {"dateRange": "CustomDateRange", "startDate": "2000-01-01", "endDate": "2100-01-01"}


def every(sod: httpx.Client, path: str, **wished: Any) -> list[Json]:
    rows: list[Json] = []
    while True:
        response = sod.get(path, params={"offset": len(rows), "limit": 50, **wished})
        assert response.status_code == 200, response.text
        rows += response.json()["data"]
        if not response.json()["hasMore"]:
            return rows


def uploaded(sod: httpx.Client) -> Json:
    body = {"title": "Statement", "fileName": "s.txt", "contentType": "text/plain", "fileContent": FILE}
    made = sod.post(f"{CLIENT}/clientdocument", json=body)
    assert made.status_code == 201, made.text
    row: Json = made.json()
    return row


def test_document_comes_down_as_it_went_up_whole_and_in_parts(sod: httpx.Client) -> None:
    row = uploaded(sod)

    assert row["fileSize"] == 14
    assert httpx.get(row["downloadUrl"]).content == b"bank statement"
    part = httpx.get(row["downloadUrl"], headers={"range": "bytes=5-8"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"stat", "bytes 5-8/14")
    assert httpx.get(row["downloadUrl"], headers={"range": "bytes=99-"}).status_code == 416


def test_download_link_is_worth_nothing_when_touched(sod: httpx.Client) -> None:
    url = uploaded(sod)["downloadUrl"]

    assert httpx.get(url.replace("DC1", "DC2")).status_code == 403
    assert httpx.get(url.partition("?")[0]).status_code == 403


def test_seeded_document_is_as_long_as_it_says(sod: httpx.Client) -> None:
    for row in every(sod, f"{CLIENT}/clientdocument"):
        assert len(httpx.get(row["downloadUrl"]).content) == row["fileSize"]


def test_documents_list_shows_approved_ones_unless_asked(sod: httpx.Client) -> None:
    def statuses(**wished: Any) -> set[str]:
        return {row["reviewStatus"] for row in every(sod, f"{CLIENT}/clientdocument", **wished)}

    assert statuses() == {"Approved"}
    assert statuses(reviewStatus=["PendingReview", "Rejected"]) == {"PendingReview", "Rejected"}


def test_review_and_client_approval_are_two_machines(sod: httpx.Client) -> None:
    pending = every(sod, f"{CLIENT}/clientdocument", reviewStatus="PendingReview")[0]
    one = f"{CLIENT}/clientdocument/{pending['code']}"
    assert sod.put(f"{one}/request-approval", json={}).status_code == 400

    assert sod.put(f"{one}/review", json={"reviewStatus": "Approved"}).json()["reviewedByUser"]
    asked = sod.put(f"{one}/request-approval", json={"note": "Please look"}).json()
    assert (asked["reviewStatus"], asked["clientApprovalStatus"]) == ("Approved", "Pending")
    assert asked["code"] in {row["code"] for row in every(sod, "/client-documents", clientApprovalStatus="Pending")}
    assert sod.put(f"{one}/cancel-approval").json()["clientApprovalStatus"] == "None"
    assert sod.put(f"{one}/review", json={"reviewStatus": "Rejected"}).status_code == 400


def new_request(sod: httpx.Client) -> str:
    code = sod.post(f"{CLIENT}/documentrequest", json={"title": "Statements"}).json()["code"]
    return f"{CLIENT}/documentrequest/{code}"


def submitted(sod: httpx.Client) -> tuple[str, str, str]:
    """The request, its response and its document."""
    one = new_request(sod)
    assert sod.put(f"{one}/open").json()["status"] == "Open"
    document = sod.post(f"{one}/documents", json={"title": "May", "fileName": "m.txt", "fileContent": FILE}).json()
    assert document["reviewStatus"] == "PendingReview"
    response = sod.post(f"{one}/responses", json={"comment": "Here"}).json()
    assert sod.get(one).json()["status"] == "Submitted"
    return one, response["code"], document["code"]


def test_accepted_response_ends_the_request_and_shows_its_documents(sod: httpx.Client) -> None:
    one, response, document = submitted(sod)
    after = sod.put(f"{one}/responses/{response}/review", json={"accepted": True}).json()

    assert (after["status"], after["responses"][0]["accepted"]) == ("Accepted", True)
    assert sod.get(f"{CLIENT}/clientdocument/{document}").json()["reviewStatus"] == "Approved"
    assert sod.put(one, json={"title": "Late"}).status_code == 400


@pytest.mark.parametrize(
    ("action", "status", "documents"), [(None, "Rejected", 1), ("Reopen", "Open", 1), ("ReopenClearDocs", "Open", 0)]
)
def test_refused_response_rejects_or_reopens(
    sod: httpx.Client, action: str | None, status: str, documents: int
) -> None:
    one, response, _ = submitted(sod)
    body = {"accepted": False, "reviewNote": "Wrong year", "nextAction": action}
    after = sod.put(f"{one}/responses/{response}/review", json=body).json()

    assert (after["status"], after["documentCount"]) == (status, documents)


def test_cancelled_request_takes_no_documents(sod: httpx.Client) -> None:
    one = new_request(sod)
    assert sod.put(f"{one}/cancel").json()["status"] == "Cancelled"

    assert sod.post(f"{one}/documents", json={"title": "M", "fileName": "m", "fileContent": FILE}).status_code == 400


def test_requests_of_all_clients_are_found_by_status(sod: httpx.Client) -> None:
    rows = every(sod, "/document-requests")

    assert {row["status"] for row in rows} == {"Draft", "Open", "Submitted", "Accepted", "Rejected", "Cancelled"}
    assert every(sod, "/document-requests", status="Open") == [row for row in rows if row["status"] == "Open"]


def test_magic_link_is_told_with_a_waiting_form_alone(sod: httpx.Client) -> None:
    rows = every(sod, "/data-form-requests")
    assert all("magicLinkToken" not in row for row in rows)

    for row in rows:
        told = "magicLinkToken" in sod.get(f"/data-form-requests/{row['code']}").json()
        assert told == (row["status"] == "PendingResponse")


def test_answers_are_accepted_one_by_one_and_written_to_the_client(sodium: SandboxServer, sod: httpx.Client) -> None:
    sent = sod.post("/data-forms/DF100001/send", json={"clientCode": "CL100001"}).json()
    one = f"/data-form-requests/{sent['code']}"
    answers = [{"questionCode": "QN100001", "value": "(212) 555-0199"}, {"questionCode": "QN100002", "value": "Bronze"}]
    link = f"{sodium.url}/data-forms/respond/{sent['magicLinkToken']}"
    assert httpx.post(link, json={"answers": answers, "email": "a@b.example"}).status_code == 204
    assert httpx.post(link, json={"answers": answers}).status_code == 404
    first, second = (answer["code"] for answer in sod.get(one).json()["answers"])

    sod.put(f"{one}/answers/{first}/review", json={"accepted": True})
    after = sod.put(f"{one}/answers/{second}/review", json={"accepted": False}).json()
    assert ([answer["reviewStatus"] for answer in after["answers"]], after["pendingReviewCount"]) == (
        ["Accepted", "Rejected"], 0
    )  # fmt: skip
    assert sod.get(CLIENT).json()["telephone"] == "(212) 555-0199"
    values = {field["fieldCode"]: field["value"] for field in sod.get(f"{CLIENT}/custom-field-values").json()}
    assert values["CF100001"] != "Bronze"
    assert sod.put(f"{one}/answers/{first}/review", json={"accepted": True}).status_code == 400


def test_form_that_accepts_by_itself_writes_at_once(sodium: SandboxServer, sod: httpx.Client) -> None:
    sent = sod.post("/data-forms/DF100001/send", json={"clientCode": "CL100001", "autoAcceptData": True}).json()
    body = {"answers": [{"questionCode": "QN100003", "value": 12}]}
    httpx.post(f"{sodium.url}/data-forms/respond/{sent['magicLinkToken']}", json=body)

    values = {field["fieldCode"]: field["value"] for field in sod.get(f"{CLIENT}/custom-field-values").json()}
    assert values["CF100002"] == "12"


def test_draft_form_cannot_be_sent(sod: httpx.Client) -> None:
    assert sod.post("/data-forms/DF100003/send", json={"clientCode": "CL100001"}).status_code == 400
    bulk = sod.post("/data-forms/DF100001/send-bulk", json={"clientCodes": ["CL100001", "CL100003"]})
    assert (bulk.status_code, bulk.json()["sentCount"]) == (201, 2)


@pytest.mark.parametrize(
    ("wished", "allowed"),
    [
        ({}, False),
        ({"status": "NotStarted"}, False),
        ({"status": ["InProgress", "NotStarted"]}, False),
        ({"startDate": "2026-01-01", "endDate": "2026-12-31"}, False),
        ({"dateRange": "CustomDateRange", "startDate": "2026-01-01"}, False),
        ({"status": ["InProgress", "Blocked"]}, True),
        ({"isOverdue": "true"}, True),
        ({"dateRange": "ThisMonth"}, True),
        (WIDE, True),
    ],
)
def test_task_list_wants_a_date_range_where_something_may_not_have_begun(
    sod: httpx.Client, wished: Json, allowed: bool
) -> None:
    assert (sod.get("/tasks", params=wished).status_code == 200) == allowed


def test_walking_windows_finds_every_task_once(sod: httpx.Client) -> None:
    found: list[str] = []
    begin = date(2019, 1, 1)
    while begin < date(2028, 1, 1):
        end = begin + timedelta(days=120)
        window = {"dateRange": "CustomDateRange", "startDate": begin.isoformat(), "endDate": end.isoformat()}
        found += [task["code"] for task in every(sod, "/tasks", **window)]
        begin = end + timedelta(days=1)

    assert sorted(found) == sorted(task["code"] for task in every(sod, "/tasks", **WIDE))
    assert len(set(found)) == len(found) > 300


def test_window_is_about_the_start_unless_the_due_date_is_meant(sod: httpx.Client) -> None:
    window = {"dateRange": "CustomDateRange", "startDate": "2026-06-01", "endDate": "2026-06-30"}
    for basis, field in (({}, "startDate"), ({"dateBasis": "DueDate"}, "dueDate")):
        days = {task[field] for task in every(sod, "/tasks", **window, **basis)}
        assert days
        assert "2026-06-01" <= min(days) <= max(days) <= "2026-06-30"


def test_overdue_tasks_are_open_ones(sod: httpx.Client) -> None:
    overdue = every(sod, "/tasks", isOverdue="true")

    assert overdue
    assert {task["status"] for task in overdue} <= {"NotStarted", "InProgress", "Blocked"}


def test_projected_task_is_gone_once_it_is_real(sod: httpx.Client) -> None:
    window = {"startDate": "2026-07-01", "endDate": "2026-09-30", "client": "CL100001"}
    before = every(sod, "/projected-tasks", **window)
    code = before[0]["code"]
    assert code.startswith("proj-RT100001-CL100001-2026")
    assert sod.get(f"/projected-tasks/{code}").json() == before[0]

    real = sod.post("/projected-tasks", json={"code": code}).json()
    assert (real["isProjected"], real["dueDate"]) == (False, before[0]["dueDate"])
    assert sod.get(f"/projected-tasks/{code}").status_code == 404
    assert every(sod, "/projected-tasks", **window) == before[1:]
    listed = every(sod, "/tasks", **WIDE, recurringTask="RT100001", client="CL100001")
    assert [task["code"] for task in listed] == [real["code"]]


def test_projected_tasks_are_mixed_in_when_asked(sod: httpx.Client) -> None:
    window = {"dateRange": "CustomDateRange", "startDate": "2026-07-01", "endDate": "2026-08-01"}
    plain, mixed = every(sod, "/tasks", **window), every(sod, "/tasks", **window, includeProjected="true")

    assert mixed[: len(plain)] == plain
    assert {task["isProjected"] for task in mixed[len(plain) :]} == {True}


def test_recurring_task_is_projected_for_the_clients_it_is_given(sod: httpx.Client) -> None:
    body = {"name": "Walk", "frequency": "Quarterly", "startDate": "2026-07-01", "endDate": "2027-06-30"}
    code = sod.post("/recurring-tasks", json=body).json()["code"]
    sod.put(f"/recurring-tasks/{code}/clients", json={"codes": ["CL100002"]})

    tasks = every(sod, "/projected-tasks", startDate="2026-01-01", endDate="2030-01-01", recurringTask=code)
    assert [(task["primaryClient"]["code"], task["dueDate"]) for task in tasks] == [
        ("CL100002", day) for day in ("2026-07-01", "2026-10-01", "2027-01-01", "2027-04-01")
    ]


def test_step_waits_for_the_one_before(sod: httpx.Client) -> None:
    task = sod.post("/tasks", json={"name": "Return", "workflowCode": "WF100002"}).json()
    groups = f"/tasks/{task['code']}/workflow/groups"
    assert task["workflowSteps"] == 3

    assert sod.put(f"{groups}/2/steps/2", json={"status": "Completed"}).status_code == 400
    assert sod.put(f"{groups}/1/steps/1", json={"status": "Completed"}).json()["completedByUser"]
    assert sod.put(f"{groups}/2/steps/2", json={"status": "InProgress"}).json()["status"] == "InProgress"
    assert sod.get(f"/tasks/{task['code']}").json()["workflowStepsComplete"] == 1
    assert sod.post(f"/tasks/{task['code']}/workflow", json={}).json()["completedSteps"] == 0
    assert sod.delete(f"/tasks/{task['code']}/workflow").status_code == 204
    assert sod.get(f"/tasks/{task['code']}").json()["workflow"] is None


def test_seeded_steps_agree_with_the_tasks_count(sod: httpx.Client) -> None:
    for task in every(sod, "/tasks", **WIDE)[:60]:
        flow = sod.get(f"/tasks/{task['code']}/workflow").json()
        assert (flow["totalSteps"], flow["completedSteps"]) == (task["workflowSteps"], task["workflowStepsComplete"])


def test_steps_are_mixed_in_as_tasks(sod: httpx.Client) -> None:
    rows = every(sod, "/tasks", status="InProgress", client="CL100001", includeWorkflowSteps="true")
    steps = [row for row in rows if row["workflowStepDetails"]]

    assert len(rows) > len(steps) == sum(row["workflowSteps"] for row in rows if not row["workflowStepDetails"]) > 0


def test_bulk_update_changes_what_it_names(sod: httpx.Client) -> None:
    body = {"taskCodes": ["TK100001", "TK100002"], "status": "Skipped", "assignedUserCode": "US100003"}
    assert sod.put("/tasks/bulk", json=body).json() == {"updatedCount": 2}

    for code in body["taskCodes"]:
        task = sod.get(f"/tasks/{code}").json()
        assert (task["status"], task["assignedUser"]["code"]) == ("Skipped", "US100003")
    assert sod.put("/tasks/bulk", json={**body, "taskCodes": ["TK9"]}).status_code == 400


@pytest.mark.parametrize("path", ["/tasks/TK100001/taskitemnote", "/tasks/TK100001/groups/1/steps/1/workflowstepnote"])
def test_pinned_notes_come_first(sod: httpx.Client, path: str) -> None:
    sod.post(path, json={"text": "later"})
    pinned = sod.post(path, json={"text": "first", "pinnedLevel": 1}).json()

    assert [note["text"] for note in every(sod, path)] == ["first", "later"]
    assert sod.get(f"/tasks/TK100002/taskitemnote/{pinned['code']}").status_code == 404
    assert sod.delete(f"{path}/{pinned['code']}").status_code == 204


def test_confirmations_are_the_steps_that_wait_for_clients(sod: httpx.Client) -> None:
    rows = every(sod, "/client-confirmations", status="NotStarted")

    assert rows
    assert {row["stepName"] for row in rows} == {"Confirm"}


def test_reply_joins_the_conversation_a_client_sees(sod: httpx.Client) -> None:
    conversation = every(sod, f"{CLIENT}/emails")[0]
    box = "/email/mailbox/EC100001"
    before = sod.get(f"{box}/conversations/{conversation['code']}").json()["messages"]
    assert [message["direction"] for message in before] == ["Inbound", "Outbound"]

    sent = sod.post(f"{box}/messages/{before[0]['code']}/reply", json={"body": "Done."}).json()
    assert sent["to"] == [before[0]["from"]]
    assert sod.get(f"{box}/conversations/{conversation['code']}").json()["messages"] == [*before, sent]
    assert sent in every(sod, f"{box}/messages", direction="Outbound")


def test_sent_mail_begins_a_conversation(sod: httpx.Client) -> None:
    sent = sod.post("/email/mailbox/EC100001/messages", json={"body": "Hello", "to": ["a@b.example"]})

    assert sent.status_code == 201
    assert sod.get(f"/email/mailbox/EC100001/messages/{sent.json()['code']}").json() == sent.json()
    assert sod.get("/email/mailbox/EC100002/messages").status_code == 400


def test_expired_key_stays_expired(sodium: SandboxServer, sod: httpx.Client) -> None:
    sodium.fault("expire_token")

    assert [sod.get("/clients").status_code for _ in range(2)] == [401, 401]


def test_limit_once_set_is_kept_per_key(sodium: SandboxServer, sod: httpx.Client) -> None:
    sodium.limits(per_minute=2)
    answers = [sod.get("/users") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 0 < int(answers[2].headers["retry-after"]) <= 60


def test_throttle_comes_without_a_hint_unless_asked(sodium: SandboxServer, sod: httpx.Client) -> None:
    sodium.fault("throttle")
    sodium.fault("throttle", retry_after=3)
    bare, hinted = sod.get("/clients"), sod.get("/clients")

    assert (bare.status_code, "retry-after" in bare.headers) == (429, False)
    assert (hinted.status_code, hinted.headers["retry-after"]) == (429, "3")


def test_drifted_and_unknown_values_reach_every_row_of_a_page(sodium: SandboxServer, sod: httpx.Client) -> None:
    sodium.fault("drift", field="timeEstimate", to="timeEstimateMinutes", path="*/tasks")
    sodium.fault("unknown_enum", field="status", value="Dormant", path="*/clients")

    tasks = sod.get("/tasks", params={"status": "Blocked"}).json()["data"]
    assert all("timeEstimateMinutes" in task and "timeEstimate" not in task for task in tasks)
    assert {client["status"] for client in sod.get("/clients").json()["data"]} == {"Dormant"}


def test_spoiled_pages_repeat_or_come_empty(sodium: SandboxServer, sod: httpx.Client) -> None:
    first = sod.get("/clients").json()["data"]
    sodium.fault("duplicate_page")
    assert sod.get("/clients", params={"offset": 10}).json()["data"] == first

    sodium.fault("empty_middle_page")
    empty = sod.get("/clients", params={"offset": 10}).json()
    assert (empty["data"], empty["hasMore"]) == ([], True)
    assert sod.get("/clients", params={"offset": 10}).json()["data"] != first


def test_lost_answer_was_performed_all_the_same(sodium: SandboxServer, sod: httpx.Client) -> None:
    sodium.fault("lost_answer")
    with pytest.raises(httpx.TransportError):
        sod.post("/clients", json={"name": "Tern", "type": "Trust"})

    assert sodium.stats()["writes"] == 1
    assert every(sod, "/clients")[-1]["name"] == "Tern"


def test_reset_forgets_what_was_written(sodium: SandboxServer, sod: httpx.Client) -> None:
    before = sod.get(CLIENT).json()
    sod.put(CLIENT, json={"name": "Other", "type": "Trust"})
    sod.put(f"{CLIENT}/clientdates", json=[{"dateType": "YearEnd", "date": "2027-03-31"}])
    sodium.reset()

    assert sod.get(CLIENT).json() == before
    assert sod.get(f"{CLIENT}/clientdates").json()[0]["date"] == "2026-06-30"


def test_seeded_rows_are_the_same_every_time() -> None:
    def rows(seed: int) -> list[Json]:
        firm = next(iter(Sodium(Books(seed, 60))._tenants.values())).firm  # pyright: ignore[reportPrivateUsage]
        tables = (firm.clients, firm.ties, firm.engagements, firm.documents, firm.tasks, firm.form_requests)
        return [each.table[position] for each in tables for position in each.all()]

    assert rows(7) == rows(7)
    assert rows(7) != rows(8)
