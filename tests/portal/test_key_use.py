"""The page of a key: how it is used, what goes wrong with it, and what it may."""

from uuid import UUID

import httpx
import pytest
from playwright.async_api import expect

from service import ids
from tests.portal.conftest import People
from tests.portal.test_pages import overflow_px, violations

pytestmark = pytest.mark.anyio


async def test_key_shows_its_calls_errors_and_times_as_the_api_does(people: People, site: str) -> None:
    person = await people()
    await person.connect()
    token = await person.make_key("busy", "Live")
    async with httpx.AsyncClient(base_url=site, headers={"Authorization": f"Bearer {token}"}) as app:
        for path in ("/v1/clients?limit=2", "/v1/clients?limit=2", "/v1/clients?filter[owner]=me"):
            await app.get(path)
        (key,) = {one["key"] for one in (await app.get("/v1/usage")).json()["data"]}
        told = (await app.get(f"/v1/keys/{key}/usage?by=day")).json()

    await person.go(f"/keys/{key}")
    main = person.page.get_by_role("main")
    await expect(main.locator(".figures").first).to_contain_text("Refused, 4xx")
    shown = await main.locator(".figures dd").all_inner_texts()
    await person.follow("Last 30 days")
    await expect(main.get_by_role("link", name="Last 30 days")).to_have_attribute("aria-current", "page")
    await person.page.get_by_text("Calls as a table").click()
    table = await main.get_by_role("region", name="Calls").locator("tbody tr").all_inner_texts()

    assert shown[:3] == ["5", "1", "0"]  # asking for the calls and for the key's use are calls too
    assert (told["total"]["calls"], told["total"]["refused"]) == (4, 1)  # but for the one that asks
    assert told["month_units"] == {"read": 2}
    assert [row.split()[-3:] for row in table] == [["5", "1", "0"]]
    assert await violations(person.page) == []


async def test_key_page_leads_to_its_own_budget(people: People) -> None:
    person = await people(viewport={"width": 360, "height": 740}, color_scheme="dark")
    await person.make_key("spender", "Live")
    await person.go("/keys")
    await person.follow("spender")
    await expect(person.page.get_by_role("main")).to_contain_text("100 calls a second")
    assert await overflow_px(person.page) == 0

    await person.follow("Set a budget")
    await person.fill("At most, USD", "25")
    await person.press("Set the budget")
    await person.go("/keys")
    await person.follow("spender")

    await expect(person.page.get_by_role("main")).to_contain_text("0.00 of 25.00 USD")
    assert await violations(person.page) == []


async def test_key_of_another_organization_has_no_use(people: People, site: str) -> None:
    person, other = await people(), await people("Other Apps")
    token = await person.make_key("nosy", "Live")
    await other.make_key("theirs", "Live")
    await other.go("/keys")
    theirs = str(await other.page.get_by_role("link", name="theirs").get_attribute("href")).rpartition("/")[2]

    async with httpx.AsyncClient(base_url=site, headers={"Authorization": f"Bearer {token}"}) as app:
        foreign = await app.get(f"/v1/keys/{theirs}/usage")
        missing = await app.get(f"/v1/keys/{ids.encode('key', UUID(int=1))}/usage")

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert foreign.json()["detail"] == missing.json()["detail"]


async def test_key_keeps_to_a_limit_of_its_own(people: People, site: str) -> None:
    person = await people()
    token = await person.make_key("slow", "Live")
    await person.go("/keys")
    await person.follow("slow")
    await person.fill("Calls a minute, at most", "none")
    await person.press("Set the limit")
    await expect(person.page.get_by_role("main")).to_contain_text("a whole number from 1 to 1,000,000")
    await person.fill("Calls a minute, at most", "3")
    await person.press("Set the limit")
    await expect(person.page.get_by_role("main")).to_contain_text("3 calls a minute; any key: 100 calls a second")
    assert await violations(person.page) == []

    async with httpx.AsyncClient(base_url=site, headers={"Authorization": f"Bearer {token}"}) as app:
        answers = [await app.get("/v1/me") for _ in range(4)]

    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"60s";q=3;w=60'


async def test_limit_is_chosen_when_a_key_is_made(people: People, site: str) -> None:
    person = await people()
    await person.go("/keys/new")
    await person.fill("Name", "two a minute")
    await person.page.get_by_text("Limits: expiry").click()
    await person.fill("Calls a minute, at most", "2")
    await person.press("Make the key")
    token = await person.page.locator(".secret code").inner_text()

    async with httpx.AsyncClient(base_url=site, headers={"Authorization": f"Bearer {token}"}) as app:
        statuses = [(await app.get("/v1/me")).status_code for _ in range(3)]

    assert statuses == [200, 200, 429]
