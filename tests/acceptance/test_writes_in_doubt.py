"""Writes of which nobody knows the outcome: settled by the worker, once at the vendor and once on the bill."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from service.accounts.keys import revoke_key
from service.clock import now
from service.db.pool import Pool
from service.jobs.settler import Settling
from service.operations.settling import PAUSES
from service.sandbox import serve
from service.sandbox.serve import SandboxServer
from service.settings import Settings
from tests.acceptance.conftest import Api, Customers, customers_of, problem_of
from tests.conftest import Database

pytestmark = pytest.mark.anyio

CLIENT: dict[str, Any] = {"display_name": "Alder & Sons"}
PERSON: dict[str, Any] = {"display_name": "Rowan Alder", "kind": "individual"}
"""As Sodium takes one, which keeps no idempotency keys."""
MARKED: dict[str, Any] = {
    **PERSON,
    "external_id": "ALD-0117",
    "emails": [{"address": "rowan@alder.example"}],
    "phones": [{"number": "555-0117"}],
}


@pytest.fixture(scope="module")
def sodium_server() -> Iterator[SandboxServer]:
    with serve.running("sodium") as server:
        yield server


@pytest.fixture
def sodium(sodium_server: SandboxServer) -> SandboxServer:
    sodium_server.reset()
    return sodium_server


@pytest.fixture
def customers(
    http: httpx.AsyncClient,
    settings: Settings,
    operator_pool: Pool,
    quickbooks: SandboxServer,
    sodium: SandboxServer,
) -> Customers:
    return customers_of(http, settings, operator_pool, quickbooks, sodium)


class Worker:
    """The product's rounds of settling, at an instant that is said."""

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._settings = settings
        self._pool = pool

    async def settle(self, after: timedelta = timedelta(minutes=2)) -> None:
        await Settling(self._settings, self._pool, lambda: now() + after).settle_once()


@pytest.fixture
async def worker(settings: Settings, operator_pool: Pool, database: Database) -> Worker:
    await operator_pool.execute("DELETE FROM idempotency_claims")  # what other tests have left in doubt
    return Worker(settings, operator_pool)


async def lost(api: Api, sandbox: SandboxServer, body: dict[str, Any], *, done: bool = True) -> str:
    """Where the operation is of a new client whose creation nobody answered, done or not."""
    sandbox.fault("lost_answer" if done else "timeout", method="POST", seconds=0)
    answer = await api.post("/v1/clients", body, sandbox.vendor, Prefer="wait=0", Idempotency_Key="a-1")
    assert (answer.status_code, problem_of(answer)) == (504, "outcome_unknown"), answer.text
    return answer.headers["location"]


async def found(api: Api, location: str) -> dict[str, Any]:
    answer = await api.get(location)
    assert answer.status_code == 200, answer.text
    operation: dict[str, Any] = answer.json()
    return operation


async def units_written(api: Api) -> int:
    summary = (await api.get("/v1/usage/summary?by=meter")).json()
    return sum(group["units"] for group in summary["data"] if group["meter"] == "write")


async def test_write_that_was_done_is_found_and_billed_once(
    api: Api, worker: Worker, quickbooks: SandboxServer
) -> None:
    location = await lost(api, quickbooks, CLIENT)
    before = await found(api, location)

    await worker.settle()
    await worker.settle(timedelta(hours=1))

    operation = await found(api, location)
    assert (before["state"], operation["state"], operation["result"]["status"]) == ("unknown", "succeeded", 201)
    assert operation["result"]["body"] == (await api.get(operation["result"]["location"])).json()
    assert quickbooks.stats()["writes"] == 1
    assert await units_written(api) == 1
    receipt = (await api.get(f"/v1/usage/{operation['result']['request_id']}")).json()
    assert (receipt["call"]["units"], receipt["call"]["status"], receipt["call"]["operation"]) == (
        1,
        201,
        "createClient",
    )


async def test_settled_write_is_a_replay_for_its_key(api: Api, worker: Worker, quickbooks: SandboxServer) -> None:
    location = await lost(api, quickbooks, CLIENT)
    await worker.settle()

    again = await api.post("/v1/clients", CLIENT, "quickbooks", Idempotency_Key="a-1")

    assert (again.status_code, again.headers["usage-reason"]) == (201, "replay")
    assert again.json() == (await found(api, location))["result"]["body"]
    assert quickbooks.stats()["writes"] == 1


