"""What makes something of ours happens once for an Idempotency-Key, and as often as it is asked for without one."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from service import ids
from service.db.pool import Pool
from tests.acceptance.conftest import Api, Keys, problem_of

pytestmark = pytest.mark.anyio

RETURN_URL = "https://app.ledgerline.example/done"


@pytest.fixture
async def ready(api: Api) -> Api:
    """A customer whose pages may lead back to it."""
    answer = await api.http.patch("/v1/connect-settings", json={"return_urls": [RETURN_URL]}, headers=api.headers())
    assert answer.status_code == 200, answer.text
    return api


def body_of(api: Api, path: str, purpose: str = "Matching") -> dict[str, Any]:
    firm = ids.encode("firm", api.cast.firm_id)
    if path == "/v1/link-sessions":
        return {"firm": firm, "return_url": RETURN_URL, "purpose": purpose, "vendors": ["quickbooks"]}
    signed = {"signed_by": "Morgan Vale", "method": "wet_ink", "document_sha256": "0" * 64}
    signed_at = (datetime(2026, 1, 1, tzinfo=UTC) - timedelta(days=1)).isoformat()
    return {
        "firm": firm,
        "recipient": "Ledgerline Apps",
        "purpose": purpose,
        "items": ["invoices"],
        "signature": {**signed, "signed_at": signed_at},
    }


async def send(api: Api, path: str, key: str | None, **changes: str) -> httpx.Response:
    headers = api.headers() | ({} if key is None else {"Idempotency-Key": key})
    return await api.http.post(path, json=body_of(api, path, **changes), headers=headers)


async def made(pool: Pool, api: Api, path: str) -> int:
    table = "link_sessions" if path == "/v1/link-sessions" else "consents"
    where = "" if path == "/v1/link-sessions" else " AND signature IS NOT NULL"
    count: int = await pool.fetchval(f"SELECT count(*) FROM {table} WHERE org_id = $1{where}", api.cast.org_id)
    return count


@pytest.mark.parametrize("path", ["/v1/link-sessions", "/v1/consents"])
async def test_same_key_gives_the_same_answer_and_makes_one(ready: Api, operator_pool: Pool, path: str) -> None:
    first = await send(ready, path, "k-1")
    again = await send(ready, path, "k-1")

    assert first.status_code == 201, first.text
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert await made(operator_pool, ready, path) == 1


@pytest.mark.parametrize("path", ["/v1/link-sessions", "/v1/consents"])
async def test_without_a_key_each_makes_one(ready: Api, operator_pool: Pool, path: str) -> None:
    answers = [await send(ready, path, None) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert await made(operator_pool, ready, path) == 2


async def test_many_at_once_make_one(ready: Api, operator_pool: Pool) -> None:
    answers = await asyncio.gather(*(send(ready, "/v1/link-sessions", "k-2") for _ in range(8)))

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert await made(operator_pool, ready, "/v1/link-sessions") == 1


async def test_key_of_another_request_is_refused(ready: Api, keys: Keys) -> None:
    await send(ready, "/v1/consents", "k-3")
    other = await keys(ready)

    for answer in (await send(ready, "/v1/consents", "k-3", purpose="Else"), await send(other, "/v1/consents", "k-3")):
        assert (answer.status_code, problem_of(answer)) == (422, "idempotency_key_reused")


async def test_refused_request_is_answered_anew_once_it_can_be_carried_out(api: Api) -> None:
    refused = await send(api, "/v1/link-sessions", "k-4")

    assert refused.status_code == 422
    assert (await send(api, "/v1/link-sessions", "k-4")).headers["idempotency-replayed"] == "true"


async def test_impossible_key_is_refused(ready: Api) -> None:
    answer = await send(ready, "/v1/consents", "k" * 256)

    assert (answer.status_code, problem_of(answer)) == (400, "invalid_header")
