"""Budgets over the whole product: set over HTTP, felt within a second, 402 before the vendor is called."""

import asyncio
import time
from uuid import uuid4

import pytest

from service import ids
from service.sandbox.serve import SandboxServer
from tests.acceptance.conftest import Api, Customers, Keys, problem_of

pytestmark = pytest.mark.anyio


async def _set(api: Api, **budget: object) -> dict[str, object]:
    answer = await api.http.put("/v1/billing/budgets", json=budget, headers=api.headers())
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


async def _refused(api: Api) -> object:
    """The first 402, at most a second after its budget."""
    began = time.monotonic()
    while (answer := await api.get("/v1/clients", "quickbooks")).status_code == 200:
        assert time.monotonic() - began < 1.5
        await asyncio.sleep(0.05)
    assert problem_of(answer) == "spend_cap_reached"
    return answer.json()


async def test_a_spent_budget_is_a_402_before_the_vendor_is_called(api: Api, quickbooks: SandboxServer) -> None:
    shown = await _set(api, scope="key", id=(await api.get("/v1/me")).json()["key"], span="day", limit_minor=0)
    assert [one["limit"] for one in shown["data"]] == [{"amount_minor": 0, "currency": "USD"}]  # type: ignore[attr-defined]
    problem = await _refused(api)
    before = quickbooks.stats()

    again = await api.get("/v1/clients", "quickbooks")

    assert again.status_code == 402
    assert quickbooks.stats() == before
    assert "PUT /v1/billing/budgets" in problem["hint"]  # type: ignore[index]
    assert "daily budget of key_" in problem["detail"]  # type: ignore[index]
    assert (await api.receipt(again))["call"]["billable"] is False
    assert (await api.get("/v1/usage")).status_code == 200


async def test_a_raised_budget_lets_calls_through_again(api: Api) -> None:
    connection = api.connection("quickbooks")
    await _set(api, scope="connection", id=connection, span="month", limit_minor=0)
    await _refused(api)
    await _set(api, scope="connection", id=connection, span="month", limit_minor=100)
    await asyncio.sleep(0.2)

    answers = [await api.get("/v1/clients", "quickbooks") for _ in range(3)]

    assert [one.status_code for one in answers] == [200] * 3
    (budget,) = (await api.get("/v1/billing/budgets")).json()["data"]
    assert budget["spent"] == "0.012" or float(budget["spent"]) >= 0.012
    assert budget["span"] == "month"


async def test_a_bound_key_sets_no_budget_and_sees_none_of_what_it_cannot_reach(api: Api, keys: Keys) -> None:
    mine, hidden = api.connection("canopy"), api.connection("quickbooks")
    bound = await keys(api, connection_ids=[api.cast.connections["canopy"]])
    await _set(api, scope="organization", span="month", limit_minor=900)
    await _set(api, scope="connection", id=mine, span="month", limit_minor=500)
    await _set(api, scope="connection", id=hidden, span="month", limit_minor=500)
    own = {"scope": "key", "id": (await bound.get("/v1/me")).json()["key"], "span": "day", "limit_minor": 10**6}
    everything = {"scope": "organization", "span": "month", "limit_minor": None}

    refused = [
        await bound.http.put("/v1/billing/budgets", json=one, headers=bound.headers()) for one in (own, everything)
    ]
    shown = (await bound.get("/v1/billing/budgets")).json()["data"]

    assert {problem_of(one) for one in refused} == {"insufficient_scope"}
    assert [one["id"] for one in shown] == [ids.encode("org", api.cast.org_id), mine]


async def test_a_free_call_needs_no_budget(api: Api) -> None:
    await _set(api, scope="organization", span="month", limit_minor=0)
    await asyncio.sleep(1)

    answers = [await api.get("/v1/clients", "quickbooks") for _ in range(3)]

    assert [one.status_code for one in answers] == [200] * 3  # of the plan's free units


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"scope": "organization", "span": "month", "limit_minor": -1}, "validation_failed"),
        ({"scope": "organization", "span": "month", "limit_minor": 1.5}, "validation_failed"),
        ({"scope": "organization", "span": "week", "limit_minor": 1}, "validation_failed"),
        ({"scope": "key", "span": "day", "limit_minor": 1}, "validation_failed"),
        ({"scope": "key", "id": "con_x", "span": "day", "limit_minor": 1}, "validation_failed"),
    ],
)
async def test_a_senseless_budget_is_refused(api: Api, body: dict[str, object], code: str) -> None:
    answer = await api.http.put("/v1/billing/budgets", json=body, headers=api.headers())

    assert (answer.status_code, problem_of(answer)) == (422, code)
    assert (await api.get("/v1/billing/budgets")).json()["data"] == []


@pytest.mark.parametrize(("scope", "prefix"), [("key", "key"), ("connection", "con")])
async def test_a_budget_of_what_the_organization_does_not_have_is_a_404_that_names_the_field(
    api: Api, customers: Customers, scope: str, prefix: str
) -> None:
    stranger = await customers()
    theirs = {"key": (await stranger.get("/v1/me")).json()["key"], "connection": stranger.connection("quickbooks")}

    for id_ in (ids.encode(prefix, uuid4()), theirs[scope]):
        body = {"scope": scope, "id": id_, "span": "day", "limit_minor": 5}
        answer = await api.http.put("/v1/billing/budgets", json=body, headers=api.headers())

        assert (answer.status_code, problem_of(answer)) == (404, "not_found")
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/id"]
    assert (await api.get("/v1/billing/budgets")).json()["data"] == []


async def test_a_budget_is_taken_away_by_null(api: Api) -> None:
    await _set(api, scope="organization", span="day", limit_minor=5)

    assert (await _set(api, scope="organization", span="day", limit_minor=None))["data"] == []


async def test_budgets_need_their_own_scope(api: Api, keys: Keys) -> None:
    reader = await keys(api, scopes=("billing:read",))
    body = {"scope": "organization", "span": "day", "limit_minor": 5}

    answer = await reader.http.put("/v1/billing/budgets", json=body, headers=reader.headers())

    assert (answer.status_code, problem_of(answer)) == (403, "insufficient_scope")
