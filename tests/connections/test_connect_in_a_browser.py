"""The connect pages in a real headless Chromium, with JavaScript switched off."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page

from tests.portal.browser import running_browser

from .hosted import Connecting
from .hosted_fixtures import connecting, database, operator_pool, port, served, settings, vendors

__all__ = ["connecting", "database", "operator_pool", "port", "served", "settings", "vendors"]
pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with running_browser() as browser:
        yield browser


@pytest.fixture
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    context = await chromium.new_context(java_script_enabled=False, viewport={"width": 1000, "height": 1400})
    yield context
    await context.close()


async def look(page: Page, name: str) -> None:
    """Keeps a picture where TICKMARK_SCREENSHOTS says, for a person to look at."""
    directory = os.environ.get("TICKMARK_SCREENSHOTS")
    if directory:
        await page.screenshot(path=Path(directory) / f"{name}.png", full_page=True)


async def sign(page: Page) -> None:
    await page.get_by_label("Your full name").fill("Morgan Vale")
    await page.get_by_label("Your e-mail address").fill("morgan@birchvale.example")
    await page.get_by_label("I may consent").check()
    await page.get_by_role("button", name="Sign and continue").click()


async def test_firm_connects_quickbooks_without_javascript(connecting: Connecting, context: BrowserContext) -> None:
    made = await connecting.session("quickbooks")
    page = await context.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))

    await page.goto(made["url"])
    await look(page, "sign")
    await sign(page)
    await look(page, "connect-oauth")
    await page.get_by_role("button", name="Go to QuickBooks Online").click()
    await look(page, "done")

    assert await page.get_by_role("heading", name="Connected").is_visible()
    assert (await connecting.status(made))["status"] == "finished"
    assert refused == [], "the page obeys its own policy"


async def test_firm_chooses_among_tenants_on_a_phone(connecting: Connecting, chromium: Browser) -> None:
    context = await chromium.new_context(
        java_script_enabled=False, viewport={"width": 360, "height": 740}, color_scheme="dark"
    )
    made = await connecting.session("sodium")
    grant = connecting.vendors.sodium.grant()
    page = await context.new_page()

    await page.goto(made["url"])
    await look(page, "sign-phone-dark")
    await sign(page)
    await page.get_by_label("API key").fill(grant.access_token)
    await look(page, "connect-key-phone-dark")
    await page.get_by_role("button", name="Check the key and connect").click()
    await look(page, "choose-phone-dark")
    await page.get_by_label("Larkspur & Finch West").check()
    await page.get_by_role("button", name="Connect what I chose").click()

    assert (await connecting.status(made))["status"] == "finished"
    await context.close()


async def test_every_page_is_accessible(connecting: Connecting, chromium: Browser) -> None:
    """axe needs scripts of its own, so that this browser runs them, past the page's policy."""
    context = await chromium.new_context(bypass_csp=True)
    page = await context.new_page()
    found: dict[str, list[str]] = {}

    async def check(name: str) -> None:
        result: Any = await Axe().run(page)  # pyright: ignore[reportUnknownMemberType]
        found[name] = [violation["id"] for violation in result.response["violations"]]
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    made = await connecting.session()
    await page.goto(made["url"])
    await look(page, "sign-choose-vendor")
    await check("sign")
    await page.get_by_label("TaxDome").check()
    await sign(page)
    await check("login")
    await page.get_by_label("E-mail address of the login").fill("who@birchvale.example")
    await page.get_by_label("Password").fill("wrong password")
    await page.get_by_role("button", name="Sign in and connect").click()
    await look(page, "login-refused")
    await check("refused")
    await page.get_by_role("button", name="Do not connect").click()
    await look(page, "gone")
    await check("gone")

    assert found == {"sign": [], "login": [], "refused": [], "gone": []}
    await context.close()


async def login(page: Page, connecting: Connecting, facts: dict[str, str]) -> None:
    await page.get_by_label("E-mail address of the login").fill(facts["email"])
    await page.get_by_label("Password").fill(facts["password"])
    await page.get_by_label("Setup key").fill(facts["totp_secret"])
    await page.get_by_role("button", name="Sign in and connect").click()


