"""What a script adds: going anywhere by name, the shape of an answer that is on its way, times of the viewer's zone."""

import re

import pytest
from playwright.async_api import expect

from tests.portal.conftest import People
from tests.portal.test_pages import furnished, overflow_px, violations

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_place_is_reached_by_typing(people: People, scheme: str) -> None:
    person = await people(color_scheme=scheme, viewport={"width": 360, "height": 740})
    page = person.page
    box = page.get_by_role("combobox", name="Go to")
    await person.go("/home")

    await page.keyboard.press("Control+k")
    await expect(box).to_be_focused()
    assert await violations(page) == []
    assert await overflow_px(page) == 0
    await page.keyboard.type("budg")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/usage/budgets$"))
    await page.keyboard.press("Control+k")
    await expect(box).to_be_focused()
    await page.keyboard.type("make a key")
    await expect(page.get_by_role("option", name="Make a key")).to_be_visible()
    await page.keyboard.press("Enter")

    await person.sees("Make a key")


async def test_palette_is_walked_closed_and_opened_again_by_keys(people: People) -> None:
    person = await people()
    page = person.page
    await person.go("/team")
    await page.get_by_role("button", name="Go to").click()
    await expect(page.get_by_role("combobox", name="Go to")).to_be_focused()
    await page.keyboard.type("invoice")
    options = page.get_by_role("option")
    await expect(options.nth(0)).to_have_attribute("aria-selected", "true")

    await page.keyboard.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    await expect(options.last).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("combobox", name="Go to")).to_be_hidden()
    await expect(page.get_by_role("button", name="Go to")).to_be_focused()
    await page.keyboard.press("Meta+k")
    await expect(page.get_by_role("combobox", name="Go to")).to_be_focused()
    await page.keyboard.type("no such place anywhere")
    await expect(page.get_by_text("Nothing is called that.")).to_be_visible()


async def test_id_leads_to_what_it_names(people: People) -> None:
    person = await people()
    page = person.page
    for path in await furnished(person):
        await person.go("/home")
        await page.keyboard.press("Control+k")
        await expect(page.get_by_role("combobox", name="Go to")).to_be_focused()
        await page.keyboard.insert_text(path.rpartition("/")[2])
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile(f"{path}$"))


async def test_answer_on_its_way_has_a_shape(people: People) -> None:
    person = await people()
    page = person.page
    await person.connect()
    await person.make_key("slow")
    await person.press("Try it here")
    coming = page.locator("#coming")
    await expect(coming).to_be_hidden()

    # The event alone: while a real answer is on its way, nothing can be asked of the page.
    await page.evaluate("document.querySelector('form[data-slow]').dispatchEvent(new SubmitEvent('submit'))")
    await expect(coming).to_be_visible()
    await expect(page.locator("form[data-slow]")).to_have_attribute("aria-busy", "true")
    assert await violations(page) == []
    await page.evaluate("dispatchEvent(new Event('pageshow'))")  # as when one goes back to it
    await expect(coming).to_be_hidden()
    await person.press("Send the call")

    await expect(page.locator("#answer")).to_be_visible()
    await expect(coming).to_be_hidden()


async def test_times_are_of_the_viewers_zone_and_utc_is_told(people: People) -> None:
    person = await people(timezone_id="Asia/Tokyo", locale="en-US")
    await person.make_key("timed")
    await person.go("/keys")
    await person.follow("timed")

    time = person.page.locator("time").first
    shown, utc = await time.inner_text(), str(await time.get_attribute("title"))

    day, clock, _ = utc.split()
    assert re.fullmatch(r"\d{1,2} [A-Z][a-z]{2,3} \d{4}, \d\d:\d\d", shown)
    hours = (int(shown[-5:-3]) - int(clock[:2])) % 24
    assert (hours, shown[-2:], day[:4] in shown) == (9, clock[3:5], True)


async def test_without_a_script_nothing_offers_what_it_cannot_do(people: People) -> None:
    person = await people(java_script_enabled=False)
    await person.go("/home")

    await expect(person.page.get_by_role("button", name="Go to")).to_be_hidden()
