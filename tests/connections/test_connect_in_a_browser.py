"""The connect pages in a real headless Chromium, with JavaScript switched off."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from .hosted import Connecting
from .hosted_fixtures import connecting, database, operator_pool, port, served, settings, vendors

__all__ = ["connecting", "database", "operator_pool", "port", "served", "settings", "vendors"]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


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
