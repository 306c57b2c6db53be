"""A firm's person gives what a vendor's key consists of, and the app reads its clients."""

from datetime import UTC, datetime, timedelta

import pytest

from .hosted import Browser, Connecting
from .hosted_fixtures import connecting, database, operator_pool, port, served, settings, vendors

__all__ = ["connecting", "database", "operator_pool", "port", "served", "settings", "vendors"]
pytestmark = pytest.mark.anyio


async def test_karbon_is_connected_with_both_secrets_and_with_no_other(connecting: Connecting) -> None:
    browser = Browser()
    bearer, access_key = connecting.vendors.karbon.grant().access_token.split("\n")
    made, page = await connecting.signed("karbon", browser)

    one = await browser.submit(page, "key", {"key": bearer})
    swapped = await browser.submit(one, "key", {"key": access_key, "access_key": bearer})
    other = await browser.submit(swapped, "key", {"key": bearer, "access_key": access_key[:-4] + "0000"})
    await browser.submit(other, "key", {"key": bearer, "access_key": access_key})

    assert [field.get("name") for field in page.fields] == ["key", "access_key", "ends_on"]
    assert "begins with eyJ" in one.text
    assert one.answer.status_code == swapped.answer.status_code == 422
    assert "did not accept" in other.text
    for shown in (one, swapped, other):
        assert bearer not in shown.answer.text
        assert access_key not in shown.answer.text
    connection = (await connecting.status(made))["connection"]
    listed = await connecting.api.get("/v1/clients?limit=5", Connection_Id=connection)
    assert listed.status_code == 200, listed.text
    assert len(listed.json()["data"]) == 5
    assert (await connecting.health(connection))["hard_end_at"] is None


async def test_karbon_does_not_say_whose_it_is_and_the_page_and_the_capabilities_say_so(connecting: Connecting) -> None:
    browser = Browser()
    bearer, access_key = connecting.vendors.karbon.grant().access_token.split("\n")
    made, page = await connecting.signed("karbon", browser)
    await browser.submit(page, "key", {"key": bearer, "access_key": access_key})
    connection = (await connecting.status(made))["connection"]
    _, again = await connecting.signed("karbon", Browser(), connection=connection)
    _, named = await connecting.signed("senta", Browser())

    capabilities = (await connecting.api.get(f"/v1/connections/{connection}/capabilities")).json()
    others = (await connecting.api.get("/v1/vendors/quickbooks/coverage")).json()

    assert "Karbon does not say whose records it opens" in page.text
    assert "what you give is of Birch & Vale Accounting" in page.text
    assert "we compare it with what this connection had before and refuse another firm's" in again.text
    assert "does not say whose" not in named.text
    assert (capabilities["names_account"], others["names_account"]) == (False, True)


async def test_financial_cents_token_ends_after_half_a_year_unless_another_day_is_said(connecting: Connecting) -> None:
    browser = Browser()
    token = connecting.vendors.financial_cents.grant().access_token
    made, page = await connecting.signed("financial_cents", browser)

    wrong = await browser.submit(page, "key", {"key": "made-up-token"})
    await browser.submit(wrong, "key", {"key": token})

    assert "Settings → API Settings" in page.text
    assert "lets it lapse after about 180 days" in page.text
    assert "did not accept" in wrong.text
    connection = (await connecting.status(made))["connection"]
    shown = (await connecting.api.get(f"/v1/connections/{connection}")).json()
    assert [account["remote_id"] for account in shown["accounts"]] == ["9007"]
    ends_at = datetime.fromisoformat((await connecting.health(connection))["hard_end_at"])
    assert abs(ends_at - datetime.now(UTC) - timedelta(days=180)) < timedelta(minutes=5)
    listed = await connecting.api.get("/v1/clients?limit=5&sort=-updated_at", Connection_Id=connection)
    assert listed.status_code == 200, listed.text
    assert len(listed.json()["data"]) == 5


async def test_uku_is_connected_with_a_key_and_the_company_it_is_of(connecting: Connecting) -> None:
    browser = Browser()
    grant = connecting.vendors.uku.grant()
    key, company = grant.access_token.split("\n")
    made, page = await connecting.signed("uku", browser)

    short = await browser.submit(page, "key", {"key": key, "company": company[:-1]})
    other = await browser.submit(short, "key", {"key": key, "company": company[:-4] + "ffff"})
    await browser.submit(other, "key", {"key": key, "company": company})

    assert [field.get("name") for field in page.fields] == ["key", "company", "ends_on"]
    assert short.answer.status_code == 422
    assert "did not accept" in other.text
    assert key not in short.answer.text + other.answer.text
    connection = (await connecting.status(made))["connection"]
    shown = (await connecting.api.get(f"/v1/connections/{connection}")).json()
    assert [account["remote_id"] for account in shown["accounts"]] == [company]
    listed = await connecting.api.get("/v1/clients?limit=5", Connection_Id=connection)
    assert listed.status_code == 200, listed.text
    assert len(listed.json()["data"]) == 5


async def test_uku_offers_its_own_page_and_a_key_and_each_way_ends_as_it_began(connecting: Connecting) -> None:
    by_page = await connecting.connected("uku")
    browser = Browser()
    key, company = connecting.vendors.uku.grant().access_token.split("\n")
    made, page = await connecting.signed("uku", browser)
    await browser.submit(page, "key", {"key": key, "company": company})
    by_key = (await connecting.status(made))["connection"]

    ends = [
        (await connecting.api.http.request("DELETE", f"/v1/connections/{one}", headers=connecting.api.headers())).json()
        for one in (by_page, by_key)
    ]

    assert [action.rsplit("/", 1)[1] for action in page.actions][:2] == ["go", "key"]
    assert [(one["vendor"], one["access_refused"]) for one in ends] == [("revoked", True), ("not_offered", None)]


async def test_uku_is_not_connected_again_with_another_company(connecting: Connecting) -> None:
    connection = await connecting.connected("uku")
    browser = Browser()
    key, company = connecting.vendors.uku.grant().access_token.split("\n")
    _, page = await connecting.signed("uku", browser, connection=connection)

    refused = await browser.submit(page, "key", {"key": key, "company": company})

    assert "other accounts" in refused.text


async def test_senta_is_connected_for_the_practice_in_its_address_and_for_no_other_host(connecting: Connecting) -> None:
    browser = Browser()
    grant = connecting.vendors.senta.grant()
    made, page = await connecting.signed("senta", browser)

    for elsewhere in ("support", "larkspur7.senta.co", "larkspur7.evil.example/", "a@evil.example", "127.0.0.1"):
        page = await browser.submit(page, "key", {"key": grant.access_token, "practice": elsewhere})
        assert page.answer.status_code == 422
        assert "Only the word before .senta.co" in page.text
    assert connecting.vendors.senta.stats()["total"] == 0
    await browser.submit(page, "key", {"key": grant.access_token, "practice": grant.account})

    connection = (await connecting.status(made))["connection"]
    shown = (await connecting.api.get(f"/v1/connections/{connection}")).json()
    assert [account["remote_id"] for account in shown["accounts"]] == [grant.account]
    client = (await connecting.api.get("/v1/clients?limit=1", Connection_Id=connection)).json()["data"][0]
    found = (await connecting.api.get(f"/v1/clients/{client['id']}", Connection_Id=connection)).json()
    assert found["custom_fields"]["favouritecolour"] == "green"
    assert "utr" not in found["custom_fields"]