async def test_write_that_never_arrived_is_done_where_the_vendor_keeps_keys(
    api: Api, worker: Worker, quickbooks: SandboxServer
) -> None:
    location = await lost(api, quickbooks, CLIENT, done=False)
    assert quickbooks.stats()["writes"] == 0

    await worker.settle()

    assert (await found(api, location))["state"] == "succeeded"
    assert quickbooks.stats()["writes"] == 1
    assert await units_written(api) == 1


async def test_write_that_the_vendor_refused_ends_failed(api: Api, worker: Worker, quickbooks: SandboxServer) -> None:
    await api.post("/v1/clients", CLIENT, "quickbooks")
    location = await lost(api, quickbooks, CLIENT)

    await worker.settle()

    operation = await found(api, location)
    again = await api.post("/v1/clients", CLIENT, "quickbooks", Idempotency_Key="a-1")
    assert (operation["state"], operation["result"]["status"]) == ("failed", 409)
    assert operation["result"]["body"]["code"] == "conflict"
    assert (again.status_code, again.headers["idempotency-replayed"]) == (409, "true")
    assert await units_written(api) == 1


async def test_write_that_nothing_tells_of_ends_unknown_and_says_what_to_do(
    api: Api, worker: Worker, sodium: SandboxServer
) -> None:
    location = await lost(api, sodium, PERSON)

    await worker.settle()

    operation = await found(api, location)
    again = await api.post("/v1/clients", PERSON, "sodium", Idempotency_Key="a-1")
    assert (operation["state"], operation["result"]["body"]["code"]) == ("unknown", "outcome_unsettled")
    assert "new Idempotency-Key" in operation["result"]["body"]["hint"]
    assert (again.status_code, again.json()["code"]) == (409, "outcome_unsettled")
    assert sodium.stats()["writes"] == 1
    assert await units_written(api) == 0


async def test_write_is_never_sent_twice_to_a_vendor_without_keys(api: Api, sodium: SandboxServer) -> None:
    await lost(api, sodium, PERSON)

    again = await api.post("/v1/clients", PERSON, "sodium", Idempotency_Key="a-1")

    assert again.status_code in (409, 504), again.text
    assert sodium.stats()["writes"] == 1


@pytest.mark.parametrize(("status", "again_status", "writes"), [(503, 201, 1), (500, 504, 0)])
async def test_failing_vendor_without_keys_gets_again_only_what_it_has_not_begun(
    api: Api, sodium: SandboxServer, status: int, again_status: int, writes: int
) -> None:
    sodium.fault("server_error", status=status, method="POST")
    failed = await api.post("/v1/clients", PERSON, "sodium", Idempotency_Key="a-1")

    again = await api.post("/v1/clients", PERSON, "sodium", Idempotency_Key="a-1")

    assert (failed.status_code, again.status_code) == (503, again_status), again.text
    assert ("location" in failed.headers) == (again_status == 504)
    assert sodium.stats()["writes"] == writes


async def test_change_of_which_a_part_is_done_is_not_begun_again(
    api: Api, worker: Worker, sodium: SandboxServer
) -> None:
    made = (await api.post("/v1/clients", PERSON, "sodium")).json()
    change = {"display_name": "Rowan Birch", "external_links": [{"url": "https://alder.example", "label": "Site"}]}
    sodium.fault("server_error", status=503, method="PUT")
    failed = await api.patch(f"/v1/clients/{made['id']}", change, Idempotency_Key="a-1")
    writes = sodium.stats()["writes"]

    again = await api.patch(f"/v1/clients/{made['id']}", change, Idempotency_Key="a-1")
    await worker.settle()

    operation = await found(api, failed.headers["location"])
    assert (failed.status_code, again.status_code) == (503, 504), again.text
    assert (operation["state"], operation["result"]["body"]["code"]) == ("unknown", "outcome_unsettled")
    assert (writes, sodium.stats()["writes"]) == (2, 2)


async def test_marked_record_is_found_at_a_vendor_without_keys(api: Api, worker: Worker, sodium: SandboxServer) -> None:
    location = await lost(api, sodium, MARKED)

    await worker.settle()

    operation = await found(api, location)
    assert (operation["state"], operation["result"]["body"]["external_id"]) == ("succeeded", "ALD-0117")
    assert (await api.get(operation["result"]["location"])).json() == operation["result"]["body"]
    assert sodium.stats()["writes"] == 1
    assert await units_written(api) == 1


