"""Switching bodies of test calls on, on the settings page, and seeing them on the call's page."""

import re

import pytest
from playwright.async_api import expect

from tests.portal.conftest import People
from tests.portal.test_pages import overflow_px, violations

pytestmark = pytest.mark.anyio


async def test_bodies_are_switched_on_and_shown_without_a_script(people: People) -> None:
    person = await people(java_script_enabled=False)
    page = person.page
    await person.connect()
    await person.go("/settings")
    field = page.get_by_label("Keep bodies of test calls")

    await field.fill("45")
    await field.press("Enter")
    await expect(page.get_by_text("Enter a number from 1 to 30")).to_be_visible()
    await field.fill("3")
    await field.press("Enter")
    await expect(page.get_by_text("is kept for 3 days")).to_be_visible()
    await person.make_key("bodies")
    await person.press("Try it here")
    await person.press("Send the call")
    await page.get_by_role("link", name=re.compile("^req_")).click()
    await page.reload()

    await expect(page.get_by_label("What was answered")).to_contain_text('"object"')


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_call_page_with_bodies_reads_well_on_a_small_phone(people: People, scheme: str) -> None:
    person = await people(viewport={"width": 360, "height": 740}, color_scheme=scheme)
    page = person.page
    await person.connect()
    await person.go("/settings")
    assert await violations(page) == []
    await page.get_by_label("Keep bodies of test calls").fill("30")
    await page.get_by_label("Keep bodies of test calls").press("Enter")
    await expect(page.get_by_text("is kept for 30 days")).to_be_visible()
    await person.make_key("bodies")
    await person.press("Try it here")
    await person.press("Send the call")
    await page.get_by_role("link", name=re.compile("^req_")).click()
    await page.reload()

    await expect(page.get_by_label("What was answered")).to_be_visible()
    assert await violations(page) == []
    assert await overflow_px(page) <= 0
