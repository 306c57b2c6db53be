"""How connections live on, explain themselves and end, against running vendors over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace

from service import ids
from service.accounts.keys import mint_key
from service.accounts.tokens import Mode
from service.connections import secrets_store
from service.connections.credentials import NAME, insert_credentials, unseal
from service.connections.jobs import Care
from service.db.pool import Pool, as_organization
from service.demo.cast import API_VERSION
from service.jobs.connections import opened_care
from service.settings import Settings
from tests.acceptance.conftest import Api, peppers_of, problem_of

from .hosted import SIGNED, Browser, Connecting
from .hosted_fixtures import connecting, database, operator_pool, port, served, settings, vendors

__all__ = ["connecting", "database", "operator_pool", "port", "served", "settings", "vendors"]
pytestmark = pytest.mark.anyio
LEE = "lee@birchvale.example"


@pytest.fixture
async def care(settings: Settings) -> AsyncIterator[Care]:
    """The worker's part."""
    async with opened_care(settings) as care:
        yield care


async def second_key(connecting: Connecting, settings: Settings, operator_pool: Pool) -> Api:
    async with operator_pool.acquire() as connection:
        _, token = await mint_key(
            connection,
            peppers_of(settings),
            org_id=connecting.api.cast.org_id,
            name="second person",
            mode=Mode.LIVE,
            scopes=("*:*",),
            api_version=API_VERSION,
        )
    api = Api(connecting.api.http, connecting.api.cast)
    api.cast = type(api.cast)(
        org_id=api.cast.org_id, firm_id=api.cast.firm_id, key=token, connections=api.cast.connections
    )
    return api


def firm_of(connecting: Connecting) -> str:
    return ids.encode("firm", connecting.api.cast.firm_id)


async def listed(connecting: Connecting, connection: str, noun: str = "clients") -> int:
    return (await connecting.api.get(f"/v1/{noun}?limit=1", Connection_Id=connection)).status_code


async def delete(connecting: Connecting, connection: str, query: str = "") -> Any:
    return await connecting.api.http.request(
        "DELETE", f"/v1/connections/{connection}{query}", headers=connecting.api.headers()
    )


async def test_health_says_what_led_here_what_comes_next_and_when_it_surely_ends(connecting: Connecting) -> None:
    connection = await connecting.connected("quickbooks")

    health = await connecting.health(connection)

    assert (health["state"], health["mend"], health["renewals"], health["open_issues"]) == ("healthy", None, 0, 0)
    assert [line["kind"] for line in health["timeline"]] == ["state", "connected"]
    ends = datetime.fromisoformat(health["access_ends_at"])
    lead = ends - datetime.fromisoformat(health["next_renewal_at"])
    assert timedelta(minutes=5) <= lead <= timedelta(minutes=10)
    years = (datetime.fromisoformat(health["hard_end_at"]) - datetime.now(UTC)).days / 365
    assert 4.9 < years < 5.1


async def test_token_is_renewed_before_any_call_needs_it(
    connecting: Connecting, care: Care, operator_pool: Pool
) -> None:
    connection = await connecting.connected("quickbooks")
    ends = datetime.fromisoformat((await connecting.health(connection))["access_ends_at"])

    async with operator_pool.acquire() as database:
        await care.renew_ahead(database, ends - timedelta(minutes=11))
        early = connecting.vendors.quickbooks.stats()["token_refreshes"]
        # Due by the clock of the job, not yet by the keeper's: the token has an hour left.
        await operator_pool.execute(
            "UPDATE connection_secrets SET expires_at = now() + interval '4 minutes' WHERE connection_id = $1",
            ids.decode("con", connection),
        )
        await _shorten(care, connecting, connection)
        await care.renew_ahead(database, datetime.now(UTC))

    health = await connecting.health(connection)
    assert early == 0
    assert connecting.vendors.quickbooks.stats()["token_refreshes"] == 1
    assert health["renewals"] == 1
    assert datetime.fromisoformat(health["access_ends_at"]) > datetime.now(UTC) + timedelta(minutes=55)


