"""A firm's person connects on our pages, against running vendors, without JavaScript."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from service import ids
from service.db.pool import Pool
from tests.acceptance.conftest import problem_of

from .hosted import RETURN_URL, SIGNED, Browser, Connecting
from .hosted_fixtures import connecting, database, operator_pool, port, served, settings, vendors

__all__ = ["connecting", "database", "operator_pool", "port", "served", "settings", "vendors"]
pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("vendor", ["quickbooks", "canopy"])
async def test_firm_connects_by_oauth_and_the_app_reads_its_records(connecting: Connecting, vendor: str) -> None:
    browser = Browser()
    made, page = await connecting.signed(vendor, browser)

    done = await browser.submit(page, "go")

    status = await connecting.status(made)
    assert (status["status"], status["vendor"]) == ("finished", vendor)
    back = next(link for link in done.links if link.startswith(RETURN_URL))
    assert parse_qs(urlsplit(back).query) == {"link_session": [made["id"]], "connection": [status["connection"]]}
    listed = await connecting.api.get("/v1/invoices?limit=2", Connection_Id=status["connection"])
    assert listed.status_code == 200, listed.text
    assert len(listed.json()["data"]) == 2
    shown = (await connecting.api.get(f"/v1/connections/{status['connection']}")).json()
    assert [account["name"] for account in shown["accounts"]] == ["Larkspur & Finch CPAs"]


async def test_page_says_who_asks_for_what_and_until_when(connecting: Connecting) -> None:
    page = await Browser().open((await connecting.session("quickbooks", items=["invoices"]))["url"])

    assert "Ledgerline Apps asks to read and write records of Birch & Vale Accounting" in page.text
    assert "Matching invoices with payments" in page.text
    assert "invoices and their lines" in page.text
    assert "documents" not in page.text
    assert f"{datetime.now(UTC) + timedelta(days=365):%-d %B %Y}" in page.text


async def test_signature_is_a_consent_in_the_ledger(connecting: Connecting, operator_pool: Pool) -> None:
    connection = await connecting.connected("quickbooks")

    (consent,) = (await connecting.api.get("/v1/consents")).json()["data"]

    assert consent["connection"] == connection
    assert consent["granted_by"] == "Morgan Vale <morgan@birchvale.example>"
    assert consent["purpose"] == "Matching invoices with payments"
    assert "documents" not in consent["items"], "tax-return information needs the clients' own consents"
    words = await operator_pool.fetchval(
        "SELECT encode(sha256(statement::bytea), 'hex') FROM link_sessions WHERE connection_id = $1",
        ids.decode("con", connection),
    )
    assert consent["signature"]["document_sha256"] == words
    denied = await connecting.api.get("/v1/documents?limit=1", Connection_Id=connection)
    assert (denied.status_code, problem_of(denied)) == (403, "consent_missing")


async def test_tax_return_information_is_shared_once_the_firm_says_its_clients_consented(
    connecting: Connecting,
) -> None:
    browser = Browser()
    made = await connecting.session("canopy")
    page = await browser.open(made["url"])
    page = await browser.submit(page, "sign", SIGNED | {"clients_consented": "yes"})
    await browser.submit(page, "go")

    connection = (await connecting.status(made))["connection"]

    listed = await connecting.api.get("/v1/documents?limit=1", Connection_Id=connection)
    assert listed.status_code == 200, listed.text


async def test_state_works_once_and_only_in_the_browser_it_was_given_to(connecting: Connecting) -> None:
    browser = Browser()
    made, page = await connecting.signed("quickbooks", browser)
    leaving = await browser.http.post(
        f"{connecting.url}{page.action('go')}", headers={"sec-fetch-site": "same-origin"}, follow_redirects=False
    )
    at_vendor = await browser.http.get(leaving.headers["location"], follow_redirects=False)
    callback = at_vendor.headers["location"]

    stranger = await Browser().open(callback)
    came_back = await browser.open(callback)
    again = await browser.open(callback)

    assert "another browser" in stranger.text
    assert "Connected" in came_back.text
    assert "not known" in again.text
    assert (await connecting.status(made))["status"] == "finished"


async def test_departure_is_bound_by_pkce_state_and_an_exact_redirect(connecting: Connecting) -> None:
    browser = Browser()
    _, page = await connecting.signed("canopy", browser)

    leaving = await browser.http.post(
        f"{connecting.url}{page.action('go')}", headers={"sec-fetch-site": "same-origin"}, follow_redirects=False
    )

    asked = parse_qs(urlsplit(leaving.headers["location"]).query)
    assert leaving.status_code == 303
    assert asked["redirect_uri"] == [f"{connecting.url}/connect/callback"]
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["code_challenge"][0]) == 43
    assert len(asked["state"][0]) >= 43
    assert "httponly" in leaving.headers["set-cookie"].lower()
    assert "samesite=lax" in leaving.headers["set-cookie"].lower()


async def test_forged_answer_gives_no_access(connecting: Connecting) -> None:
    browser = Browser()
    made, page = await connecting.signed("quickbooks", browser)
    leaving = await browser.http.post(
        f"{connecting.url}{page.action('go')}", headers={"sec-fetch-site": "same-origin"}, follow_redirects=False
    )
    state = parse_qs(urlsplit(leaving.headers["location"]).query)["state"][0]

    page = await browser.open(f"{connecting.url}/connect/callback?code=stolen&state={state}&realmId=1")

    assert "Check it and try again" in page.text or "said no" in page.text
    assert (await connecting.status(made))["status"] == "signed"


async def test_person_who_says_no_at_the_vendor_can_try_again(connecting: Connecting) -> None:
    browser = Browser()
    made, page = await connecting.signed("quickbooks", browser)
    leaving = await browser.http.post(
        f"{connecting.url}{page.action('go')}", headers={"sec-fetch-site": "same-origin"}, follow_redirects=False
    )
    state = parse_qs(urlsplit(leaving.headers["location"]).query)["state"][0]

    page = await browser.open(f"{connecting.url}/connect/callback?error=access_denied&state={state}")
    assert "did not give access" in page.text
    await browser.submit(page, "go")

    assert (await connecting.status(made))["status"] == "finished"


async def test_api_key_is_tried_before_it_is_kept_and_several_tenants_are_chosen_from(connecting: Connecting) -> None:
    browser = Browser()
    grant = connecting.vendors.sodium.grant()
    made, page = await connecting.signed("sodium", browser)

    wrong = await browser.submit(page, "key", {"key": "at_not-a-key"})
    page = await browser.submit(wrong, "key", {"key": grant.access_token, "ends_on": "2027-11-20"})

    assert "did not accept" in wrong.text
    assert "This login reaches 2 accounts" in page.text
    assert [field.get("checked", "no") for field in page.fields] == ["no", "no"]
    none = await browser.submit(page, "choose")
    assert none.answer.status_code == 422
    done = await browser.submit(none, "choose", {"account": [grant.account]})
    connection = (await connecting.status(made))["connection"]
    assert "Connected" in done.text
    shown = (await connecting.api.get(f"/v1/connections/{connection}")).json()
    assert [account["remote_id"] for account in shown["accounts"]] == [grant.account]
    assert (await connecting.health(connection))["hard_end_at"] == "2027-11-20T23:59:59Z"
    assert grant.access_token not in page.answer.text + done.answer.text


@pytest.mark.parametrize(
    ("vendor", "resource"), [("canopy_public", "contacts"), ("ignition", "clients"), ("uku", "clients")]
)
async def test_oauth_login_that_reaches_one_account_is_connected_to_it(
    connecting: Connecting, vendor: str, resource: str
) -> None:
    connection = await connecting.connected(vendor)

    listed = await connecting.api.get(f"/v1/{resource}?limit=2", Connection_Id=connection)

    assert listed.status_code == 200, listed.text
    assert len(listed.json()["data"]) == 2


@pytest.mark.parametrize("vendor", ["ignition", "uku"])
async def test_connection_by_oauth_outlives_its_token_and_is_revoked_at_its_end(
    connecting: Connecting, vendor: str
) -> None:
    connection = await connecting.connected(vendor)
    sandbox = next(one for one in connecting.vendors.each() if one.vendor == vendor)
    sandbox.fault("expire_token")

    listed = await connecting.api.get("/v1/clients?limit=2", Connection_Id=connection)
    address = f"/v1/connections/{connection}"
    ended = await connecting.api.http.request("DELETE", address, headers=connecting.api.headers())

    assert listed.status_code == 200, listed.text
    assert sandbox.stats()["token_refreshes"] == 1
    assert (ended.json()["vendor"], ended.json()["access_refused"]) == ("revoked", True), ended.text


@pytest.mark.parametrize(("vendor", "accounts", "resource"), [("xpm", 2, "clients"), ("smartvault", 2, "clients")])
async def test_oauth_login_that_reaches_several_accounts_takes_none_by_itself(
    connecting: Connecting, vendor: str, accounts: int, resource: str
) -> None:
    browser = Browser()
    made, page = await connecting.signed(vendor, browser)
    page = await browser.submit(page, "go")
    assert f"This login reaches {accounts} accounts" in page.text
    offered = [field for field in page.fields if field.get("name") == "account"]
    assert not [field for field in offered if "checked" in field]

    wanted = getattr(connecting.vendors, vendor).grant().account
    assert wanted in [field["value"] for field in offered]

    await browser.submit(page, "choose", {"account": [wanted]})

    connection = (await connecting.status(made))["connection"]
    shown = (await connecting.api.get(f"/v1/connections/{connection}")).json()
    assert [account["remote_id"] for account in shown["accounts"]] == [wanted]
    listed = await connecting.api.get(f"/v1/{resource}?limit=2", Connection_Id=connection)
    assert listed.status_code == 200, listed.text
    assert len(listed.json()["data"]) == 2


async def test_account_that_was_not_found_cannot_be_chosen(connecting: Connecting) -> None:
    browser = Browser()
    grant = connecting.vendors.sodium.grant()
    made, page = await connecting.signed("sodium", browser)
    page = await browser.submit(page, "key", {"key": grant.access_token})

    refused = await browser.submit(page, "choose", {"account": [grant.account, "somebodyelse"]})

    assert refused.answer.status_code == 422
    assert (await connecting.status(made))["status"] == "choosing"


async def test_login_with_one_time_codes_is_connected(connecting: Connecting, operator_pool: Pool) -> None:
    browser = Browser()
    login = connecting.vendors.taxdome.grant().login
    made, page = await connecting.signed("taxdome", browser)

    page = await browser.submit(
        page, "login", {"email": login["email"], "password": login["password"], "seed": login["totp_secret"]}
    )
    chosen = [field["value"] for field in page.fields if field.get("name") == "account"][:2]
    await browser.submit(page, "choose", {"account": chosen})

    connection = (await connecting.status(made))["connection"]
    listed = await connecting.api.get("/v1/clients?limit=1", Connection_Id=connection, Account_Id=str(chosen[0]))
    assert listed.status_code == 200, listed.text
    sealed = await operator_pool.fetchval(
        "SELECT encode(sealed, 'escape') FROM connection_secrets WHERE connection_id = $1",
        ids.decode("con", connection),
    )
    assert login["password"] not in sealed
    assert len(chosen) == 2


async def test_login_by_fingerprint_alone_is_refused_with_an_explanation(connecting: Connecting) -> None:
    browser = Browser()
    login = connecting.vendors.taxdome.grant(scopes=["biometric"]).login
    made, page = await connecting.signed("taxdome", browser)

    page = await browser.submit(page, "login", {"email": login["email"], "password": login["password"]})

    assert "fingerprint or face alone" in page.text
    assert "authenticator app" in page.text
    assert (await connecting.status(made))["status"] == "signed"
    assert login["password"] not in page.answer.text


async def test_fourth_try_with_a_password_is_not_made(connecting: Connecting) -> None:
    browser = Browser()
    login = connecting.vendors.taxdome.grant().login
    made, page = await connecting.signed("taxdome", browser)

    last = page
    for _ in range(4):
        last = await browser.submit(page, "login", {"email": login["email"], "password": "wrong"})

    asked = connecting.vendors.taxdome.stats()["calls"]
    assert "Too many tries" in last.text
    assert asked["POST /api/auth/session"] == 3
    assert (await connecting.status(made))["status"] == "cancelled"


async def test_page_left_and_opened_again_goes_on_where_it_was(connecting: Connecting) -> None:
    made, _ = await connecting.signed("quickbooks", Browser())

    page = await Browser().open(made["url"])

    assert "Go to QuickBooks Online" in page.text
    assert "Signed by Morgan Vale" in page.text


async def test_link_is_used_once(connecting: Connecting) -> None:
    browser = Browser()
    made, page = await connecting.signed("quickbooks", browser)
    await browser.submit(page, "go")

    again = await browser.submit(page, "go")

    assert "was used" in again.text or "Connected" in again.text
    connections = (await connecting.api.get("/v1/connections")).json()["data"]
    assert [one["id"] for one in connections] == [(await connecting.status(made))["connection"]]


async def test_link_ends_after_half_an_hour(connecting: Connecting, operator_pool: Pool) -> None:
    made = await connecting.session("quickbooks")
    await operator_pool.execute(
        "UPDATE link_sessions SET expires_at = now() WHERE id = $1", ids.decode("lks", made["id"])
    )

    page = await Browser().open(made["url"])

    assert page.answer.status_code == 410
    assert (await connecting.status(made))["status"] == "expired"


async def test_person_may_say_no(connecting: Connecting) -> None:
    browser = Browser()
    made, page = await connecting.signed("quickbooks", browser)

    page = await browser.submit(page, "cancel")

    assert "chose not to connect" in page.text
    assert (await connecting.status(made))["status"] == "cancelled"


@pytest.mark.parametrize(
    "said", [{"authorized": ""}, {"name": "M"}, {"email": "nowhere"}, {"name": "\x00\x01"}], ids=lambda said: str(said)
)
async def test_nothing_goes_on_without_a_whole_signature(connecting: Connecting, said: dict[str, str]) -> None:
    browser = Browser()
    made = await connecting.session("quickbooks")
    page = await browser.open(made["url"])

    page = await browser.submit(page, "sign", SIGNED | said)

    assert page.answer.status_code == 422
    assert 'role="alert"' in page.answer.text
    typed = {str(field["name"]): field.get("value") for field in page.fields}
    assert typed["email"] == (SIGNED | said)["email"], "what was typed is kept"
    assert (await connecting.status(made))["status"] == "open"


async def test_form_of_another_site_is_refused(connecting: Connecting) -> None:
    made, page = await connecting.signed("quickbooks", Browser())
    address = f"{connecting.url}{page.action('cancel')}"

    by_site = await Browser().http.post(address, headers={"sec-fetch-site": "cross-site"})
    by_origin = await Browser().http.post(address, headers={"origin": "https://evil.example"})

    assert (by_site.status_code, by_origin.status_code) == (403, 403)
    assert (await connecting.status(made))["status"] == "signed"


async def test_page_is_strict(connecting: Connecting) -> None:
    browser = Browser()
    made = await connecting.session("quickbooks")

    page = await browser.open(made["url"])
    second = await browser.submit(page, "sign", SIGNED)

    for answer in (page.answer, second.answer):
        policy = answer.headers.get_list("content-security-policy")
        assert len(policy) == 1
        assert "default-src 'none'" in policy[0]
        assert "frame-ancestors 'none'" in policy[0]
        assert "unsafe" not in policy[0]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "<script" not in answer.text
        assert "style=" not in answer.text
    assert f"form-action 'self' {connecting.vendors.quickbooks.url}" in second.answer.headers["content-security-policy"]
    assert "form-action 'self'" in page.answer.headers["content-security-policy"]


async def test_brand_colour_is_a_stylesheet_of_its_own(connecting: Connecting) -> None:
    await connecting.api.patch("/v1/connect-settings", {"accent": "7a1fa2"})
    page = await Browser().open((await connecting.session("quickbooks"))["url"])

    sheet = await Browser().http.get(f"{connecting.url}/connect/accent/7a1fa2.css")
    hostile = await Browser().http.get(f"{connecting.url}/connect/accent/%7D%2A%7B.css")

    assert "/connect/accent/7a1fa2.css" in page.answer.text
    assert "--accent: #7a1fa2; --on-accent: #fff;" in sheet.text
    assert hostile.status_code == 404


@pytest.mark.parametrize(
    ("wish", "pointer"),
    [
        ({"return_url": "https://evil.example/connected"}, "/return_url"),
        ({"return_url": f"{RETURN_URL}/more"}, "/return_url"),
        ({"return_url": f"{RETURN_URL}#fragment"}, "/return_url"),
        ({"vendors": ["nobody"]}, "/vendors"),
        ({"items": ["everything"]}, "/items"),
        ({"firm": "firm_00000000000000000000000000"}, "/firm"),
        ({"connection": "con_00000000000000000000000000"}, "/connection"),
    ],
)
async def test_impossible_session_is_refused_with_a_pointer(
    connecting: Connecting, wish: dict[str, Any], pointer: str
) -> None:
    sound = {"firm": ids.encode("firm", connecting.api.cast.firm_id), "return_url": RETURN_URL, "purpose": "p"}

    answer = await connecting.api.post("/v1/link-sessions", sound | wish)

    assert (answer.status_code, problem_of(answer)) == (422, "validation_failed")
    assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    "url",
    ["http://app.example/x", "https://a@app.example/", "https://app.example/?x=1", "javascript:alert(1)", "https://"],
)
async def test_return_url_that_is_not_safe_is_not_listed(connecting: Connecting, url: str) -> None:
    answer = await connecting.api.patch("/v1/connect-settings", {"return_urls": [url]})

    assert (answer.status_code, problem_of(answer)) == (422, "validation_failed")


async def test_session_of_another_organization_is_not_there(connecting: Connecting) -> None:
    foreign = await connecting.api.get(f"/v1/link-sessions/{ids.encode('lks', ids.new_uuid())}")
    page = await Browser().open(f"{connecting.url}/connect/{'x' * 43}")

    assert foreign.status_code == 404
    assert page.answer.status_code == 410
