"""What a key can ask about itself, its connections, its calls and its bill; and health."""

from datetime import UTC, datetime, timedelta

import pytest

from billing import close_period, issue_invoice, load_price_book, month_of
from service import ids
from service.accounts.tokens import Mode
from service.connections.link import set_state
from service.connections.store import State
from service.db.pool import Pool
from service.sandbox.serve import SandboxServer
from tests.acceptance.conftest import Api, Customers, Keys, problem_of

pytestmark = pytest.mark.anyio


async def test_key_tells_what_it_is(api: Api) -> None:
    answer = await api.get("/v1/me")

    me = answer.json()
    assert (me["object"], me["mode"], me["organization"]["name"]) == ("me", "live", "Ledgerline Apps")
    assert "clients:read" in me["scopes"]
    assert (me["firms"], me["connections"], me["expires_at"]) == (None, None, None)
    assert me["limits"]["rates"][0] == {"calls": 100, "window_s": 1.0}
    assert api.cast.key not in answer.text


async def test_bound_key_tells_what_it_is_bound_to(api: Api, keys: Keys) -> None:
    bound = await keys(
        api,
        scopes=("clients:read",),
        firm_ids=[api.cast.firm_id],
        connection_ids=[api.cast.connections["canopy"]],
        expires_in=timedelta(hours=1),
    )

    me = (await bound.get("/v1/me")).json()

    assert me["scopes"] == ["clients:read"]
    assert me["firms"] == [ids.encode("firm", api.cast.firm_id)]
    assert me["connections"] == [api.connection("canopy")]
    assert me["expires_at"].endswith("Z")


async def test_connections_are_listed_page_by_page_without_secrets(api: Api, quickbooks: SandboxServer) -> None:
    first = await api.get("/v1/connections?limit=1")
    second = await api.get(f"/v1/connections?limit=1&cursor={first.json()['next_cursor']}")

    pages = [first.json(), second.json()]
    assert [page["has_more"] for page in pages] == [True, False]
    assert {page["data"][0]["vendor"] for page in pages} == {"quickbooks", "canopy"}
    assert {page["data"][0]["state"] for page in pages} == {"healthy"}
    assert pages[0]["data"][0]["accounts"][0]["name"] == "Birch & Vale"
    assert quickbooks.url not in first.text + second.text
    assert "token" not in first.text + second.text


async def test_bound_key_sees_its_own_connections_alone(api: Api, keys: Keys) -> None:
    bound = await keys(api, connection_ids=[api.cast.connections["canopy"]])

    listed = (await bound.get("/v1/connections")).json()["data"]

    assert [connection["id"] for connection in listed] == [api.connection("canopy")]
    assert (await bound.get(f"/v1/connections/{api.connection('quickbooks')}")).status_code == 404
    assert (await bound.get("/v1/clients?limit=1")).status_code == 200


async def test_broken_connection_says_what_mends_it(api: Api, operator_pool: Pool) -> None:
    async with operator_pool.acquire() as connection:
        link = api.cast.connections["canopy"]
        await set_state(connection, api.cast.org_id, link, State.NEEDS_ATTENTION, "the vendor refuses to renew access")

    found = (await api.get(f"/v1/connections/{api.connection('canopy')}")).json()

    assert (found["state"], found["reason"]) == ("needs_attention", "the vendor refuses to renew access")
    assert "connect again" in found["advice"]


async def test_capabilities_are_the_coverage_of_the_vendor(api: Api) -> None:
    found = await api.get(f"/v1/connections/{api.connection('quickbooks')}/capabilities")
    coverage = await api.get("/v1/vendors/quickbooks/coverage")

    assert found.status_code == 200, found.text
    assert found.json() == coverage.json()


async def test_call_is_in_the_log_as_soon_as_it_is_answered(api: Api) -> None:
    answer = await api.get("/v1/clients?limit=3", "quickbooks")

    newest = (await api.get("/v1/usage?limit=1")).json()["data"][0]

    assert newest["id"] == answer.headers["request-id"]
    assert (newest["operation"], newest["status"], newest["rows"]) == ("listClients", 200, 3)
    assert (newest["billable"], newest["units"], newest["meter"]) == (True, 1, "read")
    assert newest["connection"] == api.connection("quickbooks")
    assert newest["vendor_ms"] > 0 < newest["platform_ms"]


async def test_unbilled_call_has_a_receipt_that_says_why(api: Api) -> None:
    answer = await api.get("/v1/clients?limit=0", "quickbooks")

    receipt = await api.receipt(answer)

    assert (receipt["call"]["status"], receipt["call"]["reason"]) == (400, "client_error")
    assert (receipt["price"], receipt["currency"]) == ("0", "USD")
    assert receipt["why"]


async def test_calls_with_test_keys_are_logged_and_free(api: Api, keys: Keys) -> None:
    tester = await keys(api, mode=Mode.TEST)

    answer = await tester.get("/v1/clients?limit=1", "quickbooks")

    assert (answer.status_code, answer.headers["usage-reason"]) == (200, "test_key")
    assert (await api.receipt(answer))["call"]["billable"] is False


