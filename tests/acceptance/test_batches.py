"""Several calls in one: each with its own answer, receipt and problem."""

from typing import Any

import httpx
import pytest

from service.sandbox.serve import SandboxServer
from tests.acceptance.conftest import Api, problem_of

pytestmark = pytest.mark.anyio


def get(path: str, connection: str | None = None) -> dict[str, Any]:
    headers = {} if connection is None else {"Connection-Id": connection}
    return {"method": "GET", "path": path, "headers": headers}


async def batch(api: Api, *operations: dict[str, Any]) -> httpx.Response:
    return await api.post("/v1/batch", {"operations": operations})


async def test_each_operation_is_answered_and_billed_by_itself(api: Api) -> None:
    link = api.connection("quickbooks")
    alone = await api.get("/v1/clients?limit=2", "quickbooks")

    answer = await batch(api, get("/v1/clients?limit=2", link), get("/v1/clients?limit=1&sort=nonsense", link))

    assert answer.status_code == 200, answer.text
    good, bad = answer.json()["data"]
    assert (good["status"], good["body"]["data"]) == (200, alone.json()["data"])
    assert (good["headers"]["usage-billable"], good["headers"]["usage-units"]) == ("?1", "1")
    assert (bad["status"], bad["body"]["code"]) == (400, "unsupported_sort")
    assert (bad["headers"]["usage-billable"], bad["headers"]["usage-units"]) == ("?0", "0")
    assert (answer.headers["usage-billable"], answer.headers["usage-units"]) == ("?0", "0")
    assert len({good["headers"]["request-id"], bad["headers"]["request-id"], answer.headers["request-id"]}) == 3
    receipt = await api.get(f"/v1/usage/{good['headers']['request-id']}")
    assert receipt.json()["call"]["operation"] == "listClients"


async def test_write_of_a_batch_happens_once(api: Api, quickbooks: SandboxServer) -> None:
    write = {
        "method": "POST",
        "path": "/v1/clients",
        "headers": {"Connection-Id": api.connection("quickbooks"), "Idempotency-Key": "b-1"},
        "body": {"display_name": "Alder & Sons"},
    }

    first = (await batch(api, write)).json()["data"][0]
    again = (await batch(api, write)).json()["data"][0]

    assert (first["status"], again["status"]) == (201, 201)
    assert again["body"] == first["body"]
    assert again["headers"]["usage-reason"] == "replay"
    assert quickbooks.stats()["writes"] == 1


async def test_thirty_are_answered_in_their_order(api: Api) -> None:
    link = api.connection("canopy")

    answer = await batch(api, *(get(f"/v1/clients?limit={size + 1}", link) for size in range(30)))

    assert [len(one["body"]["data"]) for one in answer.json()["data"]] == list(range(1, 31))


@pytest.mark.parametrize(
    ("operations", "pointer"),
    [
        ([], "/operations"),
        ([{"method": "GET", "path": "/v1/me"}] * 31, "/operations"),
        ([{"method": "POST", "path": "/v1/batch"}], "/operations/0/path"),
        ([{"method": "POST", "path": "/v1/batch/"}], "/operations/0/path"),
        ([{"method": "GET", "path": "/v1/%62atch"}], "/operations/0/path"),
        ([{"method": "GET", "path": "/v1/../healthz"}], "/operations/0/path"),
        ([{"method": "GET", "path": "https://elsewhere.example/v1/me"}], "/operations/0/path"),
        ([{"method": "GET", "path": "/healthz"}], "/operations/0/path"),
        ([{"method": "GET", "path": "/v1/documents/doc_1/content"}], "/operations/0/path"),
        ([{"method": "GET", "path": "/v1/billing/invoices/bill_1/pdf"}], "/operations/0/path"),
        ([{"method": "GET", "path": "/v1/usage/export?format=csv"}], "/operations/0/path"),
        ([{"method": "GET", "path": "/v1/evidence?firm=firm_1"}], "/operations/0/path"),
        ([{"method": "TRACE", "path": "/v1/me"}], "/operations/0/method"),
        ([{"method": "GET", "path": "/v1/me", "headers": {"Authorization": "Bearer x"}}], "/operations/0/headers"),
        ([{"method": "GET", "path": "/v1/me", "headers": {"Prefer": "a\r\nb"}}], "/operations/0/headers"),
    ],
)
async def test_batch_that_cannot_be_is_refused_whole(
    api: Api, operations: list[dict[str, Any]], pointer: str, quickbooks: SandboxServer
) -> None:
    answer = await batch(api, *operations)

    assert (answer.status_code, problem_of(answer)) == (422, "validation_failed")
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert quickbooks.stats()["total"] == 0


async def test_operation_of_a_batch_needs_its_scope(api: Api, keys: Any) -> None:
    reader = await keys(api, scopes=("invoices:read",))

    answer = await batch(reader, get("/v1/clients", api.connection("quickbooks")))

    assert (answer.status_code, answer.json()["data"][0]["body"]["code"]) == (200, "insufficient_scope")
