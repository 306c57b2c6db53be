"""A firm that wants two persons for exports: nothing of it is taken away, by operation or page, by one alone."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import pytest
from msgspec import Struct

from billing import UsageLedger, close_period, load_price_book, month_of
from service import ids
from service.accounts.members_store import Member, insert_member
from service.accounts.roles import Role
from service.accounts.scopes import SCOPES
from service.accounts.sessions import open_session
from service.all_operations import operations, unopened_parts
from service.api.operation import Exports, is_file
from service.clock import now
from service.connections.approvals.guard import GUARDED
from service.db.pool import Pool, as_organization, open_pool
from service.portal.portal import portal_routes
from tests.acceptance.conftest import Api, Customers, Keys, problem_of
from tests.billing.calls import billable
from tests.conftest import Database

pytestmark = pytest.mark.anyio

ADA, LEE = "ada@ledgerline.example", "lee@birchvale.example"
OPERATIONS_THAT_EXPORT: Final = {
    "getEvidence": Exports.FIRM,
    "exportConnection": Exports.ITSELF,
    "exportUsage": Exports.FIRMS,
    "exportAuditLog": Exports.ORGANIZATION,
    "downloadInvoiceLineCalls": Exports.ORGANIZATION,
    "downloadDocument": Exports.RECORD,
    "getCallBodies": Exports.NOBODY,
    "getBillingInvoicePdf": Exports.NOBODY,
    "getBillingInvoiceHtml": Exports.NOBODY,
    "exportReconciliations": Exports.NOBODY,
}
"""Said once more, apart from the code. Kept bodies are those of test calls, whose data is invented."""
PAGES_THAT_EXPORT: Final = {
    "POST /firms/{id}/evidence": Exports.FIRM,
    "POST /connections/{id}/export": Exports.ITSELF,
    "POST /log/export": Exports.ORGANIZATION,
    "POST /audit/export": Exports.ORGANIZATION,
    "POST /invoices/{id}/lines/{n}/calls": Exports.ORGANIZATION,
    "GET /invoices/{id}/pdf": Exports.NOBODY,
}
HELD: Final = sorted(name for name, exports in OPERATIONS_THAT_EXPORT.items() if exports in GUARDED)


class Careful(Struct, frozen=True):
    """A customer whose firm wants two persons for exports, a key of the second one, and an invoice with its calls."""

    api: Api
    second: Api
    bill: str

    def address(self, operation: str) -> str:
        firm = ids.encode("firm", self.api.cast.firm_id)
        return {
            "getEvidence": f"/v1/evidence?firm={firm}&from={now() - timedelta(days=80):%Y-%m-%dT00:00:00Z}",
            "exportUsage": "/v1/usage/export?format=ndjson",
            "exportAuditLog": "/v1/audit/export",
            "downloadInvoiceLineCalls": f"/v1/billing/invoices/{self.bill}/lines/1/calls",
        }[operation]

    async def take(self, operation: str, **more: str) -> httpx.Response:
        asked = {"Requested_By": ADA, "Ticket_Reference": "GRC-1042", **more}
        return await self.api.get(self.address(operation), **asked)

    async def agree(self, approval: str, decision: str = "approved") -> None:
        word = {"decision": decision, "decided_by": LEE}
        assert (await self.second.post(f"/v1/approvals/{approval}/decision", word)).status_code == 200


def approvals_in(answer: httpx.Response) -> list[str]:
    return [one["message"] for one in answer.json()["errors"] if one["pointer"] == "header/approval"]


async def want_two(api: Api, firm: str) -> None:
    wanted = {"dual_control": ["export"], "requested_by": ADA}
    assert (await api.patch(f"/v1/firms/{firm}/policy", wanted)).status_code == 200


@pytest.fixture
async def careful(customers: Customers, keys: Keys, operator_pool: Pool, database: Database) -> Careful:
    long_ago = datetime.now(UTC) - timedelta(days=70)
    api = await customers(clock=lambda: long_ago)
    org, month = api.cast.org_id, month_of(long_ago, "UTC")
    async with await open_pool(database.owner_url, "tickmark_meter") as pool:
        ledger = UsageLedger(pool)
        await ledger.start()
        await ledger.record(billable(org, long_ago, units=2))
        await ledger.close()
    async with operator_pool.acquire() as connection:
        draft = await close_period(connection, load_price_book(), org, month.starts_on, as_of=datetime.now(UTC))
    await want_two(api, ids.encode("firm", api.cast.firm_id))
    return Careful(api, await keys(api), ids.encode("bill", draft.invoice_id))


def test_every_operation_that_gives_a_file_says_whose_second_person_is_asked() -> None:
    found = operations(unopened_parts())

    assert {one.id: one.exports for one in found if one.exports or is_file(one)} == OPERATIONS_THAT_EXPORT


def test_every_page_that_gives_a_file_says_whose_second_person_is_asked() -> None:
    found = {f"{one.method} {one.path}": one.exports for one in portal_routes() if one.exports}

    assert found == PAGES_THAT_EXPORT


@pytest.mark.parametrize("operation", HELD)
async def test_nothing_is_taken_away_until_the_second_person_agrees_and_then_once(
    careful: Careful, operation: str
) -> None:
    first = await careful.take(operation)
    again = await careful.take(operation)
    (approval,) = approvals_in(first)
    too_early = await careful.take(operation, Approval=approval)
    await careful.agree(approval)
    taken = await careful.take(operation, Approval=approval)
    twice = await careful.take(operation, Approval=approval)

    assert [problem_of(one) for one in (first, again, too_early, twice)] == ["approval_required"] * 4
    assert approvals_in(again) == [approval]
    assert (taken.status_code, len(taken.content) > 0) == (200, True)
    assert "content-disposition" not in first.headers


@pytest.mark.parametrize("operation", HELD)
async def test_who_asks_has_to_be_named(careful: Careful, operation: str) -> None:
    for unnamed in ("", "somebody"):
        answer = await careful.take(operation, Requested_By=unnamed)

        assert problem_of(answer) == "validation_failed"
        assert answer.json()["errors"][0]["pointer"] == "header/requested-by"
    assert (await careful.api.get("/v1/approvals")).json()["data"] == []


async def test_approval_of_one_file_serves_no_other(careful: Careful) -> None:
    (approval,) = approvals_in(await careful.take("exportUsage"))
    await careful.agree(approval)

    other_filter = await careful.api.get(
        "/v1/usage/export?format=csv", Requested_By=ADA, Approval=approval, Ticket_Reference="GRC-1042"
    )
    other_file = await careful.take("exportAuditLog", Approval=approval)
    other_ticket = await careful.take("getEvidence", Approval=approval, Ticket_Reference="GRC-9")
    unreadable = await careful.take("exportUsage", Approval="apr_1")

    assert {problem_of(one) for one in (other_filter, other_file, other_ticket)} == {"approval_required"}
    assert problem_of(unreadable) == "invalid_header"
    assert (await careful.take("exportUsage", Approval=approval)).status_code == 200


async def test_second_person_who_refuses_keeps_it_here(careful: Careful) -> None:
    (approval,) = approvals_in(await careful.take("getEvidence"))
    await careful.agree(approval, "refused")

    answer = await careful.take("getEvidence", Approval=approval)

    assert problem_of(answer) == "approval_required"
    assert "did not agree" in answer.json()["detail"]


async def test_each_firm_in_the_file_has_a_say(careful: Careful, keys: Keys) -> None:
    other = (await careful.api.post("/v1/firms", {"name": "Harbor & Pine"})).json()["id"]
    await want_two(careful.api, other)

    first = await careful.take("exportAuditLog")
    approvals = approvals_in(first)
    await careful.agree(approvals[0])
    half = await careful.take("exportAuditLog", Approval=approvals[0])
    await careful.agree(approvals[1])
    taken = await careful.take("exportAuditLog", Approval=", ".join(approvals))
    bound = await keys(careful.api, firm_ids=[ids.decode("firm", other)])
    narrow = await bound.get("/v1/usage/export", Requested_By=ADA, Ticket_Reference="GRC-7")

    assert len(approvals) == 2
    assert approvals_in(half) == [approvals[1]]
    assert taken.status_code == 200
    assert len(approvals_in(narrow)) == 1


async def test_file_without_data_of_a_careful_firm_needs_nobody(careful: Careful, api: Api) -> None:
    bill = f"/v1/billing/invoices/{careful.bill}"

    assert (await careful.api.get(f"{bill}/html")).status_code == 200
    assert (await careful.api.get("/v1/billing/reconciliations/export")).status_code == 200
    assert (await api.get("/v1/usage/export", Ticket_Reference="GRC-7")).status_code == 200


@pytest.mark.parametrize("operation", HELD)
async def test_nothing_is_taken_away_without_a_ticket_that_the_audit_log_keeps(
    careful: Careful, operation: str
) -> None:
    without = [await careful.take(operation, Ticket_Reference=one) for one in ("", "x" * 101)]
    with_card = await careful.take(operation, Ticket_Reference="4242 4242 4242 4242")
    asked = (await careful.api.get("/v1/approvals")).json()["data"]
    (approval,) = approvals_in(await careful.take(operation))
    await careful.agree(approval)
    taken = await careful.take(operation, Approval=approval)
    row, *_ = (await careful.api.get(f"/v1/audit?filter[what]={operation}")).json()["data"]

    assert [problem_of(one) for one in without] == ["validation_failed"] * 2
    assert {one.json()["errors"][0]["pointer"] for one in without} == {"header/ticket-reference"}
    assert with_card.json()["errors"][0]["code"] == "card_number"
    assert asked == []
    assert taken.status_code == 200
    assert row["ticket"] == "GRC-1042"


@pytest.mark.parametrize("operation", HELD)
async def test_taking_away_has_a_scope_that_reading_does_not_give(careful: Careful, keys: Keys, operation: str) -> None:
    scope = next(one.scope for one in operations(unopened_parts()) if one.id == operation)
    every_read = tuple(one for one in SCOPES if one.endswith(":read") and one != scope)
    reader = await keys(careful.api, scopes=every_read)

    refused = await reader.get(careful.address(operation), Requested_By=ADA, Ticket_Reference="GRC-1")

    assert problem_of(refused) == "insufficient_scope"
    assert f"`{scope}`" in refused.json()["detail"]


class Desk(Struct, frozen=True):
    """A member at the portal."""

    http: httpx.AsyncClient

    async def send(self, path: str, **typed: str) -> httpx.Response:
        page = await self.http.get("/home")
        token = re.search(r'name="token" value="([0-9a-f]{64})"', page.text)
        assert token is not None, page.text
        return await self.http.post(path, data={"token": token[1], **typed})


@pytest.fixture
async def desks(careful: Careful, database: Database) -> AsyncIterator[tuple[Desk, Desk]]:
    """Two owners, each in a browser."""
    org = careful.api.cast.org_id
    cookies: list[str] = []
    async with await open_pool(database.owner_url, "tickmark_app") as pool:
        for email in (ADA, LEE):
            made = Member(
                org_id=org,
                id=ids.new_uuid(),
                email=f"{ids.new_uuid().hex}-{email}",
                name=email,
                role=Role.OWNER,
                created_at=now(),
            )
            async with as_organization(pool, org) as connection:
                await insert_member(connection, made, "$argon2id$none")
                cookies.append(await open_session(connection, org, made.id, user_agent="", address=""))
    async with (
        httpx.AsyncClient(base_url=careful.api.http.base_url, cookies={"tm_session": cookies[0]}) as first,
        httpx.AsyncClient(base_url=careful.api.http.base_url, cookies={"tm_session": cookies[1]}) as second,
    ):
        yield Desk(first), Desk(second)


@pytest.mark.parametrize("page", sorted(page for page, exports in PAGES_THAT_EXPORT.items() if exports in GUARDED))
async def test_page_gives_the_file_when_another_member_has_agreed(
    careful: Careful, desks: tuple[Desk, Desk], operator_pool: Pool, page: str
) -> None:
    first, second = desks
    method, path = page.split(" ")
    path = path.replace("{id}", ids.encode("firm", careful.api.cast.firm_id) if "firms" in path else careful.bill)
    path = path.replace("{n}", "1")
    typed = {
        "format": "csv",
        "ticket": "GRC-1",
        "from": f"{now() - timedelta(days=9):%Y-%m-%d}",
        "to": f"{now():%Y-%m-%d}",
    }

    async def take() -> httpx.Response:
        return await (first.http.get(path) if method == "GET" else first.send(path, **typed))

    asked = [await take(), await take()]
    (waiting,) = (await careful.api.get("/v1/approvals?filter[waiting]=true")).json()["data"]
    by_herself = await first.send(f"/approvals/{waiting['id']}/approve")
    agreed = await second.send(f"/approvals/{waiting['id']}/approve")
    taken, once_more = await take(), await take()

    assert [one.status_code for one in asked] == [202, 202]
    assert all("second person" in one.text and "content-disposition" not in one.headers for one in asked)
    assert (by_herself.status_code, agreed.status_code) == (422, 303)
    assert (taken.status_code, "content-disposition" in taken.headers) == (200, True)
    assert once_more.status_code == 202
    assert await acts(operator_pool, careful) == ["asked", "asked", "approvals.approve", "taken", "asked"]


async def acts(pool: Pool, careful: Careful) -> list[str]:
    """What members did about exports, as the audit log has it."""
    rows: list[Any] = await pool.fetch(
        "SELECT content::jsonb ->> 'what' AS what FROM audit_rows WHERE org_id = $1"
        " AND content::jsonb ->> 'actor' LIKE 'member:%' AND content::jsonb ->> 'what' <> 'members.sign_in'"
        " ORDER BY id",
        careful.api.cast.org_id,
    )
    return [re.sub(r"\w+\.export(_asked)?$", lambda one: "asked" if one[1] else "taken", row["what"]) for row in rows]