async def _shorten(care: Care, connecting: Connecting, connection: str) -> None:
    """Puts four minutes into the sealed credentials as well."""
    linking, org_id = care.linking, connecting.api.cast.org_id
    connection_id = ids.decode("con", connection)
    async with as_organization(linking.pool, org_id) as database:
        secret = await secrets_store.get_secret(database, org_id, connection_id, NAME)
        assert secret is not None
        held = await unseal(linking.vault, connection_id, secret)
        short = replace(held, expires_at=datetime.now(UTC) + timedelta(minutes=4))
        await insert_credentials(
            database, linking.vault, org_id, secret.key.firm_id, connection_id, short, datetime.now(UTC)
        )


async def test_end_that_only_the_firm_can_put_off_is_announced(
    connecting: Connecting, care: Care, operator_pool: Pool
) -> None:
    connection = await connecting.connected("canopy")
    await operator_pool.execute(
        "UPDATE connection_secrets SET hard_expires_at = now() + interval '5 days' WHERE connection_id = $1",
        ids.decode("con", connection),
    )

    async with operator_pool.acquire() as database:
        await care.announce_ends(database, datetime.now(UTC))
        health = await connecting.health(connection)
        await operator_pool.execute("UPDATE connection_secrets SET hard_expires_at = NULL")
        await care.announce_ends(database, datetime.now(UTC))

    assert health["state"] == "expiring"
    assert (datetime.now(UTC) + timedelta(days=5)).date().isoformat() in health["reason"]
    assert "connect again" in health["mend"]
    assert (await connecting.health(connection))["state"] == "healthy"


async def test_revoked_grant_needs_attention_and_connecting_again_keeps_the_ids(
    connecting: Connecting, care: Care, operator_pool: Pool
) -> None:
    connection = await connecting.connected("quickbooks")
    before = (await connecting.api.get("/v1/clients?limit=1", Connection_Id=connection)).json()["data"][0]["id"]
    connecting.vendors.quickbooks.fault("expire_token")
    await _revoke_at_vendor(care, connecting, connection)
    failed = await connecting.api.get("/v1/clients?limit=1", Connection_Id=connection)

    health = await connecting.health(connection)
    browser = Browser()
    made, page = await connecting.signed("quickbooks", browser, connection=connection)
    await browser.submit(page, "go")

    assert failed.status_code == 424
    assert health["state"] == "needs_attention"
    assert health["last_vendor_error"]["kind"] == "renewal_refused"
    assert "ids stay" in health["mend"]
    assert (await connecting.status(made))["connection"] == connection
    after = await _eventually(connecting, connection)
    assert after == before
    assert "connected_again" in [line["kind"] for line in (await connecting.health(connection))["timeline"]]


async def _revoke_at_vendor(care: Care, connecting: Connecting, connection: str) -> None:
    """The firm's person disconnects the app at Intuit."""
    exported = await connecting.api.post(
        f"/v1/connections/{connection}/export",
        {"requested_by": "ada@ledgerline.example", "ticket": "T-1"},
        Confirm_Connection=connection,
    )
    token = exported.json()["tokens"]["refresh_token"]
    answer = await connecting.api.http.post(
        f"{connecting.vendors.quickbooks.url}/v2/oauth2/tokens/revoke",
        data={"token": token, "client_id": "sandbox-app", "client_secret": "sandbox-app-secret"},
    )
    assert answer.status_code == 200


async def _eventually(connecting: Connecting, connection: str) -> str:
    """The first client's id, once the change of state is felt: within a second."""
    for _ in range(40):
        answer = await connecting.api.get("/v1/clients?limit=1", Connection_Id=connection)
        if answer.status_code == 200:
            return str(answer.json()["data"][0]["id"])
        await asyncio.sleep(0.05)
    raise AssertionError("the connection is not usable a second later")


async def test_login_of_another_firm_does_not_take_a_connection_over(
    connecting: Connecting, operator_pool: Pool
) -> None:
    connection = await connecting.connected("quickbooks")
    await operator_pool.execute(
        "UPDATE connection_accounts SET remote_id = '777', name = 'Elm & Oak' WHERE connection_id = $1",
        ids.decode("con", connection),
    )
    browser = Browser()
    made, page = await connecting.signed("quickbooks", browser, connection=connection)

    page = await browser.submit(page, "go")

    assert "other accounts than the connection had" in page.text
    assert "Elm & Oak" in page.text
    assert (await connecting.status(made))["status"] == "signed"


