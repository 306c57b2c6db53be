"""Writes that nobody waits for: answered 202, carried out once, billed when they end, found again after a crash."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from service.all_operations import operations, unopened_parts
from service.api.operation import Audit
from service.clock import now
from service.db.pool import Pool
from service.operations.jobs import end_interrupted, forget_old_operations
from service.sandbox.serve import SandboxServer
from tests.acceptance.conftest import Api, Customers, Keys, problem_of

pytestmark = pytest.mark.anyio

CLIENT = {"display_name": "Alder & Sons"}


async def begin(api: Api, key: str = "o-1", body: dict[str, Any] | None = None) -> httpx.Response:
    return await api.post(
        "/v1/clients", CLIENT if body is None else body, "quickbooks", Prefer="respond-async", Idempotency_Key=key
    )


async def ended(api: Api, location: str) -> dict[str, Any]:
    """The operation, once it is not running any more."""
    for _ in range(200):
        answer = await api.get(location)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        if found["state"] != "running":
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("still running")


async def test_write_goes_on_without_its_caller(api: Api, quickbooks: SandboxServer) -> None:
    quickbooks.limits(latency_ms=200)

    begun = await begin(api)

    assert begun.status_code == 202, begun.text
    assert begun.json()["state"] == "running"
    assert (begun.headers["usage-billable"], begun.headers["preference-applied"]) == ("?0", "respond-async")
    found = await ended(api, begun.headers["location"])
    assert (found["state"], found["result"]["status"]) == ("succeeded", 201)
    assert found["created_at"] == begun.json()["created_at"]
    assert found.keys() - begun.json().keys() == {"result"}  # one shape, from the first answer on
    assert found["result"]["body"]["display_name"] == "Alder & Sons"
    assert (await api.get(found["result"]["location"])).json() == found["result"]["body"]
    assert quickbooks.stats()["writes"] == 1


async def test_end_is_billed_and_the_beginning_is_not(api: Api) -> None:
    begun = await begin(api)
    found = await ended(api, begun.headers["location"])

    at_the_start = await api.receipt(begun)
    at_the_end = (await api.get(f"/v1/usage/{found['result']['request_id']}")).json()

    assert at_the_start["call"]["units"] == 0
    assert (at_the_end["call"]["units"], at_the_end["call"]["meter"], at_the_end["call"]["status"]) == (1, "write", 201)


async def test_same_key_after_the_end_is_a_replay(api: Api, quickbooks: SandboxServer) -> None:
    begun = await begin(api)
    found = await ended(api, begun.headers["location"])

    again = await api.post("/v1/clients", CLIENT, "quickbooks", Idempotency_Key="o-1")

    assert (again.status_code, again.json()) == (201, found["result"]["body"])
    assert again.headers["usage-reason"] == "replay"
    assert quickbooks.stats()["writes"] == 1


async def test_result_is_a_disclosure_and_goes_out_only_while_a_consent_lets_it(api: Api) -> None:
    begun = await begin(api)
    found = await ended(api, begun.headers["location"])
    (consent,) = (one for one in await consents(api) if one["connection"] == api.connection("quickbooks"))
    told = [one for one in await disclosures(api) if one["operation"] == "getOperation"]
    await api.post(f"/v1/consents/{consent['id']}/revoke", {})
    async with asyncio.timeout(5):
        while (await api.get("/v1/clients?limit=1", "quickbooks")).status_code != 403:  # noqa: ASYNC110 (a second)
            await asyncio.sleep(0.02)
    told_before = len([one for one in await disclosures(api) if one["operation"] == "getOperation"])

    after = (await api.get(begun.headers["location"])).json()
    told_after = len([one for one in await disclosures(api) if one["operation"] == "getOperation"])

    assert {one for disclosed in told for one in disclosed["consents"]} == {consent["id"]}
    assert after == found | {"result": found["result"] | {"body": None}}
    assert told_after == told_before


async def consents(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await api.get("/v1/consents")).json()["data"]
    return found


async def disclosures(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await api.get("/v1/disclosures?limit=100")).json()["data"]
    return found


def test_every_write_that_may_be_slow_is_of_the_noun_that_its_scope_names() -> None:
    writes = [one for one in operations(unopened_parts()) if (one.scope or "").endswith(":write")]
    of_firms = [one for one in writes if one.audit is Audit.CLIENT_DATA]

    assert {one.id for one in of_firms if (one.scope or "").partition(":")[0] != one.tag} == set()


async def test_refused_write_ends_failed_with_its_problem(api: Api) -> None:
    await api.post("/v1/clients", CLIENT, "quickbooks")

    found = await ended(api, (await begin(api)).headers["location"])

    assert (found["state"], found["result"]["status"]) == ("failed", 409)
    assert found["result"]["body"]["code"] == "conflict"


async def test_write_nobody_answered_ends_unknown_and_is_settled(api: Api, quickbooks: SandboxServer) -> None:
    quickbooks.fault("lost_answer", count=None)
    begun = await begin(api)
    lost = await ended(api, begun.headers["location"])
    quickbooks.clear_faults()

    settled = await api.post("/v1/clients", CLIENT, "quickbooks", Idempotency_Key="o-1")

    assert (lost["state"], lost["result"]["body"]["code"]) == ("unknown", "outcome_unknown")
    assert settled.status_code == 201, settled.text
    assert quickbooks.stats()["writes"] == 1


async def test_mistake_is_told_at_once(api: Api) -> None:
    answer = await begin(api, body={"nonsense": 1})

    assert (answer.status_code, problem_of(answer)) == (422, "validation_failed")


async def test_operation_of_a_dead_process_is_carried_on(
    api: Api, operator_pool: Pool, database: Any, quickbooks: SandboxServer
) -> None:
    begun = await begin(api)
    await ended(api, begun.headers["location"])
    await _as_if_the_process_had_died(database)

    found = await ended(api, begun.headers["location"])

    assert (found["state"], found["result"]["status"]) == ("succeeded", 201)
    assert quickbooks.stats()["writes"] == 1


async def test_operation_of_a_dead_process_is_interrupted_for_other_keys(
    api: Api, keys: Keys, database: Any, quickbooks: SandboxServer
) -> None:
    begun = await begin(api)
    await ended(api, begun.headers["location"])
    await _as_if_the_process_had_died(database)
    calls = quickbooks.stats()["total"]

    found = (await (await keys(api)).get(begun.headers["location"])).json()

    assert found["state"] == "interrupted"
    assert quickbooks.stats()["total"] == calls


async def test_operation_is_seen_by_whom_its_result_may_be(api: Api, keys: Keys, customers: Customers) -> None:
    begun = await begin(api)
    await ended(api, begun.headers["location"])
    other = await customers()
    reader = await keys(api, scopes=("clients:read",))
    bound = await keys(api, connection_ids=[api.cast.connections["canopy"]])

    for stranger in (other, reader, bound):
        answer = await stranger.get(begun.headers["location"])
        assert (answer.status_code, problem_of(answer)) == (404, "not_found")


async def test_operation_nobody_asks_for_ends_unknown_and_its_key_settles_it(
    api: Api, operator_pool: Pool, database: Any, quickbooks: SandboxServer
) -> None:
    begun = await begin(api)
    await ended(api, begun.headers["location"])
    await _as_if_the_process_had_died(database, hours_ago=1)

    async with operator_pool.acquire() as connection:
        await end_interrupted(connection, now())
    left = (await api.get(begun.headers["location"])).json()
    again = await api.post("/v1/clients", CLIENT, "quickbooks", Idempotency_Key="o-1")
    settled = (await api.get(begun.headers["location"])).json()

    assert (left["state"], "result" in left, left["ended_at"] is None) == ("unknown", False, False)
    assert again.status_code == 201, again.text
    assert (settled["state"], settled["result"]["body"]) == ("succeeded", again.json())
    assert quickbooks.stats()["writes"] == 1


async def test_operation_interrupted_just_now_is_left_to_its_key(
    api: Api, operator_pool: Pool, database: Any, quickbooks: SandboxServer
) -> None:
    begun = await begin(api)
    await ended(api, begun.headers["location"])
    await _as_if_the_process_had_died(database)

    async with operator_pool.acquire() as connection:
        await end_interrupted(connection, now())

    assert (await ended(api, begun.headers["location"]))["state"] == "succeeded"


async def test_operation_is_forgotten_after_thirty_days(api: Api, operator_pool: Pool) -> None:
    begun = await begin(api)
    await ended(api, begun.headers["location"])

    async with operator_pool.acquire() as connection:
        await forget_old_operations(connection, now() + timedelta(days=29))
        kept = await api.get(begun.headers["location"])
        await forget_old_operations(connection, now() + timedelta(days=30))
    gone = await api.get(begun.headers["location"])

    assert (kept.status_code, gone.status_code) == (200, 404)


async def _as_if_the_process_had_died(database: Any, hours_ago: int = 0) -> None:
    """The write has reached the vendor, and nobody lived to note its end."""
    connection = await asyncpg.connect(database.owner_url)
    await connection.execute(
        "UPDATE operations SET state = 'running', ended_at = NULL, request_id = NULL, status = NULL, answer = NULL,"
        " held_until = now() - $1::interval",
        timedelta(hours=hours_ago, seconds=1),
    )
    await connection.execute(
        "UPDATE idempotency_claims SET status = NULL, answer = NULL, held_until = now() - $1::interval",
        timedelta(seconds=1),
    )
    await connection.close()
