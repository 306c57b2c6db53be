"""Vendors that misbehave: each fault is a documented problem, never billed, and leaves nothing half done."""

import asyncio
import socket
import time
from typing import Any

import pytest

from service.connections.credentials import Credentials
from service.connections.link import replace_credentials
from service.db.pool import Pool
from service.sandbox.serve import SandboxServer
from service.settings import Settings
from tests.acceptance.conftest import Api, Customers, problem_of, vault_of

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("vendor", ["quickbooks", "canopy"])
async def test_expired_token_is_refreshed_once_and_invisible(
    api: Api, quickbooks: SandboxServer, canopy: SandboxServer, vendor: str
) -> None:
    sandbox = {"quickbooks": quickbooks, "canopy": canopy}[vendor]
    sandbox.fault("expire_token")

    answers = await asyncio.gather(*(api.get("/v1/clients?limit=1", vendor) for _ in range(6)))

    assert [answer.status_code for answer in answers] == [200] * 6
    assert sandbox.stats()["token_refreshes"] == 1


@pytest.mark.parametrize("vendor", ["quickbooks", "canopy"])
async def test_revoked_grant_is_424_and_the_connection_says_so(
    api: Api, settings: Settings, operator_pool: Pool, quickbooks: SandboxServer, canopy: SandboxServer, vendor: str
) -> None:
    revoked = Credentials(access_token="revoked", refresh_token="revoked")
    async with operator_pool.acquire() as connection:
        link = api.cast.connections[vendor]
        await replace_credentials(connection, vault_of(settings), api.cast.org_id, link, revoked)

    answer = await api.get("/v1/clients?limit=1", vendor)

    assert (answer.status_code, problem_of(answer)) == (424, "connection_needs_attention")
    assert (await api.receipt(answer))["call"]["reason"] == "vendor_error"
    assert await _settled(api, vendor) == ("needs_attention", 424)
    calls = quickbooks.stats()["total"] + canopy.stats()["total"]
    assert (await api.get("/v1/clients?limit=1", vendor)).status_code == 424
    assert quickbooks.stats()["total"] + canopy.stats()["total"] == calls


async def test_refused_app_secret_breaks_no_connection(api: Api, quickbooks: SandboxServer) -> None:
    quickbooks.fault("expire_token")
    quickbooks.fault("not_json", path="/oauth2/v1/tokens/bearer", status=401)

    answer = await api.get("/v1/clients?limit=1", "quickbooks")

    assert (answer.status_code, answer.json()["origin"]) == (502, "vendor")
    assert (await api.get("/v1/clients?limit=1", "quickbooks")).status_code == 200


@pytest.mark.parametrize("vendor", ["quickbooks", "canopy"])
async def test_throttled_call_is_tried_again_after_the_pause(
    api: Api, quickbooks: SandboxServer, canopy: SandboxServer, vendor: str
) -> None:
    sandbox = {"quickbooks": quickbooks, "canopy": canopy}[vendor]
    sandbox.fault("throttle", retry_after=1)

    began = time.monotonic()
    answer = await api.get("/v1/clients?limit=1", vendor)

    assert answer.status_code == 200, answer.text
    assert time.monotonic() - began >= 1
    assert answer.headers["usage-units"] == "1"


async def test_long_pause_is_handed_on_and_kept(api: Api, canopy: SandboxServer) -> None:
    canopy.fault("throttle", retry_after=30)

    first = await api.get("/v1/clients?limit=1", "canopy")
    calls = canopy.stats()["total"]
    second = await api.get("/v1/clients?limit=1", "canopy")

    for answer in (first, second):
        assert (answer.status_code, problem_of(answer)) == (503, "vendor_rate_limited")
        assert 25 <= int(answer.headers["retry-after"]) <= 30
    assert canopy.stats()["total"] == calls
    assert (await api.receipt(first))["call"]["reason"] == "vendor_error"