async def test_marked_record_of_somebody_else_is_not_taken_for_the_written_one(
    api: Api, worker: Worker, sodium: SandboxServer
) -> None:
    location = await lost(api, sodium, MARKED, done=False)
    await api.post("/v1/clients", {**MARKED, "display_name": "Rowan Birch"}, "sodium")

    await worker.settle()

    operation = await found(api, location)
    assert (operation["state"], operation["result"]["body"]["code"]) == ("unknown", "outcome_unsettled")


async def test_marked_record_that_is_not_there_was_not_made(api: Api, worker: Worker, sodium: SandboxServer) -> None:
    location = await lost(api, sodium, MARKED, done=False)

    await worker.settle()

    operation = await found(api, location)
    assert (operation["state"], operation["result"]["body"]["code"]) == ("failed", "not_carried_out")
    assert sodium.stats()["writes"] == 0
    assert await units_written(api) == 0


@pytest.mark.parametrize(
    ("done", "state", "code"), [(True, "succeeded", None), (False, "unknown", "outcome_unsettled")]
)
async def test_change_is_read_back_at_a_vendor_without_keys(
    api: Api, worker: Worker, sodium: SandboxServer, done: bool, state: str, code: str | None
) -> None:
    made = (await api.post("/v1/clients", PERSON, "sodium")).json()
    sodium.fault("lost_answer" if done else "timeout", method="PUT", seconds=0)
    answer = await api.patch(f"/v1/clients/{made['id']}", {"display_name": "Rowan Birch"}, Idempotency_Key="a-1")

    await worker.settle()

    operation = await found(api, answer.headers["location"])
    assert (operation["state"], operation["result"]["body"].get("code")) == (state, code)
    assert (await api.get(f"/v1/clients/{made['id']}")).json()["display_name"] == (
        "Rowan Birch" if done else "Rowan Alder"
    )
    assert sodium.stats()["writes"] == 1 + done


@pytest.mark.parametrize(("done", "state", "status"), [(True, "succeeded", 204), (False, "failed", 409)])
async def test_deletion_is_looked_for_at_a_vendor_without_keys(
    api: Api, worker: Worker, sodium: SandboxServer, done: bool, state: str, status: int
) -> None:
    made = (await api.post("/v1/clients", PERSON, "sodium")).json()
    sodium.fault("lost_answer" if done else "timeout", method="DELETE", seconds=0)
    headers = api.headers("sodium", Idempotency_Key="a-1")
    answer = await api.http.delete(f"/v1/clients/{made['id']}", headers=headers)

    await worker.settle()

    operation = await found(api, answer.headers["location"])
    assert (operation["state"], operation["result"]["status"]) == (state, status)
    assert (await api.get(f"/v1/clients/{made['id']}")).status_code == (404 if done else 200)


async def test_write_of_a_revoked_key_is_not_sent_again(
    api: Api, worker: Worker, operator_pool: Pool, keys: Any, quickbooks: SandboxServer
) -> None:
    reader = await keys(api)
    location = await lost(api, quickbooks, CLIENT, done=False)
    await revoke(operator_pool, api)

    await worker.settle()

    operation = await found(reader, location)
    assert (operation["state"], operation["result"]["body"]["code"]) == ("unknown", "outcome_unsettled")
    assert quickbooks.stats()["writes"] == 0


async def test_write_of_a_revoked_key_is_still_read_back(
    api: Api, worker: Worker, operator_pool: Pool, keys: Any, sodium: SandboxServer
) -> None:
    reader = await keys(api)
    location = await lost(api, sodium, MARKED)
    await revoke(operator_pool, api)

    await worker.settle()

    assert (await found(reader, location))["state"] == "succeeded"
    assert sodium.stats()["writes"] == 1


async def revoke(pool: Pool, api: Api) -> None:
    """The key that writes; those minted later stay."""
    async with pool.acquire() as connection:
        first = await connection.fetchval(
            "SELECT id FROM api_keys WHERE org_id = $1 ORDER BY id LIMIT 1", api.cast.org_id
        )
        await revoke_key(connection, api.cast.org_id, first)