async def test_ended_connection_is_revoked_at_the_vendor_and_its_secrets_are_gone(
    connecting: Connecting, operator_pool: Pool
) -> None:
    connection = await connecting.connected("quickbooks")

    ended = await delete(connecting, connection)
    again = await delete(connecting, connection)

    assert ended.status_code == 200, ended.text
    proof = ended.json()
    assert (proof["vendor"], proof["access_refused"]) == ("revoked", True)
    assert (proof["secrets_left"], proof["data_key_destroyed"], proof["consents_ended"]) == (0, True, 1)
    assert again.json()["vendor"] == "nothing_to_revoke"
    assert connecting.vendors.quickbooks.stats()["calls"]["POST /v2/oauth2/tokens/revoke"] == 1
    assert await listed(connecting, connection) == 424
    org_id = connecting.api.cast.org_id
    for table in ("connection_secrets", "firm_data_keys"):
        assert await operator_pool.fetchval(f"SELECT count(*) FROM {table} WHERE org_id = $1", org_id) == 0
    assert (await connecting.health(connection))["timeline"][0]["kind"] == "ended"


async def test_vendor_that_is_away_ends_nothing_unless_forced(connecting: Connecting) -> None:
    connection = await connecting.connected("quickbooks")
    connecting.vendors.quickbooks.fault("server_error", path="*revoke", count=2)

    refused = await delete(connecting, connection)
    state = (await connecting.health(connection))["state"]
    forced = await delete(connecting, connection, "?force=true")

    assert (refused.status_code, problem_of(refused)) == (503, "vendor_unavailable")
    assert state == "healthy"
    assert forced.json()["vendor"] == "skipped"
    assert forced.json()["secrets_left"] == 0


async def test_other_connections_of_the_firm_survive_the_end_of_one(connecting: Connecting) -> None:
    first, second = await connecting.connected("quickbooks"), await connecting.connected("canopy")

    ended = await delete(connecting, first)

    assert ended.json()["data_key_destroyed"] is False
    assert await listed(connecting, second) == 200


async def test_export_needs_the_id_again_and_a_ticket_and_is_on_the_timeline(connecting: Connecting) -> None:
    connection = await connecting.connected("canopy")
    wish = {"requested_by": "ada@ledgerline.example", "ticket": "GRC-1042"}
    path = f"/v1/connections/{connection}/export"

    unconfirmed = await connecting.api.post(path, wish)
    without_ticket = await connecting.api.post(
        path, {"requested_by": "ada@ledgerline.example"}, Confirm_Connection=connection
    )
    exported = await connecting.api.post(path, wish, Confirm_Connection=connection)

    assert (unconfirmed.status_code, problem_of(unconfirmed)) == (400, "invalid_header")
    assert without_ticket.status_code == 422
    assert exported.status_code == 200, exported.text
    tokens = exported.json()["tokens"]
    read = await connecting.api.http.get(
        f"{connecting.vendors.canopy.url}/practice/v1/me/sessions",
        headers={"authorization": f"Bearer {tokens['access_token']}"},
    )
    assert read.status_code == 200
    assert (await connecting.health(connection))["timeline"][0]["detail"].endswith("ticket GRC-1042")


