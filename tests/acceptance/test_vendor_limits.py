"""A vendor's limit is kept: a call waits for room as long as its caller chose, and the vendor never says 429."""

import asyncio

import pytest

from service.sandbox.serve import SandboxServer
from tests.acceptance.conftest import Api, problem_of

pytestmark = pytest.mark.anyio

MORE_THAN_A_SECOND_TAKES = 14


async def test_who_waits_is_served_and_who_does_not_is_refused_at_once(api: Api, quickbooks: SandboxServer) -> None:
    quickbooks.limits(per_second=10, per_minute=None)
    asked = range(MORE_THAN_A_SECOND_TAKES)

    hurried = await asyncio.gather(*(api.get("/v1/clients?limit=1", "quickbooks", Prefer="wait=0") for _ in asked))
    await asyncio.sleep(1.5)
    patient = await asyncio.gather(*(api.get("/v1/clients?limit=1", "quickbooks", Prefer="wait=10") for _ in asked))

    refused = [answer for answer in hurried if answer.status_code != 200]
    assert 1 <= len(refused) < MORE_THAN_A_SECOND_TAKES
    for answer in refused:
        assert (answer.status_code, problem_of(answer)) == (503, "vendor_rate_limited")
        assert int(answer.headers["retry-after"]) >= 1
    assert [answer.status_code for answer in patient] == [200] * MORE_THAN_A_SECOND_TAKES
    assert all('"vendor";r=' in answer.headers["upstream-ratelimit"] for answer in patient)
    assert quickbooks.stats()["throttled"] == 0