async def test_write_through_a_connection_that_is_gone_ends_unknown_after_the_last_look(
    api: Api, worker: Worker, database: Database, quickbooks: SandboxServer
) -> None:
    location = await lost(api, quickbooks, CLIENT)
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("UPDATE connections SET state = 'paused' WHERE id = $1", api.cast.connections["quickbooks"])
    await owner.close()
    calls = quickbooks.stats()["total"]

    at = timedelta(minutes=2)
    for pause in (*PAUSES, timedelta()):
        await worker.settle(at)
        at += pause + timedelta(minutes=1)

    operation = await found(api, location)
    assert (operation["state"], operation["result"]["body"]["code"]) == ("unknown", "outcome_unsettled")
    assert operation["result"]["status"] == 409
    assert quickbooks.stats()["total"] == calls
    assert await units_written(api) == 0
    again = await api.post("/v1/clients", CLIENT, "quickbooks", Idempotency_Key="a-1")
    assert again.status_code != 201


async def test_vendor_that_is_away_is_asked_again_later(api: Api, worker: Worker, quickbooks: SandboxServer) -> None:
    location = await lost(api, quickbooks, CLIENT)
    quickbooks.fault("server_error", count=None, status=500)
    await worker.settle()
    meanwhile = await found(api, location)
    quickbooks.clear_faults()

    await worker.settle(timedelta(minutes=6))

    assert meanwhile["state"] == "unknown"
    assert (await found(api, location))["state"] == "succeeded"
    assert quickbooks.stats()["writes"] == 1


async def test_caller_has_a_minute_and_a_half_before_the_worker_comes(
    api: Api, worker: Worker, quickbooks: SandboxServer
) -> None:
    location = await lost(api, quickbooks, CLIENT)
    calls = quickbooks.stats()["total"]

    await worker.settle(timedelta(seconds=80))

    assert (await found(api, location))["state"] == "unknown"
    assert quickbooks.stats()["total"] == calls


async def test_audit_log_names_the_key_and_the_worker(api: Api, worker: Worker, quickbooks: SandboxServer) -> None:
    location = await lost(api, quickbooks, CLIENT)
    await worker.settle()
    request_id = (await found(api, location))["result"]["request_id"]

    rows = (await api.get("/v1/audit?filter[what]=createClient")).json()["data"]

    by = {row["id"]: (row["by"], row["actor"][:4], row["status"]) for row in rows}
    assert by.pop(request_id) == ("worker", "key_", 201)
    assert list(by.values()) == [(None, "key_", 504)]


async def test_operation_whose_write_was_over_is_ended_from_what_was_kept(
    api: Api, worker: Worker, database: Database, quickbooks: SandboxServer
) -> None:
    location = await lost(api, quickbooks, CLIENT)
    await worker.settle()
    settled = await found(api, location)
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute(
        "UPDATE operations SET state = 'running', ended_at = NULL, request_id = NULL, status = NULL, answer = NULL,"
        " held_until = now() - interval '2 minutes'"
    )
    await owner.close()

    await worker.settle()

    again = await found(api, location)
    assert {**again, "ended_at": settled["ended_at"]} == settled
    assert await units_written(api) == 1


async def test_write_that_was_billed_before_its_process_died_is_not_billed_again(
    api: Api, worker: Worker, database: Database, quickbooks: SandboxServer
) -> None:
    begun = await api.post("/v1/clients", CLIENT, "quickbooks", Prefer="respond-async", Idempotency_Key="a-1")
    while (await found(api, begun.headers["location"]))["state"] == "running":
        pass
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute(
        "UPDATE operations SET state = 'running', ended_at = NULL, request_id = NULL, status = NULL, answer = NULL,"
        " held_until = now() - interval '2 minutes'"
    )
    await owner.execute(
        "UPDATE idempotency_claims SET status = NULL, answer = NULL, in_doubt = true,"
        " held_until = now() - interval '1 second'"
    )
    await owner.close()

    await worker.settle()

    operation = await found(api, begun.headers["location"])
    receipt = (await api.get(f"/v1/usage/{operation['result']['request_id']}")).json()
    assert (operation["state"], operation["result"]["status"]) == ("succeeded", 201)
    assert (receipt["call"]["reason"], receipt["call"]["units"]) == ("replay", 0)
    assert quickbooks.stats()["writes"] == 1
    assert await units_written(api) == 1


def test_looks_are_over_while_vendors_still_keep_keys() -> None:
    assert sum(PAUSES, timedelta(minutes=2)) < timedelta(hours=20)