async def test_throttling_without_a_pause_takes_the_vendors_usual(api: Api, quickbooks: SandboxServer) -> None:
    quickbooks.fault("throttle", retry_after=None, count=None)

    answer = await api.get("/v1/clients?limit=1", "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (503, "vendor_rate_limited")
    assert int(answer.headers["retry-after"]) > 1


@pytest.mark.parametrize("vendor", ["quickbooks", "canopy"])
@pytest.mark.parametrize("status", [500, 502, 503])
async def test_failing_vendor_is_tried_again_then_given_up(
    api: Api, quickbooks: SandboxServer, canopy: SandboxServer, vendor: str, status: int
) -> None:
    sandbox = {"quickbooks": quickbooks, "canopy": canopy}[vendor]
    sandbox.fault("server_error", status=status, count=None)

    answer = await api.get("/v1/clients?limit=1", vendor)

    assert (answer.status_code, problem_of(answer)) == (503, "vendor_unavailable")
    assert answer.json()["vendor"]["http_status"] == status
    assert 1 < sandbox.stats()["total"] <= 4
    assert (await api.receipt(answer))["price"] == "0"


async def test_one_failure_is_not_seen_by_the_caller(api: Api, quickbooks: SandboxServer) -> None:
    quickbooks.fault("server_error", status=503)

    answer = await api.get("/v1/clients?limit=1", "quickbooks")

    assert (answer.status_code, answer.headers["usage-units"]) == (200, "1")


_UNREADABLE: dict[str, dict[str, Any]] = {
    "not_json": {},
    "wrong_shape": {"body": {"QueryResponse": 7}},
    "drift": {"field": "DisplayName"},
    "missing_field": {"field": "Id"},
    "redirect": {},
    "huge_body": {"size_bytes": 40 * 1024 * 1024},
}


@pytest.mark.parametrize("kind", _UNREADABLE)
async def test_unreadable_answer_is_502(api: Api, quickbooks: SandboxServer, kind: str) -> None:
    quickbooks.fault(kind, **_UNREADABLE[kind])

    answer = await api.get("/v1/clients?limit=2", "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (502, "vendor_unreadable")
    assert (answer.json()["origin"], answer.headers["usage-reason"]) == ("vendor", "vendor_error")
    assert "169.254" not in answer.text


_CANOPY_UNREADABLE: dict[str, dict[str, Any]] = {
    "not_json": {},
    "wrong_shape": {"body": {"clients": 7}},
    "drift": {"field": "display_name"},
    "redirect": {},
}


@pytest.mark.parametrize("kind", _CANOPY_UNREADABLE)
async def test_unreadable_answer_of_canopy_is_502(api: Api, canopy: SandboxServer, kind: str) -> None:
    canopy.fault(kind, **_CANOPY_UNREADABLE[kind])

    answer = await api.get("/v1/clients?limit=2", "canopy")

    assert (answer.status_code, problem_of(answer)) == (502, "vendor_unreadable")


async def test_drift_names_the_path_and_no_value(api: Api, quickbooks: SandboxServer) -> None:
    named = (await api.first("/v1/clients?limit=1", "quickbooks"))["display_name"]
    quickbooks.fault("drift", field="DisplayName")

    answer = await api.get("/v1/clients?limit=1", "quickbooks")

    assert "$.QueryResponse.Customer[0]" in answer.json()["detail"]
    assert named not in answer.text


async def test_cut_off_answer_is_tried_again(api: Api, quickbooks: SandboxServer) -> None:
    quickbooks.fault("truncated")

    answer = await api.get("/v1/clients?limit=1", "quickbooks")

    assert answer.status_code == 200, answer.text


async def test_answers_that_are_always_cut_off_are_a_problem(api: Api, quickbooks: SandboxServer) -> None:
    quickbooks.fault("truncated", count=None)

    answer = await api.get("/v1/clients?limit=1", "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (504, "vendor_timeout")


async def test_slow_answer_is_waited_for(api: Api, quickbooks: SandboxServer) -> None:
    quickbooks.fault("slow_drip", seconds=0.2)

    answer = await api.get("/v1/clients?limit=5", "quickbooks")

    assert (answer.status_code, len(answer.json()["data"])) == (200, 5)


async def test_empty_page_in_the_middle_does_not_end_the_list(api: Api, canopy: SandboxServer) -> None:
    canopy.fault("empty_middle_page", after=1)
    seen: list[str] = []
    path = "/v1/clients?limit=100"
    while path:
        page = (await api.get(path, "canopy")).json()
        seen += [client["id"] for client in page["data"]]
        path = f"/v1/clients?limit=100&cursor={page['next_cursor']}" if page["has_more"] else ""

    assert len(seen) == len(set(seen)) == 200


async def test_fault_under_200_is_a_fault(api: Api, quickbooks: SandboxServer) -> None:
    quickbooks.fault("fault_in_200", count=None)

    answer = await api.get("/v1/clients?limit=1", "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (502, "vendor_fault")


async def test_cursor_that_repeats_ends_the_list_with_a_problem(api: Api, canopy: SandboxServer) -> None:
    first = (await api.get("/v1/clients?limit=50", "canopy")).json()
    canopy.fault("repeated_cursor")

    answer = await api.get(f"/v1/clients?limit=50&cursor={first['next_cursor']}", "canopy")

    assert (answer.status_code, problem_of(answer)) == (502, "vendor_unreadable")
    assert "circle" in answer.json()["detail"]


async def test_unknown_word_of_the_vendor_is_other_and_kept(api: Api, canopy: SandboxServer) -> None:
    canopy.fault("unknown_enum", field="status", value="Dormant")

    client = await api.first("/v1/clients?limit=1", "canopy")

    assert (client["status"], client["status_native"]) == ("other", "Dormant")


async def test_dead_vendor_is_503(api: Api, operator_pool: Pool) -> None:
    with socket.socket() as taken:  # bound and not listening: nobody else answers there
        taken.bind(("127.0.0.1", 0))
        where = f"http://127.0.0.1:{taken.getsockname()[1]}"
        await operator_pool.execute(
            "UPDATE connections SET base_url = $1 WHERE id = $2", where, api.cast.connections["quickbooks"]
        )
        answer = await api.get("/v1/clients?limit=1", "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (503, "vendor_unavailable")
    assert where not in answer.text
    assert (await api.receipt(answer))["price"] == "0"


async def test_vendor_that_stays_silent_is_504(api: Api, quickbooks: SandboxServer) -> None:
    quickbooks.fault("timeout", seconds=0.1, count=None)

    answer = await api.get("/v1/clients?limit=1", "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (504, "vendor_timeout")


async def test_failing_connection_is_left_alone_for_a_while_and_others_work(
    api: Api, customers: Customers, quickbooks: SandboxServer
) -> None:
    other = await customers()
    quickbooks.fault("server_error", count=None)
    for _ in range(3):
        await api.get("/v1/clients?limit=1", "quickbooks")
    calls = quickbooks.stats()["total"]
    quickbooks.clear_faults()

    answer = await api.get("/v1/clients?limit=1", "quickbooks")

    assert (answer.status_code, answer.json()["vendor"]["code"]) == (503, "breaker_open")
    assert quickbooks.stats()["total"] == calls
    assert (await other.get("/v1/clients?limit=1", "quickbooks")).status_code == 200


@pytest.mark.parametrize("kind", ["server_error", "not_json", "redirect", "throttle"])
async def test_failed_write_is_not_billed_and_can_be_sent_again(api: Api, quickbooks: SandboxServer, kind: str) -> None:
    pause: dict[str, Any] = {"retry_after": 20} if kind == "throttle" else {}
    quickbooks.fault(kind, method="POST", count=None, **pause)
    failed = await api.post("/v1/clients", {"display_name": "Alder & Sons"}, "quickbooks", Idempotency_Key="a-1")
    quickbooks.clear_faults()

    assert failed.status_code in (502, 503, 504), failed.text
    assert problem_of(failed)
    assert quickbooks.stats()["writes"] == 0
    if kind != "throttle":
        again = await api.post("/v1/clients", {"display_name": "Alder & Sons"}, "quickbooks", Idempotency_Key="a-1")
        assert (again.status_code, "idempotency-replayed" in again.headers) == (201, False)


async def _settled(api: Api, vendor: str) -> tuple[str, int]:
    """The connection's state and the status of a call, once a change of it is felt everywhere (within a second)."""
    began = time.monotonic()
    while True:
        state = (await api.get(f"/v1/connections/{api.connection(vendor)}")).json()["state"]
        if state != "healthy" or time.monotonic() - began > 1:
            return state, (await api.get("/v1/clients?limit=1", vendor)).status_code
        await asyncio.sleep(0.02)
