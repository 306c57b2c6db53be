"""Settings: where keys may be used from, and how long the log is; kept as typed where it cannot be."""

import pytest
from httpx import AsyncClient
from playwright.async_api import expect

from tests.conftest import Database
from tests.portal.conftest import People
from tests.portal.test_pages import overflow_px, violations
from tests.portal.test_safety import age_confirmation, send, with_session_of

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_networks_hold_every_key_at_once(people: People, site: str, scheme: str) -> None:
    person = await people(color_scheme=scheme, viewport={"width": 360, "height": 740})
    page, label = person.page, "Networks that keys may be used from"
    async with AsyncClient(base_url=site) as client:
        key = {"Authorization": f"Bearer {await person.make_key()}"}
        await person.go("/settings")
        await person.fill(label, "192.0.2.0/33")
        await page.locator("form[action='/settings/networks'] button").click()
        await expect(page.get_by_label(label)).to_have_value("192.0.2.0/33")
        await expect(page.get_by_text("use networks such as")).to_be_visible()
        assert await violations(page) == []

        await person.fill(label, "192.0.2.0/24, 2001:db8::/32")
        await page.locator("form[action='/settings/networks'] button").click()
        await expect(page.get_by_text("work from 192.0.2.0/24, 2001:db8::/32 alone")).to_be_visible()
        assert await violations(page) == []
        assert await overflow_px(page) == 0
        refused = await client.get("/v1/me", headers=key)
        assert (refused.status_code, refused.json()["code"]) == (403, "address_not_allowed")


async def test_networks_need_a_recent_proof(people: People, site: str, database: Database) -> None:
    person = await people()
    async with await with_session_of(person, site) as thief:
        await age_confirmation(database, person)
        answer = await send(thief, "/settings", "/settings/networks", networks="", back="/settings")

    assert answer.headers["location"] == "/confirm?next=/settings"


async def test_days_of_the_log_are_said_and_kept_as_typed_where_they_cannot_be(people: People) -> None:
    person = await people()
    page = person.page
    free = page.get_by_label("Keep calls that cost nothing, in days")
    save = page.locator("form[action='/settings/request-log'] button")
    await person.go("/settings")

    await free.fill("29")
    await save.click()
    await expect(page.get_by_text("Enter a number from 30 to 3650, or nothing.")).to_be_visible()
    await expect(free).to_have_value("29")
    await free.fill("90")
    await save.click()
    await person.go("/settings")

    await expect(free).to_have_value("90")
