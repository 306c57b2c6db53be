"""What is done about connections by hand: pages sent and taken back, pauses, issues set aside, consents by two."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service import ids
from service.connections.jobs import Care
from service.db.pool import Pool
from service.jobs.connections import opened_care
from service.settings import Settings
from tests.acceptance.conftest import problem_of

from .hosted import SIGNED, Browser, Connecting
from .hosted_fixtures import connecting, database, operator_pool, port, served, settings, vendors
from .test_connection_care import LEE, firm_of, listed, second_key

__all__ = ["connecting", "database", "operator_pool", "port", "served", "settings", "vendors"]
pytestmark = pytest.mark.anyio
ADA = "ada@ledgerline.example"


@pytest.fixture
async def care(settings: Settings) -> AsyncIterator[Care]:
    """The worker's part."""
    async with opened_care(settings) as care:
        yield care


async def test_page_without_a_return_url_ends_with_us_and_is_in_the_audit_log(
    connecting: Connecting, operator_pool: Pool
) -> None:
    browser = Browser()
    made, page = await connecting.signed("quickbooks", browser, return_url=None)

    page = await browser.submit(page, "go")

    assert "You can close this page." in page.text
    assert page.links == ["#main"]
    found = (await connecting.api.get("/v1/link-sessions")).json()["data"]
    assert [(one["id"], one["status"], one["url"]) for one in found] == [(made["id"], "finished", None)]
    rows = await operator_pool.fetch(
        "SELECT content::jsonb ->> 'what' AS what, content::jsonb ->> 'actor' AS actor FROM audit_rows"
        " WHERE org_id = $1 AND content::jsonb ->> 'kind' = 'act' AND content::jsonb ->> 'actor' <> 'operator'",
        connecting.api.cast.org_id,
    )
    actor = f"link_session:{ids.decode('lks', made['id'])}"
    assert [(row["what"], row["actor"]) for row in rows] == [
        ("link_sessions.sign", actor),
        ("connections.connect", actor),
    ]


async def test_cancelled_page_works_no_more(connecting: Connecting) -> None:
    browser = Browser()
    made, page = await connecting.signed("quickbooks", browser)

    cancelled = (await connecting.api.post(f"/v1/link-sessions/{made['id']}/cancel", None)).json()
    again = (await connecting.api.post(f"/v1/link-sessions/{made['id']}/cancel", None)).json()
    gone = await browser.submit(page, "go")

    assert (cancelled["status"], again["status"]) == ("cancelled", "cancelled")
    assert gone.answer.status_code == 410
    assert "taken it back" in (await browser.open(made["url"])).text


async def test_sessions_are_listed_newest_first_and_page_by_page(connecting: Connecting) -> None:
    made = [(await connecting.session("quickbooks"))["id"] for _ in range(3)]

    first = (await connecting.api.get("/v1/link-sessions?limit=2")).json()
    second = (await connecting.api.get(f"/v1/link-sessions?limit=2&before={first['next_cursor']}")).json()

    assert [one["id"] for one in first["data"] + second["data"]] == made[::-1]
    assert (first["has_more"], second["has_more"]) == (True, False)


async def test_paused_connection_asks_the_vendor_nothing_until_it_is_resumed(connecting: Connecting) -> None:
    connection = await connecting.connected("quickbooks")
    before = await listed(connecting, connection)

    paused = await connecting.api.post(f"/v1/connections/{connection}/pause", None)
    asked = connecting.vendors.quickbooks.stats()["total"]
    during = await listed(connecting, connection)
    during_asked = connecting.vendors.quickbooks.stats()["total"]
    resumed = await connecting.api.post(f"/v1/connections/{connection}/resume", None)

    assert (before, during, await listed(connecting, connection)) == (200, 424, 200)
    assert (paused.json()["state"], resumed.json()["state"]) == ("paused", "healthy")
    assert during_asked == asked
    assert [line["state"] for line in (await connecting.health(connection))["timeline"]][:2] == ["healthy", "paused"]


async def test_connection_out_of_use_can_be_neither_paused_nor_resumed(
    connecting: Connecting, operator_pool: Pool
) -> None:
    connection = await connecting.connected("quickbooks")
    await operator_pool.execute(
        "UPDATE connections SET state = 'needs_attention' WHERE id = $1", ids.decode("con", connection)
    )

    answers = [await connecting.api.post(f"/v1/connections/{connection}/{act}", None) for act in ("pause", "resume")]

    assert [(answer.status_code, problem_of(answer)) for answer in answers] == [
        (424, "connection_needs_attention"),
        (424, "connection_needs_attention"),
    ]


async def test_ignored_issue_stays_on_record_and_degrades_nothing(connecting: Connecting, care: Care) -> None:
    connection = await connecting.connected("canopy")
    org_id, connection_id = connecting.api.cast.org_id, ids.decode("con", connection)
    await care.probe(org_id, connection_id, datetime.now(UTC))
    connecting.vendors.canopy.fault("drift", path="*/clients/search", field="owner_id", to="renamed", count=2)
    await care.probe(org_id, connection_id, datetime.now(UTC))
    (issue,) = (await connecting.api.get("/v1/issues?filter[open]=true")).json()["data"]

    ignored = (await connecting.api.post(f"/v1/issues/{issue['id']}/ignore", None)).json()
    after = await connecting.health(connection)
    await care.probe(org_id, connection_id, datetime.now(UTC))
    (seen_again,) = (await connecting.api.get("/v1/issues")).json()["data"]

    assert ignored["ignored_at"] is not None
    assert (after["state"], after["open_issues"], after["timeline"][1]["kind"]) == ("healthy", 0, "drift_ignored")
    assert (seen_again["times"], seen_again["resolved_at"]) == (2, None)
    assert (await connecting.health(connection))["state"] == "healthy"


async def test_consent_waits_for_a_second_person_where_the_firm_wants_one(
    connecting: Connecting, settings: Settings, operator_pool: Pool
) -> None:
    other = await second_key(connecting, settings, operator_pool)
    wanted = {"dual_control": ["consent"], "requested_by": ADA}
    await connecting.api.patch(f"/v1/firms/{firm_of(connecting)}/policy", wanted)
    signed_at = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    terms: dict[str, Any] = {
        "firm": firm_of(connecting),
        "recipient": "Ledgerline Apps",
        "purpose": "Matching invoices",
        "items": ["invoices"],
        "signature": {
            "signed_by": SIGNED["name"],
            "signed_at": signed_at,
            "method": "wet_ink",
            "document_sha256": "0" * 64,
        },
    }

    nobody = await connecting.api.post("/v1/consents", terms)
    first = await connecting.api.post("/v1/consents", terms | {"requested_by": ADA})
    approval = first.json()["errors"][0]["message"]
    early = await connecting.api.post("/v1/consents", terms | {"requested_by": ADA, "approval": approval})
    await other.post(f"/v1/approvals/{approval}/decision", {"decision": "approved", "decided_by": LEE})
    wider = terms | {"items": ["invoices", "payments"], "requested_by": ADA, "approval": approval}
    refused = await connecting.api.post("/v1/consents", wider)
    entered = await connecting.api.post("/v1/consents", terms | {"requested_by": ADA, "approval": approval})
    twice = await connecting.api.post("/v1/consents", terms | {"requested_by": ADA, "approval": approval})

    assert [answer.status_code for answer in (nobody, first, early, refused, entered, twice)] == [
        422, 403, 403, 403, 201, 403,
    ]  # fmt: skip
    assert len((await connecting.api.get("/v1/consents")).json()["data"]) == 1