async def test_export_waits_for_a_second_person_with_another_key(
    connecting: Connecting, settings: Settings, operator_pool: Pool
) -> None:
    connection = await connecting.connected("canopy")
    other = await second_key(connecting, settings, operator_pool)
    asks = {"requested_by": "ada@ledgerline.example", "ticket": "GRC-1"}
    path = f"/v1/connections/{connection}/export"
    wanted = {"dual_control": ["export"], "requested_by": "ada@ledgerline.example"}
    assert (await connecting.api.patch(f"/v1/firms/{firm_of(connecting)}/policy", wanted)).status_code == 200

    first = await connecting.api.post(path, asks, Confirm_Connection=connection)
    approval = first.json()["errors"][0]["message"]
    decision = f"/v1/approvals/{approval}/decision"
    by_herself = await other.post(decision, {"decision": "approved", "decided_by": "ADA@ledgerline.example"})
    same_key = await connecting.api.post(decision, {"decision": "approved", "decided_by": LEE})
    too_early = await connecting.api.post(path, asks | {"approval": approval}, Confirm_Connection=connection)
    agreed = await other.post(decision, {"decision": "approved", "decided_by": LEE})
    for_other_ticket = await connecting.api.post(
        path, asks | {"approval": approval, "ticket": "GRC-2"}, Confirm_Connection=connection
    )
    exported = await connecting.api.post(path, asks | {"approval": approval}, Confirm_Connection=connection)
    twice = await connecting.api.post(path, asks | {"approval": approval}, Confirm_Connection=connection)

    assert problem_of(first) == "approval_required"
    refused = (by_herself, same_key, too_early, for_other_ticket, twice)
    assert [answer.status_code for answer in refused] == [403] * 5
    assert (agreed.status_code, exported.status_code) == (200, 200), exported.text


async def test_new_connection_waits_for_a_second_person(
    connecting: Connecting, settings: Settings, operator_pool: Pool
) -> None:
    other = await second_key(connecting, settings, operator_pool)
    wanted = {"dual_control": ["connect"], "requested_by": "ada@ledgerline.example"}
    await connecting.api.patch(f"/v1/firms/{firm_of(connecting)}/policy", wanted)
    browser = Browser()
    made, page = await connecting.signed("quickbooks", browser)
    done = await browser.submit(page, "go")
    connection = (await connecting.status(made))["connection"]

    before = await listed(connecting, connection)
    (waiting,) = (await connecting.api.get("/v1/approvals?filter[waiting]=true")).json()["data"]
    agreed = await other.post(f"/v1/approvals/{waiting['id']}/decision", {"decision": "approved", "decided_by": LEE})

    assert "second person" in done.text
    assert before == 424
    assert (waiting["action"], waiting["requested_by"]) == ("connect", SIGNED["email"])
    assert agreed.json()["status"] == "used"
    assert await _eventually(connecting, connection)


async def test_second_person_who_says_no_ends_the_attempt(
    connecting: Connecting, settings: Settings, operator_pool: Pool
) -> None:
    wanted = {"dual_control": ["connect"], "requested_by": "ada@ledgerline.example"}
    await connecting.api.patch(f"/v1/firms/{firm_of(connecting)}/policy", wanted)
    connection = await connecting.connected("quickbooks")
    (waiting,) = (await connecting.api.get("/v1/approvals")).json()["data"]

    await connecting.api.post(f"/v1/approvals/{waiting['id']}/decision", {"decision": "refused", "decided_by": LEE})

    assert (await connecting.health(connection))["state"] == "revoked"
    assert await listed(connecting, connection) == 424


async def test_wider_consent_waits_for_a_second_person(connecting: Connecting) -> None:
    browser = Browser()
    made, page = await connecting.signed("quickbooks", browser, items=["clients"])
    await browser.submit(page, "go")
    connection = (await connecting.status(made))["connection"]
    wanted = {"dual_control": ["consent"], "requested_by": "ada@ledgerline.example"}
    await connecting.api.patch(f"/v1/firms/{firm_of(connecting)}/policy", wanted)

    made, page = await connecting.signed("quickbooks", browser, items=["clients"], connection=connection)
    await browser.submit(page, "go")
    same = (await connecting.health(connection))["state"]
    made, page = await connecting.signed("quickbooks", browser, items=["clients", "invoices"], connection=connection)
    await browser.submit(page, "go")

    assert same == "healthy"
    assert (await connecting.health(connection))["state"] == "pending"


