"""QuickBooks' own batch: one call, one key, one unit, and each item held to what it would be held to alone."""

from typing import Any

import httpx
import pytest

from service.sandbox.serve import SandboxServer
from tests.acceptance.conftest import Api, Keys, problem_of

pytestmark = pytest.mark.anyio

BATCH = "/v1/passthrough/quickbooks/batch"
ALL_BUT = ("passthrough:read", "passthrough:write", "clients:write", "invoices:write")

Item = dict[str, Any]


def ask(bid: str = "q", statement: str = "select * from Customer maxresults 2") -> Item:
    return {"bId": bid, "Query": statement}


def make(bid: str = "c", entity: str = "Customer", operation: str = "create", **row: Any) -> Item:
    return {"bId": bid, "operation": operation, entity: row or {"DisplayName": "Alder & Sons"}}


async def send(api: Api, *items: Item, query: str = "", **headers: str) -> httpx.Response:
    return await api.post(BATCH + query, {"BatchItemRequest": list(items)}, "quickbooks", **headers)


async def test_items_come_back_in_their_order_as_one_unit(api: Api, quickbooks: SandboxServer) -> None:
    answer = await send(api, ask(), make(), make("again"), ask("n", "SELECT count(*) FROM Term"))

    assert answer.status_code == 200, answer.text
    asked, made, again, counted = answer.json()["BatchItemResponse"]
    assert [one["bId"] for one in (asked, made, again, counted)] == ["q", "c", "again", "n"]
    assert len(asked["QueryResponse"]["Customer"]) == 2
    assert made["Customer"]["DisplayName"] == "Alder & Sons"
    assert again["Fault"]["Error"][0]["code"] == "6240"
    assert counted["QueryResponse"]["totalCount"] > 0
    assert [answer.headers[f"usage-{name}"] for name in ("meter", "units", "reason")] == ["passthrough", "1", "success"]
    assert (await api.receipt(answer))["call"]["rows"] == 3
    assert quickbooks.stats()["total"] == 1


async def test_repeat_is_free_and_does_nothing(api: Api, quickbooks: SandboxServer) -> None:
    first = await send(api, make(), Idempotency_Key="one")
    again = await send(api, make(), Idempotency_Key="one")
    other = await send(api, make("d"), Idempotency_Key="one")

    assert again.json() == first.json()
    assert (again.headers["usage-reason"], again.headers["idempotency-replayed"]) == ("replay", "true")
    assert problem_of(other) == "idempotency_key_reused"
    assert quickbooks.stats()["writes"] == 1


async def test_answer_that_got_lost_is_fetched_by_the_same_requestid(api: Api, quickbooks: SandboxServer) -> None:
    quickbooks.fault("lost_answer", path="/batch")

    answer = await send(api, make())

    assert answer.status_code == 200, answer.text
    assert answer.json()["BatchItemResponse"][0]["Customer"]["DisplayName"] == "Alder & Sons"
    assert quickbooks.stats()["writes"] == 1


async def test_batch_in_which_every_item_failed_is_answered_as_it_came_and_free(api: Api) -> None:
    await send(api, make())

    answer = await send(api, make(), make("e", "Invoice", Id="99999", operation="update", SyncToken="0"))

    assert answer.status_code == 200, answer.text
    assert [one["Fault"]["Error"][0]["code"] for one in answer.json()["BatchItemResponse"]] == ["6240", "610"]
    assert [answer.headers[f"usage-{name}"] for name in ("billable", "units", "reason")] == ["?0", "0", "vendor_error"]
    assert (await api.receipt(answer))["call"]["rows"] == 0


async def test_written_record_is_the_one_that_its_noun_reads(api: Api) -> None:
    made = (await send(api, make())).json()["BatchItemResponse"][0]["Customer"]

    found = (await api.get("/v1/clients?filter[name]=Alder %26 Sons", "quickbooks")).json()["data"]

    assert [one["remote_id"] for one in found] == [made["Id"]]


