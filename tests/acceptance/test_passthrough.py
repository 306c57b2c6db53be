"""A vendor's own endpoints: only those listed, on its own host and account, without secrets, on the bill."""

import pytest

from service.sandbox.serve import SandboxServer
from tests.acceptance.conftest import Api, problem_of

pytestmark = pytest.mark.anyio


async def test_vendors_own_answer_comes_through(api: Api) -> None:
    answer = await api.get("/v1/passthrough/quickbooks/preferences", "quickbooks")

    assert answer.status_code == 200, answer.text
    assert "Preferences" in answer.json()
    assert (answer.headers["usage-meter"], answer.headers["usage-units"]) == ("passthrough", "1")
    assert (await api.receipt(answer))["call"]["operation"] == "passThroughGet"


async def test_query_goes_along(api: Api) -> None:
    path = "/v1/passthrough/quickbooks/query?query=select%20*%20from%20Customer%20maxresults%203"

    answer = await api.get(path, "quickbooks")

    assert len(answer.json()["QueryResponse"]["Customer"]) == 3


async def test_secrets_are_taken_out(api: Api) -> None:
    path = "/v1/passthrough/quickbooks/query?query=select%20*%20from%20Attachable%20maxresults%205"

    answer = await api.get(path, "quickbooks")

    assert len(answer.json()["QueryResponse"]["Attachable"]) == 5
    assert "TempDownloadUri" not in answer.text
    assert "X-Amz-Signature" not in answer.text


async def test_search_by_post_is_a_read_without_a_key(api: Api) -> None:
    answer = await api.http.post(
        "/v1/passthrough/canopy/clients/search", json={"page": {"size": 2}}, headers=api.headers("canopy")
    )

    assert answer.status_code == 200, answer.text
    assert len(answer.json()["clients"]) == 2
    assert "ein" not in answer.json()["clients"][0]


async def test_slashes_may_come_escaped_as_generated_clients_write_them(api: Api) -> None:
    answer = await api.http.post(
        "/v1/passthrough/canopy/clients%2Fsearch", json={"page": {"size": 2}}, headers=api.headers("canopy")
    )

    assert answer.status_code == 200, answer.text
    assert len(answer.json()["clients"]) == 2


@pytest.mark.parametrize(("dry_run", "status"), [("false", 200), ("true", 400), ("perhaps", 400)])
async def test_search_by_post_has_no_dry_run(api: Api, canopy: SandboxServer, dry_run: str, status: int) -> None:
    answer = await api.post(f"/v1/passthrough/canopy/clients/search?dry_run={dry_run}", {"page": {"size": 2}}, "canopy")

    assert answer.status_code == status, answer.text
    assert canopy.stats()["total"] == (1 if status == 200 else 0)


@pytest.mark.parametrize(
    "path",
    [
        "customer/1",
        "batch",
        "invoice/1/void",
        "preferences/../customer/1",
        "preferences/%2e%2e/customer/1",
        "..%2f..%2fcompany",
        "vendor/1%2f2",
    ],
)
async def test_path_that_is_not_listed_reaches_nobody(api: Api, quickbooks: SandboxServer, path: str) -> None:
    answer = await api.get(f"/v1/passthrough/quickbooks/{path}", "quickbooks")

    assert answer.status_code in (403, 404)
    assert problem_of(answer) in ("passthrough_not_allowed", "not_found")
    assert quickbooks.stats()["total"] == 0


async def test_post_to_what_can_only_be_read_is_refused(api: Api, quickbooks: SandboxServer) -> None:
    answer = await api.post("/v1/passthrough/quickbooks/preferences", {}, "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (403, "passthrough_not_allowed")
    assert quickbooks.stats()["total"] == 0


async def test_connection_to_another_vendor_is_refused(api: Api, canopy: SandboxServer) -> None:
    answer = await api.get("/v1/passthrough/quickbooks/preferences", "canopy")

    assert (answer.status_code, problem_of(answer)) == (404, "not_found")
    assert canopy.stats()["total"] == 0


async def test_vendors_fault_is_a_problem_and_free(api: Api) -> None:
    answer = await api.get("/v1/passthrough/quickbooks/query?query=select%20nonsense", "quickbooks")

    assert answer.status_code >= 400
    problem_of(answer)


async def test_coverage_lists_what_passes(api: Api) -> None:
    listed = (await api.get("/v1/vendors/sodium/coverage")).json()["passthrough"]

    assert {"method": "GET", "path": "/aml/clients"} in [{k: one[k] for k in ("method", "path")} for one in listed]