async def test_policy_is_loosened_by_two_persons_alone(
    connecting: Connecting, settings: Settings, operator_pool: Pool
) -> None:
    other = await second_key(connecting, settings, operator_pool)
    path = f"/v1/firms/{firm_of(connecting)}/policy"
    ask: dict[str, Any] = {"requested_by": "ada@ledgerline.example"}
    await connecting.api.patch(path, ask | {"dual_control": ["connect", "export"]})

    first = await connecting.api.patch(path, ask | {"dual_control": ["connect"]})
    approval = first.json()["errors"][0]["message"]
    await other.post(f"/v1/approvals/{approval}/decision", {"decision": "approved", "decided_by": LEE})
    nothing: list[str] = []
    wider = await connecting.api.patch(path, ask | {"dual_control": nothing, "approval": approval})
    loosened = await connecting.api.patch(path, ask | {"dual_control": ["connect"], "approval": approval})

    assert (first.status_code, wider.status_code, loosened.status_code) == (403, 403, 200)
    assert (await connecting.api.get(path)).json()["dual_control"] == ["connect"]


async def test_database_itself_refuses_one_person_twice(connecting: Connecting, operator_pool: Pool) -> None:
    wanted = {"dual_control": ["connect"], "requested_by": "ada@ledgerline.example"}
    await connecting.api.patch(f"/v1/firms/{firm_of(connecting)}/policy", wanted)
    await connecting.connected("quickbooks")

    with pytest.raises(asyncpg.CheckViolationError, match="second_person"):
        await operator_pool.execute(
            "UPDATE approvals SET decision = 'approved', decided_by = requested_by, decided_at = now()"
            " WHERE org_id = $1",
            connecting.api.cast.org_id,
        )


@pytest.mark.parametrize(("field", "kind"), [("display_name", "unreadable"), ("owner_id", "missing_field")])
async def test_changed_field_opens_an_issue_and_degrades_the_connection_until_it_is_gone(
    connecting: Connecting, care: Care, field: str, kind: str
) -> None:
    """`owner_id` may be missing as far as our mapper goes: without the canary its loss would pass in silence."""
    connection = await connecting.connected("canopy")
    org_id, connection_id = connecting.api.cast.org_id, ids.decode("con", connection)
    await care.probe(org_id, connection_id, datetime.now(UTC))
    well = await connecting.health(connection)

    connecting.vendors.canopy.fault("drift", path="*/clients/search", field=field, to="renamed")
    await care.probe(org_id, connection_id, datetime.now(UTC))
    drifted = await connecting.health(connection)
    issues = (await connecting.api.get("/v1/issues?filter[open]=true")).json()["data"]
    await care.probe(org_id, connection_id, datetime.now(UTC))

    assert (well["state"], well["open_issues"]) == ("healthy", 0)
    assert (drifted["state"], drifted["open_issues"]) == ("degraded", 1)
    assert [(one["surface"], one["connection"]) for one in issues] == [("clients", connection)]
    assert field in issues[0]["path"] + issues[0]["expected"]
    assert issues[0]["kind"] == kind
    assert drifted["timeline"][1]["kind"] == "drift"
    assert (await connecting.health(connection))["state"] == "healthy"
    assert (await connecting.api.get("/v1/issues?filter[open]=true")).json()["data"] == []
    assert (await connecting.api.get(f"/v1/issues/{issues[0]['id']}")).json()["resolved_at"]


async def test_canary_asks_only_for_what_the_firm_consents_to(connecting: Connecting, care: Care) -> None:
    browser = Browser()
    made, page = await connecting.signed("canopy", browser, items=["tasks"])
    await browser.submit(page, "go")
    connection = (await connecting.status(made))["connection"]

    await care.probe(connecting.api.cast.org_id, ids.decode("con", connection), datetime.now(UTC))

    asked = [name for name in connecting.vendors.canopy.stats()["calls"] if name.endswith("search")]
    assert asked == ["POST /practice/v1/tasks/search"] or asked == ["POST /practice/v1/{entity}/search"]


async def test_canary_keeps_names_and_sorts_of_fields_and_no_value(
    connecting: Connecting, care: Care, operator_pool: Pool
) -> None:
    connection = await connecting.connected("canopy")

    await care.probe(connecting.api.cast.org_id, ids.decode("con", connection), datetime.now(UTC))

    kept = str(await operator_pool.fetch("SELECT * FROM surface_shapes"))
    names = [
        record["display_name"]
        for record in (await connecting.api.get("/v1/clients?limit=50", Connection_Id=connection)).json()["data"]
    ]
    assert '"display_name":{"sorts":["text"]' in kept
    assert not [name for name in names if name in kept]
