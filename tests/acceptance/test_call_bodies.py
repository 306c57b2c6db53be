"""Bodies of test calls are kept where that is wanted, redacted and for a while; those of live calls never."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from service import ids
from service.accounts.tokens import Mode
from service.clock import now
from service.db.pool import Pool, as_organization
from service.jobs.worker import JOBS, run_due
from service.usage.bodies import BodyKeeper
from tests.acceptance.conftest import Api, Customers, Keys, problem_of

pytestmark = pytest.mark.anyio

SETTINGS = "/v1/request-log-settings"


async def keep(api: Api, days: int | None) -> None:
    answer = await api.http.put(SETTINGS, json={"test_bodies_days": days}, headers=api.headers())
    assert (answer.status_code, answer.json()["test_bodies_days"]) == (200, days)


async def bodies_of(api: Api, answer: httpx.Response) -> httpx.Response:
    """The bodies are kept after the answer has left: asked for until they are there."""
    path = f"/v1/usage/{answer.headers['request-id']}/bodies"
    for _ in range(50):
        found = await api.get(path)
        if found.status_code == 200:
            return found
        await asyncio.sleep(0.02)
    return await api.get(path)


async def count(pool: Pool, api: Api) -> int:
    found: int = await pool.fetchval("SELECT count(*) FROM call_bodies WHERE org_id = $1", api.cast.org_id)
    return found


async def test_test_call_is_kept_redacted_and_sealed(api: Api, keys: Keys, operator_pool: Pool) -> None:
    test = await keys(api, mode=Mode.TEST)
    await keep(api, 7)

    call = await test.post("/v1/firms", {"name": "Vale CPAs", "client_secret": "hunter2"})
    found: dict[str, Any] = (await bodies_of(api, call)).json()

    assert call.status_code == 422
    assert "Vale CPAs" in found["request"]
    assert "hunter2" not in found["request"]
    assert '"validation_failed"' in found["answer"]
    assert found["answer_bytes"] == len(call.content)
    sealed = await operator_pool.fetchval("SELECT sealed FROM call_bodies WHERE org_id = $1", api.cast.org_id)
    assert b"Vale" not in sealed
    assert (await api.get(SETTINGS)).json()["test_bodies_days"] == 7


async def test_nothing_is_kept_until_somebody_says_so(api: Api, keys: Keys, operator_pool: Pool) -> None:
    test = await keys(api, mode=Mode.TEST)

    call = await test.get("/v1/me")

    assert (await api.get(SETTINGS)).json()["test_bodies_days"] is None
    assert (await bodies_of(api, call)).status_code == 404
    assert await count(operator_pool, api) == 0


async def test_live_call_never_comes_near_the_keeper(
    api: Api, operator_pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep(api, 30)
    reached: list[object] = []

    async def reach(*call: object) -> None:
        reached.append(call)

    for step in ("begin", "keep"):
        monkeypatch.setattr(BodyKeeper, step, reach)

    call = await api.post("/v1/firms", {"name": "Live CPAs"})

    assert call.status_code == 201
    assert (await bodies_of(api, call)).status_code == 404
    assert reached == []
    assert await count(operator_pool, api) == 0


async def test_database_takes_no_body_of_a_live_key(api: Api, app_pool: Pool) -> None:
    key_id = ids.decode("key", (await api.get("/v1/me")).json()["key"])
    await keep(api, 30)

    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with as_organization(app_pool, api.cast.org_id) as connection:
            await connection.execute(
                "INSERT INTO call_bodies VALUES ($1, $2, $3, $1, 1, 'sealed', now())",
                api.cast.org_id,
                ids.new_uuid(),
                key_id,
            )


async def test_bodies_are_gone_after_their_days_and_when_switched_off(
    api: Api, keys: Keys, operator_pool: Pool
) -> None:
    test = await keys(api, mode=Mode.TEST)
    await keep(api, 7)
    call = await test.get("/v1/me")
    assert (await bodies_of(api, call)).status_code == 200
    job = next(one for one in JOBS if one.name == "forget_bodies")

    async with operator_pool.acquire() as connection:
        before = now() + timedelta(days=7, minutes=-1)
        await run_due(connection, {job: before}, lambda: before)
        assert await count(operator_pool, api) == 1
        after = now() + timedelta(days=7, minutes=1)
        await run_due(connection, {job: after}, lambda: after)
    assert await count(operator_pool, api) == 0

    again = await test.get("/v1/me")
    assert (await bodies_of(api, again)).status_code == 200
    await keep(api, None)
    assert await count(operator_pool, api) == 0


async def test_bodies_are_shown_to_their_own_alone(api: Api, keys: Keys, customers: Customers) -> None:
    other = await customers(organization="Other Apps", firm="Other Firm")
    test = await keys(api, mode=Mode.TEST)
    bound = await keys(api, firm_ids=[api.cast.firm_id])
    await keep(api, 1)
    call = await test.get("/v1/me")
    assert (await bodies_of(api, call)).status_code == 200
    path = f"/v1/usage/{call.headers['request-id']}/bodies"

    for stranger in (other, bound):
        answer = await stranger.get(path)
        assert (answer.status_code, problem_of(answer)) == (404, "not_found")
    refused = await bound.http.put(SETTINGS, json={"test_bodies_days": 1}, headers=bound.headers())
    assert (refused.status_code, problem_of(refused)) == (403, "insufficient_scope")


@pytest.mark.parametrize("days", [0, 31, -1, "7", 1.5])
async def test_impossible_days_are_refused(api: Api, days: object) -> None:
    answer = await api.http.put(SETTINGS, json={"test_bodies_days": days}, headers=api.headers())

    assert (answer.status_code, problem_of(answer)) == (422, "validation_failed")


async def test_how_long_free_calls_are_kept_is_said_and_taken_back(api: Api) -> None:
    async def put(**settings: int | None) -> httpx.Response:
        body = {"test_bodies_days": None, **settings}
        return await api.http.put("/v1/request-log-settings", json=body, headers=api.headers())

    assert (await put(free_calls_days=90)).json()["free_calls_days"] == 90
    assert (await put()).json()["free_calls_days"] == 90
    for wrong in (29, 3651, 0):
        assert problem_of(await put(free_calls_days=wrong)) == "validation_failed"
    assert (await put(free_calls_days=None)).json()["free_calls_days"] is None
    assert (await api.get("/v1/request-log-settings")).json() == {
        "object": "request_log_settings",
        "test_bodies_days": None,
        "free_calls_days": None,
    }
