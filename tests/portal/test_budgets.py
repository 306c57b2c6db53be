"""Budgets on their page: set, held, shown, changed, taken away; and only by who may."""

import asyncio

import httpx
import pytest
from playwright.async_api import expect

from tests.portal.conftest import People
from tests.portal.test_pages import overflow_px, violations
from tests.portal.test_safety import send, with_session_of

pytestmark = pytest.mark.anyio


async def test_budget_of_a_key_holds_its_calls_and_shows_its_alerts(people: People, site: str) -> None:
    person = await people("Harbor Books", viewport={"width": 360, "height": 740})
    page = person.page
    await person.connect()
    key = await person.make_key("metered", "Live")
    await person.go("/usage/budgets")
    await page.get_by_label("For").select_option(label="metered")
    await page.get_by_label("How often").select_option("day")
    await person.fill("At most, USD", "0.02")
    await person.press("Set the budget")
    await expect(page.get_by_role("heading", name="metered")).to_be_visible()

    async with httpx.AsyncClient(base_url=site, headers={"Authorization": f"Bearer {key}"}) as app:
        status = 0
        for _ in range(60):
            if (status := (await app.get("/v1/clients?limit=1")).status_code) == 402:
                break
            await asyncio.sleep(0.1)
        assert status == 402

    await person.go("/usage/budgets")
    gauge = page.get_by_role("progressbar")
    await expect(gauge).to_have_attribute("value", "100")
    for percent in ("50 %", "80 %", "100 %"):
        await expect(page.locator(".alerts-raised")).to_contain_text(percent)
    assert await violations(page) == []
    assert await overflow_px(page) == 0

    await person.go("/events")
    for percent in ("50 %", "80 %", "100 %"):
        await expect(page.locator(".events")).to_contain_text(f"{percent} of 0.02 USD for the day is used.")
    assert await violations(page) == []
    assert await overflow_px(page) == 0
    await person.go("/usage/budgets")
    await page.get_by_label("New limit").fill("12.5")
    await page.get_by_role("button", name="Change").click()
    await expect(page.locator(".budgets")).to_contain_text("12.50 USD")
    await page.get_by_role("button", name="Remove").click()
    await expect(page.get_by_role("heading", name="No budget yet")).to_be_visible()


async def test_amount_that_is_none_is_said_beside_it_and_stays_typed(people: People) -> None:
    person = await people(java_script_enabled=False)
    await person.go("/usage/budgets")

    for typed in ("much", "-1", "0.001", "NaN"):
        await person.fill("At most, USD", typed)
        await person.press("Set the budget")
        await expect(person.page.locator("#limit-error")).to_contain_text("such as 500.00")
        assert await person.page.get_by_label("At most, USD").input_value() == typed


async def test_budgets_are_for_ones_own_things_alone(people: People, site: str) -> None:
    one, other = await people("Northwind Ledger"), await people("Harbor Books")
    await other.make_key("theirs")
    await other.go("/keys")
    path = await other.page.get_by_role("link", name="theirs").get_attribute("href")
    theirs = str(path).rpartition("/")[2]

    async with await with_session_of(one, site) as client:
        for whose in (theirs, "key_none", "firm_x", ""):
            fields = {"whose": whose, "span": "day", "limit": "5"}
            assert (await send(client, "/usage/budgets", **fields)).status_code == 404
            assert (await send(client, "/usage/budgets", "/usage/budgets/remove", **fields)).status_code == 404