async def test_usage_is_filtered(api: Api, keys: Keys) -> None:
    tester = await keys(api, mode=Mode.TEST)
    await api.get("/v1/clients?limit=1", "quickbooks")
    await api.get("/v1/invoices?limit=1", "canopy")
    await tester.get("/v1/clients?limit=1", "canopy")
    await api.get("/v1/clients?limit=0", "canopy")
    tester_key = (await tester.get("/v1/me")).json()["key"]

    async def operations(query: str) -> list[str]:
        return [call["operation"] for call in (await api.get(f"/v1/usage?{query}")).json()["data"]]

    assert await operations("filter[billable]=true") == ["listInvoices", "listClients"]
    assert await operations("filter[operation]=listClients&filter[status]=200") == ["listClients", "listClients"]
    assert await operations("filter[meter]=read") == ["listInvoices", "listClients"]
    assert await operations("filter[meter]=write") == []
    assert await operations(f"filter[key]={tester_key}") == ["getMe", "listClients"]
    assert await operations(f"filter[connection]={api.connection('quickbooks')}") == ["listClients"]
    assert await operations("since=2999-01-01T00:00:00Z") == []
    assert await operations("until=2000-01-01T00:00:00Z") == []


async def test_usage_is_paged_newest_first(api: Api) -> None:
    for _ in range(5):
        await api.get("/v1/vendors")
    seen: list[str] = []
    path = "/v1/usage?limit=2&filter[operation]=listVendors"
    while path:
        page = (await api.get(path)).json()
        seen += [call["id"] for call in page["data"]]
        path = (
            f"/v1/usage?limit=2&filter[operation]=listVendors&cursor={page['next_cursor']}" if page["has_more"] else ""
        )

    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)


async def test_usage_cursor_serves_its_own_filters_alone(api: Api) -> None:
    for _ in range(3):
        await api.get("/v1/vendors")
    cursor = (await api.get("/v1/usage?limit=1")).json()["next_cursor"]

    answer = await api.get(f"/v1/usage?limit=1&filter[status]=200&cursor={cursor}")

    assert (answer.status_code, problem_of(answer)) == (400, "invalid_cursor")


async def test_bound_key_sees_its_own_calls_alone(api: Api, keys: Keys) -> None:
    other = await api.get("/v1/clients?limit=1", "quickbooks")
    bound = await keys(api, connection_ids=[api.cast.connections["canopy"]])
    await bound.get("/v1/clients?limit=1")
    owner_key = (await api.get("/v1/me")).json()["key"]

    listed = (await bound.get("/v1/usage")).json()["data"]
    summed = (await bound.get("/v1/usage/summary?by=connection")).json()["data"]

    assert [call["operation"] for call in listed] == ["listClients"]
    assert [group["group"] for group in summed] == [api.connection("canopy")]
    assert (await bound.get(f"/v1/usage?filter[key]={owner_key}")).json()["data"] == []
    assert (await bound.get(f"/v1/usage/{other.headers['request-id']}")).status_code == 404


@pytest.mark.parametrize("by", ["key", "connection", "operation", "day", "meter"])
async def test_usage_is_summed(api: Api, by: str) -> None:
    await api.get("/v1/clients?limit=1", "quickbooks")
    await api.get("/v1/clients?limit=1", "quickbooks")
    me = (await api.get("/v1/me")).json()
    groups = {
        "key": me["key"],
        "connection": api.connection("quickbooks"),
        "operation": "listClients",
        "day": datetime.now(UTC).date().isoformat(),
        "meter": "read",
    }

    summary = (await api.get(f"/v1/usage/summary?by={by}")).json()

    assert summary["data"] == [{"group": groups[by], "meter": "read", "calls": 2, "units": 2}]


async def test_sum_over_more_than_a_year_is_refused(api: Api) -> None:
    answer = await api.get("/v1/usage/summary?since=2020-01-01T00:00:00Z")

    assert (answer.status_code, problem_of(answer)) == (400, "invalid_parameter")


async def test_month_to_date_counts_what_was_billed(api: Api) -> None:
    await api.get("/v1/clients?limit=1", "quickbooks")

    month = (await api.get("/v1/billing/month-to-date")).json()

    assert month["plan"] == "public-1"
    assert [(line["meter"], line["quantity"]) for line in month["lines"]] == [("read", 1)]
    assert month["total"] == {"amount_minor": 0, "currency": "USD"}


async def test_closed_month_is_an_invoice(customers: Customers, operator_pool: Pool) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=70)
    api = await customers(clock=lambda: long_ago)
    month = month_of(long_ago, "UTC")
    async with operator_pool.acquire() as connection:
        await close_period(connection, load_price_book(), api.cast.org_id, month.starts_on, as_of=datetime.now(UTC))

    listed = (await api.get("/v1/billing/invoices")).json()["data"]

    assert [(one["state"], one["number"], one["month"]) for one in listed] == [
        ("draft", None, month.starts_on.strftime("%Y-%m"))
    ]
    async with operator_pool.acquire() as connection:
        await issue_invoice(connection, api.cast.org_id, ids.decode("bill", listed[0]["id"]), at=datetime.now(UTC))
    issued = (await api.get(f"/v1/billing/invoices/{listed[0]['id']}")).json()
    assert (issued["state"], issued["number"], issued["total"]) == ("paid", 1, {"amount_minor": 0, "currency": "USD"})


async def test_scope_is_required_and_named(api: Api, keys: Keys) -> None:
    narrow = await keys(api, scopes=("clients:read",))

    for path, scope in (
        ("usage", "usage:read"),
        ("billing/invoices", "billing:read"),
        ("connections", "connections:read"),
    ):
        answer = await narrow.get(f"/v1/{path}")
        assert (answer.status_code, problem_of(answer)) == (403, "insufficient_scope")
        assert f"`{scope}`" in answer.json()["detail"]
