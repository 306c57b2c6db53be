"""Health and readiness, and calls while Redis is away."""

import asyncpg
import httpx
import pytest
from msgspec.structs import replace

from billing import Budget, BudgetScope, BudgetSpan, set_budget
from service.app import open_edge
from service.db.pool import Pool
from service.sandbox.serve import SandboxServer
from service.settings import Settings
from service.telemetry import Telemetry
from service.telemetry.metrics import Point
from tests.acceptance.conftest import Api, client_of, customers_of, problem_of
from tests.conftest import Database

pytestmark = pytest.mark.anyio

NOBODY = "redis://127.0.0.1:1/0"


async def test_health_needs_no_key(http: httpx.AsyncClient) -> None:
    alive, ready = await http.get("/healthz"), await http.get("/readyz")

    assert (alive.status_code, alive.json()["status"]) == (200, "ok")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert set(ready.json()["checked"]) == {"database", "migrations", "redis", "metering"}


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/openapi.json"])
async def test_whether_we_live_can_be_asked_without_a_body(http: httpx.AsyncClient, path: str) -> None:
    whole, head = await http.get(path), await http.head(path)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))


async def test_health_is_not_a_metered_call(api: Api) -> None:
    answer = await api.get("/healthz")

    assert (answer.headers["usage-billable"], answer.headers["usage-reason"]) == ("?0", "management")
    assert (await api.get("/v1/usage")).json()["data"] == []


async def test_pending_migration_is_not_ready(settings: Settings, database: Database) -> None:
    owner = await asyncpg.connect(database.owner_url)
    newest = await owner.fetchrow(
        "DELETE FROM schema_migrations WHERE name = (SELECT max(name) FROM schema_migrations) RETURNING *"
    )
    assert newest is not None
    try:
        async with client_of(settings) as http:
            answer = await http.get("/readyz")
    finally:
        await owner.execute("INSERT INTO schema_migrations VALUES ($1, $2, $3, $4)", *newest)
        await owner.close()

    assert (answer.status_code, answer.json()["code"]) == (503, "platform_unavailable")
    assert answer.json()["detail"] == "Not ready: migrations."


async def test_calls_go_on_without_redis_and_it_is_named(
    settings: Settings, operator_pool: Pool, quickbooks: SandboxServer
) -> None:
    async with client_of(replace(settings, redis_url=NOBODY)) as http:
        api = await customers_of(http, settings, operator_pool, quickbooks)()

        listed = await api.get("/v1/clients?limit=1", "quickbooks")
        ready = await http.get("/readyz")

    assert (listed.status_code, listed.headers["usage-billable"]) == (200, "?1")
    assert (ready.status_code, problem_of(ready)) == (503, "platform_unavailable")
    assert ready.json()["detail"] == "Not ready: redis."


async def test_what_waits_and_what_is_leased_stands_on_the_metrics_page(
    settings: Settings, operator_pool: Pool, quickbooks: SandboxServer
) -> None:
    observer = Telemetry()
    async with open_edge(settings, observer=observer) as edge:
        transport = httpx.ASGITransport(edge)
        async with httpx.AsyncClient(transport=transport, base_url="http://api.example") as http:
            api = await customers_of(http, settings, operator_pool, quickbooks)()
            org = api.cast.org_id
            async with operator_pool.acquire() as connection:
                await set_budget(connection, org, Budget(BudgetScope.ORGANIZATION, org, BudgetSpan.MONTH, 500))
            assert (await api.get("/v1/clients?limit=1", "quickbooks")).status_code == 200
        found = {
            (family.name, *(value for _, value in point.labels)): point.value
            for family in observer.metrics.families()
            if family.kind == "gauge"
            for point in family.points
            if isinstance(point, Point)
        }

    assert found["tickmark_queue_length", "usage"] == 0
    assert found["tickmark_spend_leases",] == 1
    assert found["tickmark_limit_round_trips", "key"] >= 1
    assert found["tickmark_limit_outages", "vendor"] == 0
