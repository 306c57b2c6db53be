"""The rail as the API shows it: Stripe's webhooks over HTTP, the hosted page, the kept reconciliations."""

import csv
import io
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import httpx
import msgspec
import pytest

from billing import run_reconciliation
from billing.calendar import month_of
from billing.prices import load_price_book
from service import embedded, ids
from service.db.pool import Pool
from service.settings import Secret, Settings
from tests.acceptance.conftest import Api, client_of, customers_of, problem_of, settings_of
from tests.billing.stripe.fake import KEY, SECRET, FakeStripe, serving_stripe, signature
from tests.conftest import Database

pytestmark = pytest.mark.anyio

EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "invoice.paid",
    "created": 1_700_000_000,
    "data": {"object": {"id": "in_1", "object": "invoice"}},
}


@pytest.fixture
def account() -> Iterator[tuple[FakeStripe, str]]:
    with serving_stripe() as (stripe, url):
        yield stripe, url


@pytest.fixture
def rail_settings(database: Database, redis_url: str, account: tuple[FakeStripe, str]) -> Settings:
    return msgspec.structs.replace(
        settings_of(database.owner_url, redis_url),
        stripe_secret_key=Secret(KEY.encode()),
        stripe_webhook_secrets=(Secret(b"whsec_next"), Secret(SECRET)),
        stripe_base_url=account[1],
    )


@pytest.fixture
async def http(rail_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(rail_settings) as client:
        yield client


@pytest.fixture
async def api(http: httpx.AsyncClient, rail_settings: Settings, operator_pool: Pool) -> Api:
    return await customers_of(http, rail_settings, operator_pool)()


async def _post(http: httpx.AsyncClient, body: bytes, header: str | None) -> httpx.Response:
    return await http.post("/webhooks/stripe", content=body, headers={"Stripe-Signature": header} if header else {})


async def test_an_event_is_taken_once(http: httpx.AsyncClient, operator_pool: Pool) -> None:
    body = msgspec.json.encode(EVENT)
    answers = [await _post(http, body, signature(body, SECRET, int(time.time()))) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer.json()["kept"] for answer in answers] == ["new", "duplicate"]
    assert await operator_pool.fetchval("SELECT count(*) FROM billing.stripe_events") == 1


async def test_what_is_forged_or_stale_is_a_problem_and_leaves_no_trace(
    http: httpx.AsyncClient, operator_pool: Pool
) -> None:
    body, at = msgspec.json.encode(EVENT), int(time.time())
    answers = [
        await _post(http, body, None),
        await _post(http, body, signature(body, b"whsec_other", at)),
        await _post(http, body + b" ", signature(body, SECRET, at)),
        await _post(http, body, signature(body, SECRET, at - 600)),
        await _post(http, b"{}", signature(b"{}", SECRET, at)),
    ]

    assert [problem_of(answer) for answer in answers] == [
        "webhook_forged",
        "webhook_forged",
        "webhook_forged",
        "webhook_too_old",
        "webhook_unreadable",
    ]
    assert await operator_pool.fetchval("SELECT count(*) FROM billing.stripe_events") == 0


async def test_a_known_id_with_another_content_is_a_problem(http: httpx.AsyncClient) -> None:
    other = EVENT | {"type": "invoice.voided"}
    answers = [
        await _post(http, body, signature(body, SECRET, int(time.time())))
        for body in map(msgspec.json.encode, (EVENT, other))
    ]

    assert problem_of(answers[1]) == "event_changed"


async def test_an_endless_webhook_is_cut_off(http: httpx.AsyncClient) -> None:
    answer = await _post(http, b"x" * (600 * 1024), "t=1,v1=00")

    assert problem_of(answer) == "body_too_large"


async def test_the_hosted_page_is_opened(api: Api, account: tuple[FakeStripe, str]) -> None:
    answer = await api.post("/v1/billing/payment-setup", {"return_url": "https://app.example/billing"})

    assert answer.status_code == 200, answer.text
    assert answer.json()["url"].startswith("https://checkout.stripe.example/")
    assert (answer.headers["usage-billable"], len(account[0].customers)) == ("?0", 1)
    assert account[0].complaints == []


@pytest.mark.parametrize("url", ["http://app.example", "javascript:alert(1)", "https://", "https://a b"])
async def test_a_return_url_that_is_none_is_refused(api: Api, account: tuple[FakeStripe, str], url: str) -> None:
    answer = await api.post("/v1/billing/payment-setup", {"return_url": url})

    assert problem_of(answer) == "validation_failed"
    assert account[0].requests == []


async def test_stripe_away_is_a_problem_with_advice(api: Api, account: tuple[FakeStripe, str]) -> None:
    account[0].fault("broken_before", "/v1/customers")

    answer = await api.post("/v1/billing/payment-setup", {"return_url": "https://app.example"})

    assert problem_of(answer) == "rail_unavailable"
    assert KEY not in answer.text


async def test_reports_are_listed_and_exported(api: Api, operator_pool: Pool) -> None:
    org, at = api.cast.org_id, datetime.now(UTC)
    async with operator_pool.acquire() as connection:
        for _ in range(3):
            await run_reconciliation(
                connection,
                load_price_book(),
                org,
                month_of(at, "UTC").starts_on,
                rail=None,
                report_id=ids.new_uuid(),
                at=at,
            )

    page = (await api.get("/v1/billing/reconciliations?limit=2")).json()
    rest = (await api.get(f"/v1/billing/reconciliations?limit=2&cursor={page['next_cursor']}")).json()
    exported = await api.get("/v1/billing/reconciliations/export")

    listed = [one["id"] for one in (*page["data"], *rest["data"])]
    assert (len(set(listed)), page["has_more"], rest["has_more"]) == (3, True, False)
    assert all(one["balanced"] and one["difference"] == 0 for one in page["data"])
    assert exported.headers["content-type"].startswith("text/csv")
    assert [row["id"] for row in csv.DictReader(io.StringIO(exported.text))] == listed


async def test_without_a_key_there_is_no_rail(
    database: Database, redis_url: str, operator_pool: Pool, servers: embedded.Servers
) -> None:
    settings = settings_of(database.owner_url, redis_url)
    async with client_of(settings) as http:
        api = await customers_of(http, settings, operator_pool)()
        body = msgspec.json.encode(EVENT)
        webhook = await _post(http, body, signature(body, SECRET, int(time.time())))
        page = await api.post("/v1/billing/payment-setup", {"return_url": "https://app.example"})

    assert [problem_of(webhook), problem_of(page)] == ["not_found", "not_found"]