async def test_taxdome_accounts_are_all_shown_and_none_is_taken_by_default(
    connecting: Connecting, chromium: Browser
) -> None:
    context = await chromium.new_context(bypass_csp=True)
    page = await context.new_page()
    facts: Any = connecting.vendors.taxdome.grant().login
    made = await connecting.session("taxdome", return_url=None)
    await page.goto(made["url"])
    await sign(page)
    await login(page, connecting, facts)
    boxes = page.get_by_role("checkbox")
    shown = await boxes.count()
    await look(page, "choose")
    result: Any = await Axe().run(page)  # pyright: ignore[reportUnknownMemberType]

    assert shown > 1
    assert await page.get_by_role("checkbox", checked=True).count() == 0
    assert [violation["id"] for violation in result.response["violations"]] == []
    await page.get_by_role("button", name="Connect what I chose").click()
    assert shown == 40, "every account that the login reaches"
    assert "Choose at least one" in await page.get_by_role("alert").inner_text()
    names = [await page.locator("label.choice").nth(at).inner_text() for at in range(2)]
    for at in range(2):
        await boxes.nth(at).check()
    await page.get_by_role("button", name="Connect what I chose").click()
    await look(page, "done-alone")

    found = (await connecting.api.get(f"/v1/connections/{(await connecting.status(made))['connection']}")).json()
    assert {f"{one['name']} {one['remote_id']}" for one in found["accounts"]} == {" ".join(x.split()) for x in names}
    await context.close()


@pytest.mark.parametrize("vendor", ["taxdome", "quickbooks"])
async def test_connecting_again_keeps_every_id(connecting: Connecting, context: BrowserContext, vendor: str) -> None:
    """TaxDome takes a one-time code once, so the second time another of the firm's people signs in."""
    page = await context.new_page()

    async def walk(who: str, **more: Any) -> dict[str, Any]:
        made = await connecting.session(vendor, return_url=None, **more)
        await page.goto(made["url"])
        await sign(page)
        if vendor == "taxdome":
            facts: Any = connecting.vendors.taxdome.grant(scopes=[who]).login
            await login(page, connecting, facts)
            for at in range(2):
                await page.get_by_role("checkbox").nth(at).check()
            await page.get_by_role("button", name="Connect what I chose").click()
        else:
            await page.get_by_role("button", name="Go to QuickBooks Online").click()
        return await connecting.status(made)

    first = await walk("firm")
    path = f"/v1/connections/{first['connection']}"
    before = (await connecting.api.get(path)).json()
    second = await walk("partner", connection=first["connection"])
    after = (await connecting.api.get(path)).json()

    assert second["status"] == "finished"
    assert second["connection"] == first["connection"]
    assert after["accounts"] == before["accounts"]
    health = await connecting.health(first["connection"])
    assert "connected_again" in [line["kind"] for line in health["timeline"]]


async def test_all_accounts_are_taken_where_the_person_says_all(
    connecting: Connecting, context: BrowserContext
) -> None:
    page = await context.new_page()
    made = await connecting.session("taxdome", return_url=None)
    await page.goto(made["url"])
    await sign(page)
    await login(page, connecting, cast(Any, connecting.vendors.taxdome.grant().login))
    await page.get_by_role("button", name="Connect all 40").click()

    found = (await connecting.api.get(f"/v1/connections/{(await connecting.status(made))['connection']}")).json()
    assert len(found["accounts"]) == 40


async def test_refused_login_keeps_what_was_typed_but_no_secret(
    connecting: Connecting, context: BrowserContext
) -> None:
    made = await connecting.session("taxdome")
    page = await context.new_page()
    await page.goto(made["url"])
    await sign(page)
    await login(page, connecting, {"email": "who@birchvale.example", "password": "wrong", "totp_secret": ""})

    assert "did not accept" in await page.get_by_role("alert").inner_text()
    assert await page.get_by_label("E-mail address of the login").input_value() == "who@birchvale.example"
    assert await page.get_by_label("Password").input_value() == ""
