"""No organization ever learns of another's data: every operation of the contract, asked for somebody else's things."""

import asyncio
from typing import Any, Final

import httpx
import pytest

from service import ids
from service.accounts.scopes import SCOPES
from service.db.pool import Pool
from service.sandbox.serve import SandboxServer
from tests.acceptance.conftest import Api, Customers, Keys, problem_of
from tests.acceptance.operations import OPERATIONS, ask

pytestmark = pytest.mark.anyio

OF_EVERYBODY: Final = {
    "getContract", "getHealth", "getReadiness", "listVendors", "getVendorCoverage", "getVendorStatus",
}  # fmt: skip
"""Operations whose answer is the same for all."""
OF_THE_CALLER: Final = {
    "getMe", "getOrganization", "getRequestLogSettings", "listKeys", "listKeyLeaks", "listMembers", "listInvitations",
    "listFirms", "listConnections", "listConsents", "listDisclosures", "listOverrides", "listUsage",
    "summarizeUsage", "exportUsage", "listEvents", "listAuditEntries", "exportAuditLog",
    "listBillingInvoices", "getMonthToDate", "getBillingDetails", "listBudgets", "listReconciliations",
    "exportReconciliations",
    "listApprovals", "listIssues", "getConnectSettings", "listLinkSessions", "listWebhookEndpoints",
}  # fmt: skip
"""Operations that name no thing: they speak of the caller's own."""
OF_THE_BODY: Final = {
    "verifyAuditLog", "receiveLeakReport",
    "runBatch", "createOverride", "previewOverride", "setBudget", "setBillingDetails", "createLinkSession",
    "createFirm",
    "updateConnectSettings", "updateRequestLogSettings", "updateOrganization", "createKey", "createInvitation",
    "createWebhookEndpoint",
}  # fmt: skip
"""Operations that name things in their bodies alone, or nothing; their own tests see to it."""

NAMING: Final = sorted(
    name
    for name, operation in OPERATIONS.items()
    if name not in OF_EVERYBODY | OF_THE_CALLER | OF_THE_BODY and not operation["path"].endswith("/schema")
)


@pytest.fixture
async def api(customers: Customers) -> Api:
    """A customer whose key may do everything, also what has to be named."""
    return await customers(scopes=SCOPES)


@pytest.mark.parametrize("name", NAMING)
async def test_things_of_others_look_like_missing_ones(
    api: Api, customers: Customers, quickbooks: SandboxServer, canopy: SandboxServer, name: str
) -> None:
    other = await customers(organization="Other Apps", firm="Other Firm")
    operation = OPERATIONS[name]
    known = await other.get("/v1/me")

    foreign = await ask(api, operation, other.cast.connections["quickbooks"], known.headers["request-id"])
    missing = await ask(api, operation, ids.new_uuid(), ids.encode("req", ids.new_uuid()))

    assert (foreign.status_code, problem_of(foreign)) == (404, "not_found")
    assert _told(foreign) == _told(missing)
    assert quickbooks.stats()["total"] + canopy.stats()["total"] == 0


@pytest.mark.parametrize("name", sorted(OF_THE_CALLER))
async def test_lists_speak_of_the_own_organization_alone(api: Api, customers: Customers, name: str) -> None:
    other = await customers(organization="Other Apps", firm="Other Firm")
    theirs = await other.get("/v1/clients?limit=1", "quickbooks")
    await api.get("/v1/clients?limit=1", "quickbooks")

    answer = await api.get(OPERATIONS[name]["path"], Ticket_Reference="GRC-1")

    assert answer.status_code == 200
    for secret in (ids.encode("org", other.cast.org_id), other.connection("quickbooks"), other.connection("canopy")):
        assert secret not in answer.text
    assert theirs.headers["request-id"] not in answer.text
    assert "Other" not in answer.text


async def test_key_is_not_bound_to_a_connection_it_may_not_see(api: Api, keys: Keys) -> None:
    bound = await keys(api, connection_ids=[api.cast.connections["canopy"]])
    listed = await api.first("/v1/clients?limit=1", "quickbooks")

    hidden = await bound.get(f"/v1/clients/{listed['id']}")
    missing = await bound.get(f"/v1/clients/{ids.Book(ids.new_uuid(), 0, '').ref('cli_', '1')}")

    assert (hidden.status_code, _told(hidden)) == (404, _told(missing))
    assert (await bound.get("/v1/clients", "quickbooks")).status_code == 404


async def test_filters_by_things_of_others_find_nothing(api: Api, customers: Customers) -> None:
    other = await customers()
    await other.get("/v1/clients?limit=1", "quickbooks")
    their_key = (await other.get("/v1/me")).json()["key"]

    for query in (f"filter[key]={their_key}", f"filter[connection]={other.connection('quickbooks')}"):
        assert (await api.get(f"/v1/usage?{query}")).json()["data"] == []


async def test_alternating_organizations_never_meet(api: Api, customers: Customers) -> None:
    apis = [api, await customers(organization="Other Apps")]

    answers = await asyncio.gather(*(apis[turn % 2].get("/v1/me") for turn in range(60)))
    lists = await asyncio.gather(*(apis[turn % 2].get("/v1/connections") for turn in range(60)))

    for turn, (me, listed) in enumerate(zip(answers, lists, strict=True)):
        asked = apis[turn % 2]
        assert me.json()["organization"]["id"] == ids.encode("org", asked.cast.org_id)
        found = {connection["id"] for connection in listed.json()["data"]}
        assert found == {asked.connection("quickbooks"), asked.connection("canopy")}


async def test_linked_accounts_with_equal_ids_stay_apart(api: Api, customers: Customers) -> None:
    other = await customers()

    mine = await api.first("/v1/clients?limit=1", "quickbooks")
    theirs = await other.first("/v1/clients?limit=1", "quickbooks")

    assert mine["remote_id"] == theirs["remote_id"]
    assert mine["id"] != theirs["id"]


async def test_cursor_of_another_organization_is_refused(api: Api, customers: Customers) -> None:
    other = await customers()
    cursor = (await other.get("/v1/clients?limit=1", "quickbooks")).json()["next_cursor"]

    answer = await api.get(f"/v1/clients?limit=1&cursor={cursor}", "quickbooks")

    assert (answer.status_code, problem_of(answer)) == (400, "invalid_cursor")


async def test_pool_that_has_served_one_organization_knows_nothing_of_it(api: Api, operator_pool: Pool) -> None:
    await api.get("/v1/connections")

    left = await operator_pool.fetchval("SELECT nullif(current_setting('tickmark.org_id', true), '')")

    assert left is None


def _told(answer: httpx.Response) -> dict[str, Any]:
    """The body without what names the call itself."""
    return {name: value for name, value in answer.json().items() if name not in ("request_id", "instance")}
