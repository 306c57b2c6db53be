"""What a firm's person does on a connect page stands in the audit log, also what did not work: read by the API."""

from urllib.parse import parse_qs, urlsplit

import pytest

from service import ids
from service.db.pool import Pool

from .hosted import Browser, Connecting, Page
from .hosted_fixtures import connecting, database, operator_pool, port, served, settings, vendors

__all__ = ["connecting", "database", "operator_pool", "port", "served", "settings", "vendors"]
pytestmark = pytest.mark.anyio
SIGNED, CONNECTED = ("link_sessions.sign", "done"), ("connections.connect", "done")


async def acts(connecting: Connecting, made: dict[str, str]) -> list[tuple[str, str]]:
    """What this page's person did, oldest first, and what came of it."""
    found = (await connecting.api.get(f"/v1/audit?filter[actor]={made['id']}")).json()["data"]
    assert all(one["actor"] == made["id"] and made["id"] in one["about"] for one in found)
    assert {one["firm"] for one in found} == {ids.encode("firm", connecting.api.cast.firm_id)}
    return [(one["what"], one["outcome"]) for one in reversed(found)]


async def leave(connecting: Connecting, browser: Browser, page: Page) -> str:
    """Off to the vendor; the state that has to come back."""
    gone = await browser.http.post(
        f"{connecting.url}{page.action('go')}", headers={"sec-fetch-site": "same-origin"}, follow_redirects=False
    )
    return parse_qs(urlsplit(gone.headers["location"]).query)["state"][0]


async def test_signature_and_connection_are_acts_of_the_link_session(connecting: Connecting) -> None:
    browser = Browser()
    made, page = await connecting.signed("quickbooks", browser)
    await browser.submit(page, "go")

    assert await acts(connecting, made) == [SIGNED, CONNECTED]


async def test_page_that_was_only_looked_at_is_no_act(connecting: Connecting) -> None:
    made = await connecting.session("quickbooks")
    browser = Browser()
    page = await browser.open(made["url"])
    unsigned = await browser.submit(page, "sign", {"name": "M"})

    assert unsigned.answer.status_code == 422
    assert (await connecting.api.get(f"/v1/audit?filter[actor]={made['id']}")).json()["data"] == []


async def test_leaving_without_connecting_is_an_act_once(connecting: Connecting) -> None:
    browser = Browser()
    made, page = await connecting.signed("quickbooks", browser)
    await browser.submit(page, "cancel")
    await browser.submit(page, "cancel")

    assert await acts(connecting, made) == [SIGNED, ("link_sessions.cancel", "done")]


async def test_refusal_at_the_vendor_and_a_forged_answer_are_acts(connecting: Connecting) -> None:
    browser = Browser()
    made, page = await connecting.signed("quickbooks", browser)
    for query in ("error=access_denied", "code=stolen&realmId=1"):
        state = await leave(connecting, browser, page)
        await browser.open(f"{connecting.url}/connect/callback?{query}&state={state}")
    state = await leave(connecting, browser, page)
    await Browser().open(f"{connecting.url}/connect/callback?code=c&state={state}&realmId=1")
    await browser.submit(page, "go")

    tries = [("connections.connect", outcome) for outcome in ("not_given", "credentials_refused", "other_browser")]
    assert await acts(connecting, made) == [SIGNED, *tries, CONNECTED]


async def test_tries_with_a_wrong_password_are_acts_up_to_the_last_one(
    connecting: Connecting, operator_pool: Pool
) -> None:
    browser = Browser()
    login = connecting.vendors.taxdome.grant().login
    made, page = await connecting.signed("taxdome", browser)
    for _ in range(4):
        await browser.submit(page, "login", {"email": login["email"], "password": "wr0ng-canary"})

    refused = [("connections.connect", "credentials_refused")] * 3
    assert await acts(connecting, made) == [SIGNED, *refused, ("connections.connect", "too_many_tries")]
    kept = await operator_pool.fetchval(
        "SELECT string_agg(content, '') FROM audit_rows WHERE org_id = $1", connecting.api.cast.org_id
    )
    assert "wr0ng-canary" not in kept
    assert login["email"] not in kept


async def test_vendor_that_is_away_is_told_apart_from_one_that_refuses(connecting: Connecting) -> None:
    browser = Browser()
    key = connecting.vendors.financial_cents.grant().access_token
    made, page = await connecting.signed("financial_cents", browser)
    connecting.vendors.financial_cents.fault("server_error", status=503)
    await browser.submit(page, "key", {"key": key})

    assert await acts(connecting, made) == [SIGNED, ("connections.connect", "vendor_unavailable")]


async def test_login_of_another_firm_is_an_act(connecting: Connecting, operator_pool: Pool) -> None:
    connection = await connecting.connected("quickbooks")
    await operator_pool.execute(
        "UPDATE connection_accounts SET remote_id = '777' WHERE connection_id = $1", ids.decode("con", connection)
    )
    browser = Browser()
    made, page = await connecting.signed("quickbooks", browser, connection=connection)
    await browser.submit(page, "go")

    assert await acts(connecting, made) == [SIGNED, ("connections.connect_again", "not_the_same")]
