"""Answers and addresses as Sodium's reference has them, with values of our own.

Sources, read 2026-11-20: https://sodiumhq.com/docs/api/operations/client-custom-fields/, projected-tasks/, tenants/,
task-workflows/ and https://sodiumhq.com/docs/api/schemas/customfieldvaluedto.html, workflowgroupprogressdto.html.
"""

from typing import Any

import pytest

from service.connectors.registry import get_connector
from service.connectors.sdk.binding import Query
from service.connectors.sdk.faults import SchemaDrift
from service.connectors.sdk.flow import Response
from service.connectors.sodium.discovery import discover
from service.resources.common import Money
from service.resources.organizer import ReviewVerdict
from tests.bench import sodium_pages
from tests.connectors.flows import BOOK, NO_CURRENCY, ok, play

SODIUM = get_connector("sodium")
STEP: dict[str, Any] = {
    "stepNumber": 1,
    "stepName": "Ask for the books",
    "status": "Completed",
    "canStart": True,
    "dependsOnSteps": [],
}


@pytest.mark.parametrize("answer", [[{"code": "tern"}], {"data": [{"code": "tern", "name": None}], "totalCount": 1}])
def test_tenants_come_in_the_envelope_or_bare(answer: Any) -> None:
    found = play(SODIUM, discover({}), ok(answer)).value

    assert [(account.remote_id, account.name) for account in found] == [("tern", "tern")]


def task(remote_id: str, *answers: Response) -> Any:
    binding = SODIUM.bindings()["tasks"]
    assert binding.get is not None
    return play(SODIUM, binding.get(remote_id, BOOK), *answers)


def test_a_projected_task_has_addresses_of_its_own() -> None:
    template = {"stepNumber": 1, "name": "Ask for the books", "stepType": "SendEmail", "timeEstimateMinutes": 5}
    groups = [{"groupNumber": 1, "name": "Start", "steps": [template]}, {"groupNumber": 2, "steps": None}]
    row = {**sodium_pages.task(1), "code": "proj-RT1-CL1-20270131", "isProjected": True, "workflowSteps": 1}
    played = task("proj-RT1-CL1-20270131", ok(row), ok(groups))

    assert [asked.path for asked in played.requests] == [
        "/projected-tasks/proj-RT1-CL1-20270131",
        "/projected-tasks/proj-RT1-CL1-20270131/workflow/groups",
    ]
    assert [(step.text, step.group, step.done) for step in played.value.checklist] == [
        ("Ask for the books", "Start", False)
    ]


def test_the_steps_of_a_task_come_below_its_groups_or_below_how_far_it_is() -> None:
    group = {"groupNumber": 1, "groupName": "Start", "groupDeadline": "2027-01-03T00:00:00", "steps": [STEP]}
    row, notes = {**sodium_pages.task(1), "workflowSteps": 1}, ok({"data": [], "totalCount": 0})
    whole = task("TK1", ok(row), notes, ok({"task": {"code": "TK1"}, "groups": [group]})).value
    bare = task("TK1", ok(row), notes, ok([group])).value
    none = task("TK1", ok(row), notes, ok({"groups": None})).value

    assert whole.checklist == bare.checklist
    assert [(step.text, step.done) for step in whole.checklist] == [("Ask for the books", True)]
    assert none.checklist == []


def invoices(book: Any, *answers: Response) -> list[Any]:
    binding = SODIUM.bindings()["invoices"]
    assert binding.page is not None
    flow = binding.page(Query(limit=50, filters={"client": ("tern",)}), book)
    return list(play(SODIUM, flow, ok({"code": "tern", "accountingCustomerCode": "47"}), *answers).value.records)


def test_a_ledger_with_one_currency_does_not_name_it() -> None:
    page = {"data": [{**sodium_pages.invoice(1), "totalAmount": 12.5, "amountDue": 0, "currency": None}]}

    assert [found.total for found in invoices(BOOK, ok(page))] == [Money(1250, "USD")]
    with pytest.raises(SchemaDrift):
        invoices(NO_CURRENCY, ok(page))


def test_a_customer_that_left_the_ledger_has_no_invoices() -> None:
    assert invoices(BOOK, Response(404, {}, b"")) == []


def test_an_answer_that_waits_is_pending() -> None:
    binding = SODIUM.bindings()["organizers"]
    assert binding.get is not None
    answer = {"code": "AN1", "question": {"code": "QN1", "name": "Tier"}, "value": "Gold", "reviewStatus": "Pending"}
    row = {"code": "FR1", "status": "ResponseReceived", "answers": [answer], "pendingReviewCount": 1}
    found = play(SODIUM, binding.get("FR1", BOOK), ok(row)).value

    assert [answer.review for answer in found.answers] == [ReviewVerdict.PENDING]