async def test_record_is_updated_and_deleted(api: Api) -> None:
    invoice = await api.first("/v1/invoices?limit=1", "quickbooks")
    client = await api.first("/v1/clients?limit=1", "quickbooks")
    change = {"Id": client["remote_id"], "SyncToken": client["version"], "sparse": True, "Notes": "Called"}
    stamp = {"Id": invoice["remote_id"], "SyncToken": invoice["version"]}

    answer = await send(api, make("u", "Customer", "update", **change), make("d", "Invoice", "delete", **stamp))

    changed, deleted = answer.json()["BatchItemResponse"]
    assert changed["Customer"]["Notes"] == "Called"
    assert deleted["Invoice"]["status"] == "Deleted"
    assert (await api.get(f"/v1/invoices/{invoice['id']}")).status_code == 404


@pytest.mark.parametrize(
    ("items", "pointer"),
    [
        ([], "/BatchItemRequest"),
        ([ask(str(number)) for number in range(31)], "/BatchItemRequest"),
        ([ask("12345678901")], "/BatchItemRequest/0/bId"),
        ([ask(""), make()], "/BatchItemRequest/0/bId"),
        ([{"Query": "select * from Customer"}], "/BatchItemRequest/0/bId"),
        ([ask("same"), make("same")], "/BatchItemRequest/1/bId"),
        ([make(), ask("x", "delete from Customer")], "/BatchItemRequest/1/Query"),
        ([make(), ask("x", "select * from Customer; select * from Invoice")], "/BatchItemRequest/1/Query"),
        ([make(), ask("x", "select * from Paycheck")], "/BatchItemRequest/1/Query"),
        ([make(), ask("x", "select * from Customer where DisplayName = 'x")], "/BatchItemRequest/1/Query"),
        ([make(), make("b", "Bill")], "/BatchItemRequest/1/Bill"),
        ([make(), {"bId": "x", "CDCQuery": {"Entities": "Customer"}}], "/BatchItemRequest/1/CDCQuery"),
        ([make(), make("x") | {"Invoice": {"DocNumber": "7"}}], "/BatchItemRequest/1"),
        ([make(), {"bId": "x", "operation": "create"}], "/BatchItemRequest/1"),
        ([make(), make("x") | {"operation": "purge"}], "/BatchItemRequest/1/operation"),
        ([make(), {"bId": "x", "Customer": {"DisplayName": "Beech"}}], "/BatchItemRequest/1/operation"),
        ([make(), make("x") | {"optionsData": "everything"}], "/BatchItemRequest/1/optionsData"),
        ([make(), make("x", Id="1", SyncToken="0")], "/BatchItemRequest/1/Customer/Id"),
        ([make(), make("x", operation="update", DisplayName="Beech")], "/BatchItemRequest/1/Customer/Id"),
        ([make(), {"bId": "x", "operation": "create", "Customer": "Beech"}], "/BatchItemRequest/1/Customer"),
        ([make(), ask() | {"operation": "query"}], "/BatchItemRequest/1/operation"),
        ([make(), make("x", DisplayName="4111 1111 1111 1111")], "/BatchItemRequest/1/Customer/DisplayName"),
        ([make(), make("x", "Employee", GivenName="Ann", SSN="219-09-9999")], "/BatchItemRequest/1/Employee/SSN"),
        ([make(), make("x", PrimaryTaxIdentifier="12-3456789")], "/BatchItemRequest/1/Customer/PrimaryTaxIdentifier"),
        ([make(), ask("x", "select * from Employee where SSN = '219-09-9999'")], "/BatchItemRequest/1/Query"),
    ],
)
async def test_item_that_cannot_be_refuses_the_whole(
    api: Api, quickbooks: SandboxServer, items: list[Item], pointer: str
) -> None:
    answer = await send(api, *items)

    assert (answer.status_code, problem_of(answer)) == (422, "validation_failed")
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert quickbooks.stats()["total"] == 0


