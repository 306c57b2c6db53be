"""Every page: without violations of accessibility, at 360 px, in the dark, by keyboard, without a script."""

import re
from collections.abc import Callable
from typing import Any, cast

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.conftest import FIGURE
from tests.portal.conftest import People
from tests.portal.person import Person

pytestmark = pytest.mark.anyio

OPEN_PAGES = (
    "/", "/sign-up", "/sign-in", "/forgot", "/outbox", "/guides", "/guides/quick-start",
    "/guides/connecting", "/guides/errors", "/guides/consent",
    "/reference", "/reference/listClients", "/reference/createClient", "/reference/getMe", "/reference/uploadDocument",
    "/status", "/guides/no-such-guide",
)  # fmt: skip
OWN_PAGES = (
    "/home", "/keys", "/keys/new", "/connections", "/try", "/try?operation=createClient", "/log", "/usage",
    "/usage?by=day", "/usage/budgets", "/audit", "/events", "/events/endpoints", "/events/endpoints/new", "/invoices",
    "/team", "/settings", "/settings/second-factor", "/confirm",
    "/settings/security", "/settings/password",
)  # fmt: skip


async def violations(page: Page) -> list[str]:
    """What axe finds, in a line each."""
    found: dict[str, Any] = (await cast(Any, Axe()).run(page)).response
    return [f"{one['id']}: {node['target']}" for one in found["violations"] for node in one["nodes"]]


async def overflow_px(page: Page) -> int:
    """How much the page is wider than its window."""
    width: int = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


async def furnished(person: Person) -> list[str]:
    """A person with a connection, a key and a call; the addresses of their pages."""
    await person.connect()
    await person.make_key("first key")
    await person.press("Try it here")
    await person.press("Send the call")
    page = person.page
    call = await page.get_by_role("link", name=re.compile("^req_")).get_attribute("href")
    await person.go("/keys")
    key = await page.get_by_role("link", name="first key").get_attribute("href")
    await person.go("/connections")
    link = await page.locator("td a.main").first.get_attribute("href")
    return [str(call), str(key), str(link)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_page_violates_accessibility(people: People, scheme: str) -> None:
    person = await people(color_scheme=scheme)
    paths = [*OPEN_PAGES, *OWN_PAGES]
    found: dict[str, list[str]] = {}

    for path in [*paths, *await furnished(person), *OWN_PAGES]:
        await person.go(path)
        if wrong := await violations(person.page):
            found[path] = wrong

    assert found == {}


async def test_no_page_is_wider_than_a_small_phone(people: People) -> None:
    person = await people(viewport={"width": 360, "height": 740})
    paths = [*OPEN_PAGES, *await furnished(person), *OWN_PAGES]
    found: dict[str, int] = {}

    for path in paths:
        await person.go(path)
        if (wide := await overflow_px(person.page)) > 0:
            found[path] = wide

    assert found == {}


async def test_pages_break_no_rule_of_their_own_policy(people: People) -> None:
    person = await people()
    complaints: list[str] = []
    person.page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)

    for path in [*OPEN_PAGES[:-1], *OWN_PAGES, *await furnished(person)]:
        response = await person.go(path)
        policy = (await response.all_headers())["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy

    assert complaints == []


async def test_journey_by_keyboard_alone(people: People) -> None:
    person = await people()
    page = person.page

    await person.go("/keys/new")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_label("Name")).to_be_focused()
    await page.keyboard.type("by keyboard")
    for _ in range(20):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.textContent") == "Make the key":
            break
    await page.keyboard.press("Enter")

    await person.sees("Your key")
    assert (await page.locator(".secret code").inner_text()).startswith("tm_test_")


async def test_journey_without_a_script(people: People) -> None:
    person = await people(sign_up=False, java_script_enabled=False)
    page = person.page
    await person.sign_up()
    await person.connect()
    await person.make_key("no script")

    await person.press("Try it here")
    await page.get_by_label("Operation").select_option("listInvoices")
    await person.press("Choose")
    await person.press("Send the call")
    await expect(page.locator("#answer")).to_contain_text('"object": "invoice"')
    await person.go("/log")

    await expect(page.locator("table.calls tbody tr")).to_have_count(1)


_FIGURES = """new Promise(done => {
    let shift = 0;
    new PerformanceObserver(list => { for (const one of list.getEntries()) shift += one.value })
      .observe({type: 'layout-shift', buffered: true});
    setTimeout(() => {
      const [page] = performance.getEntriesByType('navigation');
      const parts = performance.getEntriesByType('resource').filter(one => one.initiatorType !== 'fetch');
      const [paint] = performance.getEntriesByName('first-contentful-paint');
      done({
        bytes: [page, ...parts].reduce((sum, one) => sum + one.transferSize, 0),
        answer_ms: Math.round(page.responseStart), paint_ms: Math.round(paint?.startTime ?? 0),
        ready_ms: Math.round(page.domContentLoadedEventEnd), shift: Math.round(shift * 1000) / 1000,
      });
    }, 300);
})"""


async def test_pages_are_light_and_do_not_jump(people: People, record_property: Callable[[str, object], None]) -> None:
    person = await people()
    await furnished(person)
    stranger = await people(sign_up=False)
    await stranger.go("/")
    figures: dict[str, dict[str, float]] = {"/ at first": await stranger.page.evaluate(_FIGURES)}
    for path in ("/home", "/usage", "/usage/budgets", "/log", "/invoices", "/audit", "/events"):
        await person.go(path)
        figures[path] = await person.page.evaluate(_FIGURES)

    for path, found in figures.items():
        record_property(FIGURE, f"{path:16} " + " ".join(f"{name}={value:g}" for name, value in found.items()))
    assert {path: found for path, found in figures.items() if not 0 < found["bytes"] < 60_000} == {}
    assert {path: found for path, found in figures.items() if found["shift"] >= 0.02} == {}
