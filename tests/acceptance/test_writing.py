"""Writing through the whole product: at the vendor once, on the bill once, whatever happens on the way."""

import asyncio
from typing import Any

import httpx
import pytest

from service.sandbox.serve import SandboxServer
from tests.acceptance.conftest import Api, problem_of

pytestmark = pytest.mark.anyio

CLIENT = {"display_name": "Alder & Sons", "emails": [{"address": "office@alder.example"}]}


async def test_client_is_created_and_read_back(api: Api) -> None:
    made = await api.post("/v1/clients", CLIENT, "quickbooks")
    read = await api.get(made.headers["location"])

    assert made.status_code == 201, made.text
    assert made.json() == read.json()
    assert (made.json()["display_name"], made.headers["etag"]) == ("Alder & Sons", '"0"')
    assert (made.headers["usage-units"], made.headers["usage-meter"]) == ("1", "write")


async def test_client_is_changed_and_the_rest_stays(api: Api) -> None:
    made = (await api.post("/v1/clients", CLIENT, "quickbooks")).json()

    changed = await api.patch(f"/v1/clients/{made['id']}", {"notes": "Prefers e-mail."})

    assert changed.status_code == 200, changed.text
    assert changed.json() == {
        **made, "notes": "Prefers e-mail.", "version": "1", "updated_at": changed.json()["updated_at"]
    }  # fmt: skip


async def test_invoice_is_created_with_its_lines(api: Api) -> None:
    made = await api.post("/v1/invoices", await invoice_of(api), "quickbooks")

    assert made.status_code == 201, made.text
    assert made.json()["total"] == {"amount_minor": 31250, "currency": "USD"}
    assert [line["amount"]["amount_minor"] for line in made.json()["lines"]] == [30000, 1250]


async def test_invoice_is_changed(api: Api) -> None:
    made = (await api.post("/v1/invoices", await invoice_of(api), "quickbooks")).json()

    changed = await api.patch(f"/v1/invoices/{made['id']}", {"due_on": "2027-01-31", "memo": "Thank you."})

    assert (changed.json()["due_on"], changed.json()["memo"]) == ("2027-01-31", "Thank you.")
    assert changed.json()["total"] == made["total"]


async def test_replay_is_free_and_identical(api: Api, quickbooks: SandboxServer) -> None:
    first = await api.post("/v1/clients", CLIENT, "quickbooks", Idempotency_Key="a-1")
    again = await api.post("/v1/clients", CLIENT, "quickbooks", Idempotency_Key="a-1")

    assert (again.status_code, again.content) == (201, first.content)
    assert (again.headers["etag"], again.headers["location"]) == (first.headers["etag"], first.headers["location"])
    assert again.headers["idempotency-replayed"] == "true"
    assert (again.headers["usage-billable"], again.headers["usage-reason"]) == ("?0", "replay")
    assert quickbooks.stats()["writes"] == 1


@pytest.mark.parametrize("other", ["body", "path", "connection"])
async def test_key_of_another_request_is_refused(api: Api, other: str) -> None:
    made = await api.post("/v1/clients", CLIENT, "quickbooks", Idempotency_Key="a-1")
    id_ = made.json()["id"]

    match other:
        case "body":
            answer = await api.post("/v1/clients", {**CLIENT, "notes": "x"}, "quickbooks", Idempotency_Key="a-1")
        case "path":
            answer = await api.patch(f"/v1/clients/{id_}", CLIENT, Idempotency_Key="a-1")
        case _:
            answer = await api.post("/v1/invoices", await invoice_of(api), "quickbooks", Idempotency_Key="a-1")

    assert (answer.status_code, problem_of(answer)) == (422, "idempotency_key_reused")