@pytest.mark.parametrize(
    ("scopes", "item", "missing"),
    [
        (("passthrough:write",), ask("x"), "passthrough:read"),
        (("passthrough:read", "passthrough:write", "clients:read"), make("x"), "clients:write"),
        (ALL_BUT, make("x", "Payment"), "payments:write"),
        (ALL_BUT, make("x", "Item", Name="Advice"), "service_items:write"),
        ((*ALL_BUT, "service_items:write"), make("x", "Item", Name="Advice"), "tracking:write"),
    ],
)
async def test_item_needs_the_scope_that_it_needs_alone(
    api: Api, keys: Keys, quickbooks: SandboxServer, scopes: tuple[str, ...], item: Item, missing: str
) -> None:
    narrow = await keys(api, scopes=scopes)
    before = [make("ok")] if "clients:write" in scopes else []

    answer = await send(narrow, *before, item)

    assert (answer.status_code, problem_of(answer)) == (403, "insufficient_scope")
    assert answer.json()["errors"][0]["pointer"] == f"/BatchItemRequest/{len(before)}"
    assert missing in answer.json()["detail"]
    assert quickbooks.stats()["total"] == 0


async def test_reading_key_sends_no_batch(api: Api, keys: Keys, quickbooks: SandboxServer) -> None:
    reader = await keys(api, scopes=("*:read",))

    answer = await send(reader, ask())

    assert (answer.status_code, problem_of(answer)) == (403, "insufficient_scope")
    assert quickbooks.stats()["total"] == 0


@pytest.mark.parametrize(
    ("entity", "operation"),
    [("Customer", "delete"), ("Employee", "delete"), ("Item", "delete"), ("Attachable", "create")],
)
async def test_what_no_noun_can_do_no_item_can(
    api: Api, quickbooks: SandboxServer, entity: str, operation: str
) -> None:
    row = {"Note": "Hello"} if operation == "create" else {"Id": "1", "SyncToken": "0"}

    answer = await send(api, ask(), make("x", entity, operation, **row))

    assert (answer.status_code, problem_of(answer)) == (403, "passthrough_not_allowed")
    assert answer.json()["errors"][0]["pointer"] == "/BatchItemRequest/1"
    assert quickbooks.stats()["total"] == 0


async def test_dry_run_examines_and_sends_nothing(api: Api, quickbooks: SandboxServer) -> None:
    good = await send(api, make(), query="?dry_run=true&minorversion=75")
    bad = await send(api, make("x" * 11), query="?dry_run=true")

    assert good.json()["object"] == "dry_run"
    assert (good.json()["meter"], good.json()["units"], good.headers["usage-reason"]) == ("passthrough", 1, "dry_run")
    assert bad.json()["errors"][0]["pointer"] == "/BatchItemRequest/0/bId"
    assert quickbooks.stats()["total"] == 0


async def test_requestid_is_ours_to_make(api: Api, quickbooks: SandboxServer) -> None:
    answer = await send(api, make(), query="?requestid=mine")

    assert (answer.status_code, problem_of(answer)) == (400, "invalid_parameter")
    assert quickbooks.stats()["total"] == 0


async def test_batch_without_a_key_is_refused(api: Api, quickbooks: SandboxServer) -> None:
    answer = await api.http.post(BATCH, json={"BatchItemRequest": [ask()]}, headers=api.headers("quickbooks"))

    assert (answer.status_code, problem_of(answer)) == (400, "idempotency_key_required")
    assert quickbooks.stats()["total"] == 0


async def test_forty_first_batch_in_a_minute_never_reaches_the_vendor(api: Api, quickbooks: SandboxServer) -> None:
    answers = [await send(api, ask()) for _ in range(40)]
    one_more = await send(api, ask(), Prefer="wait=3")
    another_call = await api.get("/v1/passthrough/quickbooks/preferences", "quickbooks")

    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].headers["upstream-ratelimit"].startswith('"vendor";r=39;')
    assert (one_more.status_code, problem_of(one_more)) == (503, "vendor_rate_limited")
    assert int(one_more.headers["retry-after"]) > 30
    assert another_call.status_code == 200
    assert quickbooks.stats()["total"] == 41


async def test_coverage_tells_of_the_batch_and_its_limit(api: Api) -> None:
    covered = (await api.get("/v1/vendors/quickbooks/coverage")).json()

    assert [one["writes"] for one in covered["passthrough"] if one["path"] == "/batch"] == [True]
    assert {"count": 40, "window_s": 60.0, "calls": "batch"} in covered["limits"]