async def test_same_write_at_the_same_time_happens_once(api: Api, quickbooks: SandboxServer) -> None:
    quickbooks.limits(latency_ms=200)

    answers = await asyncio.gather(
        *(api.post("/v1/clients", CLIENT, "quickbooks", Idempotency_Key="a-1") for _ in range(5))
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert problem_of(refused) == "idempotency_in_flight"
    assert int(refused.headers["retry-after"]) > 0
    assert quickbooks.stats()["writes"] == 1


async def test_same_key_of_two_organizations_is_two_keys(api: Api, customers: Any, quickbooks: SandboxServer) -> None:
    other = await customers()

    mine = await api.post("/v1/clients", {"display_name": "Mine"}, "quickbooks", Idempotency_Key="a-1")
    theirs = await other.post("/v1/clients", {"display_name": "Theirs"}, "quickbooks", Idempotency_Key="a-1")

    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert theirs.json()["display_name"] == "Theirs"
    assert quickbooks.stats()["writes"] == 2


async def test_write_without_a_key_is_refused(api: Api, quickbooks: SandboxServer) -> None:
    answer = await api.http.post("/v1/clients", json=CLIENT, headers=api.headers("quickbooks"))

    assert (answer.status_code, problem_of(answer)) == (400, "idempotency_key_required")
    assert quickbooks.stats()["total"] == 0


async def test_current_version_lets_the_change_through(api: Api) -> None:
    made = await api.post("/v1/clients", CLIENT, "quickbooks")

    answer = await api.patch(f"/v1/clients/{made.json()['id']}", {"notes": "x"}, If_Match=made.headers["etag"])

    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')


async def test_stale_version_is_412_and_changes_nothing(api: Api) -> None:
    made = await api.post("/v1/clients", CLIENT, "quickbooks")
    path = f"/v1/clients/{made.json()['id']}"
    await api.patch(path, {"notes": "first"})

    answer = await api.patch(path, {"notes": "second"}, If_Match=made.headers["etag"])

    assert (answer.status_code, problem_of(answer)) == (412, "version_mismatch")
    assert (await api.get(path)).json()["notes"] == "first"


@pytest.mark.parametrize("value", ["*", "0", 'W/"0"', '"0", "1"'])
async def test_unreadable_if_match_is_refused(api: Api, value: str) -> None:
    made = await api.post("/v1/clients", CLIENT, "quickbooks")

    answer = await api.patch(f"/v1/clients/{made.json()['id']}", {"notes": "x"}, If_Match=value)

    assert (answer.status_code, problem_of(answer)) == (400, "invalid_header")


@pytest.mark.parametrize("quantity", ["NaN", "-Infinity", "1e400", "0.0000000000001"])
async def test_number_that_nobody_counts_with_reaches_no_vendor(
    api: Api, quickbooks: SandboxServer, quantity: str
) -> None:
    client = await api.first("/v1/clients?limit=1", "quickbooks")
    line = {"description": "Advice", "quantity": quantity, "amount": {"amount_minor": 100, "currency": "USD"}}

    answer = await api.post("/v1/invoices", {"client": client["id"], "lines": [line]}, "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (422, "validation_failed")
    assert answer.json()["errors"][0]["pointer"] == "/lines/0/quantity"
    assert quickbooks.stats()["writes"] == 0


@pytest.mark.parametrize(("body", "pointer"), [({"colour": "red"}, "/colour"), ({}, "/display_name")])
async def test_problem_points_at_the_field_that_is_unknown_or_missing(
    api: Api, body: dict[str, str], pointer: str
) -> None:
    answer = await api.post("/v1/clients", body, "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (422, "validation_failed")
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


async def test_version_that_never_was_is_412(api: Api) -> None:
    made = await api.post("/v1/clients", CLIENT, "quickbooks")

    answer = await api.patch(f"/v1/clients/{made.json()['id']}", {"notes": "x"}, If_Match='"latest"')

    assert (answer.status_code, problem_of(answer)) == (412, "version_mismatch")


async def test_dry_run_sends_nothing_and_is_free(api: Api, quickbooks: SandboxServer) -> None:
    answer = await api.post("/v1/clients?dry_run=true", CLIENT, "quickbooks")

    assert answer.json() == {
        "object": "dry_run", "valid": True, "meter": "write", "units": 1, "price": "0", "currency": "USD"
    }  # fmt: skip
    assert (answer.headers["usage-billable"], answer.headers["usage-reason"]) == ("?0", "dry_run")
    assert quickbooks.stats()["total"] == 0


async def test_dry_run_keeps_no_key(api: Api) -> None:
    await api.post("/v1/clients?dry_run=true", CLIENT, "quickbooks", Idempotency_Key="a-1")

    answer = await api.post("/v1/clients", CLIENT, "quickbooks", Idempotency_Key="a-1")

    assert (answer.status_code, "idempotency-replayed" in answer.headers) == (201, False)


async def test_dry_run_finds_what_is_wrong(api: Api) -> None:
    answer = await api.post("/v1/clients?dry_run=true", {"name": "x"}, "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (422, "validation_failed")


@pytest.mark.parametrize(
    ("vendor", "path", "body", "pointer"),
    [
        ("canopy", "/v1/clients", {"display_name": "A"}, "/kind"),
        ("canopy", "/v1/invoices", {"client": "cli_x", "lines": []}, "/client"),
        ("quickbooks", "/v1/invoices", {"client": "cli_x", "lines": [{"description": "A"}]}, "/client"),
    ],
)
async def test_dry_run_finds_what_the_vendor_is_known_to_refuse(
    api: Api, quickbooks: SandboxServer, canopy: SandboxServer, vendor: str, path: str, body: object, pointer: str
) -> None:
    tried = await api.post(f"{path}?dry_run=true", body, vendor)
    done = await api.post(path, body, vendor)

    assert (tried.status_code, problem_of(tried)) == (done.status_code, problem_of(done)) == (422, "validation_failed")
    assert tried.json()["errors"] == done.json()["errors"]
    assert tried.json()["errors"][0]["pointer"] == pointer
    assert quickbooks.stats()["total"] + canopy.stats()["total"] == 0


async def test_dry_run_of_a_change_finds_what_the_vendor_has_no_place_for(api: Api, quickbooks: SandboxServer) -> None:
    client = await api.first("/v1/clients?limit=1", "quickbooks")
    asked = quickbooks.stats()["total"]

    answer = await api.patch(f"/v1/clients/{client['id']}?dry_run=true", {"tags": ["vip"]})

    assert (answer.status_code, problem_of(answer)) == (422, "validation_failed")
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [("/tags", "unsupported")]
    assert quickbooks.stats()["total"] == asked


@pytest.mark.parametrize("query", ["dry_run=yes", "dry_run=", "dryrun=true"])
async def test_impossible_parameter_of_a_write_is_refused(api: Api, quickbooks: SandboxServer, query: str) -> None:
    answer = await api.post(f"/v1/clients?{query}", CLIENT, "quickbooks")

    assert (answer.status_code, problem_of(answer)) in ((400, "invalid_parameter"), (400, "unknown_parameter"))
    assert quickbooks.stats()["total"] == 0


async def test_name_that_is_taken_points_at_the_field(api: Api) -> None:
    await api.post("/v1/clients", CLIENT, "quickbooks")

    answer = await api.post("/v1/clients", CLIENT, "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (409, "conflict")
    assert answer.json()["errors"][0]["pointer"] == "/display_name"


async def test_refused_write_is_refused_again_without_asking_the_vendor(api: Api, quickbooks: SandboxServer) -> None:
    await api.post("/v1/clients", CLIENT, "quickbooks")
    first = await api.post("/v1/clients", CLIENT, "quickbooks", Idempotency_Key="a-2")
    calls = quickbooks.stats()["total"]

    again = await api.post("/v1/clients", CLIENT, "quickbooks", Idempotency_Key="a-2")

    assert (again.status_code, again.json()["code"]) == (409, first.json()["code"])
    assert quickbooks.stats()["total"] == calls


async def test_reference_to_another_connection_is_refused(api: Api, quickbooks: SandboxServer) -> None:
    foreign = await api.first("/v1/clients?limit=1", "canopy")

    answer = await api.post("/v1/invoices", {**await invoice_of(api), "client": foreign["id"]}, "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (422, "validation_failed")
    assert answer.json()["errors"][0]["pointer"] == "/client"
    assert quickbooks.stats()["writes"] == 0


async def payment_of(api: Api) -> dict[str, object]:
    client = (await api.get("/v1/clients?limit=1", "canopy")).json()["data"][0]["id"]
    return {"client": client, "amount": {"amount_minor": 100, "currency": "USD"}}


async def test_vendor_that_cannot_write_says_so(api: Api, quickbooks: SandboxServer) -> None:
    client = (await api.first("/v1/clients?limit=1", "quickbooks"))["id"]

    answer = await api.post("/v1/contacts", {"client": client, "family_name": "Alder"}, "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (501, "vendor_cannot")
    assert quickbooks.stats()["writes"] == 0


async def test_lost_answer_is_found_again_and_counted_once(api: Api, quickbooks: SandboxServer) -> None:
    body = await invoice_of(api)
    quickbooks.fault("lost_answer")

    answer = await api.post("/v1/invoices", body, "quickbooks")

    assert answer.status_code == 201, answer.text
    assert quickbooks.stats()["writes"] == 1
    assert await units_written(api) == 1


async def test_unknown_outcome_is_settled_by_the_same_key(api: Api, quickbooks: SandboxServer) -> None:
    body = await invoice_of(api)
    quickbooks.fault("lost_answer", count=None)
    lost = await api.post("/v1/invoices", body, "quickbooks", Idempotency_Key="a-1")
    quickbooks.clear_faults()

    found = await api.post("/v1/invoices", body, "quickbooks", Idempotency_Key="a-1")
    again = await api.post("/v1/invoices", body, "quickbooks", Idempotency_Key="a-1")

    assert (lost.status_code, problem_of(lost)) == (504, "outcome_unknown")
    assert found.status_code == 201, found.text
    assert again.content == found.content
    assert quickbooks.stats()["writes"] == 1
    assert await units_written(api) == 1


async def test_write_whose_caller_went_away_is_finished_and_replayed(api: Api, quickbooks: SandboxServer) -> None:
    quickbooks.limits(latency_ms=200)
    with pytest.raises(httpx.TimeoutException):
        await api.http.post(
            "/v1/clients", json=CLIENT, headers=api.headers("quickbooks", Idempotency_Key="a-1"), timeout=0.1
        )

    body = httpx.Request("POST", "/", json=CLIENT).content
    found = await api.post("/v1/clients", body, "quickbooks", Idempotency_Key="a-1")
    for _ in range(100):
        if found.status_code != 409:
            break
        await asyncio.sleep(0.05)
        found = await api.post("/v1/clients", body, "quickbooks", Idempotency_Key="a-1")

    assert (found.status_code, found.headers["usage-reason"]) == (201, "replay")
    assert quickbooks.stats()["writes"] == 1
    assert await units_written(api) == 1


async def invoice_of(api: Api) -> dict[str, Any]:
    """A new invoice for a client of the QuickBooks connection."""
    client = await api.first("/v1/clients?limit=1&filter[status]=active", "quickbooks")
    return {
        "client": client["id"],
        "issued_on": "2026-11-20",
        "lines": [
            {"description": "Form 1120-S", "quantity": "2", "unit_price": "150.00"},
            {"description": "Filing fee", "amount": {"amount_minor": 1250, "currency": "USD"}},
        ],
    }


async def units_written(api: Api) -> int:
    """Units of the meter `write` that are billed."""
    summary = (await api.get("/v1/usage/summary?by=meter")).json()
    return sum(group["units"] for group in summary["data"] if group["meter"] == "write")
