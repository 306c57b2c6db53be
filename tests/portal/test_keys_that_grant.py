"""Whether keys may make keys and invite people: said on the page of keys by who may, shortly after a proof."""

import pytest
from httpx import AsyncClient
from playwright.async_api import expect

from tests.conftest import Database
from tests.portal.conftest import People
from tests.portal.person import Person
from tests.portal.test_pages import overflow_px, violations
from tests.portal.test_safety import age_confirmation, send, with_session_of

pytestmark = pytest.mark.anyio

NEW = {"name": "for a customer", "scopes": ["clients:read"]}


async def key_that_makes_keys(person: Person) -> dict[str, str]:
    """Its headers; the scope is chosen by its own box."""
    page = person.page
    await person.go("/keys/new")
    await person.fill("Name", "hands out keys")
    await page.get_by_role("radio", name="Only what I choose").check()
    await page.get_by_text("Choose scopes one by one").click()
    for scope in ("keys:write", "keys:read", "clients:read"):
        await page.locator(f"input[value='{scope}']").check()
    await person.press("Make the key")
    await person.sees("Your key")
    return {"Authorization": f"Bearer {await page.locator('.secret code').inner_text()}"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_owner_lets_keys_make_keys_and_ends_them_together(people: People, site: str, scheme: str) -> None:
    person = await people(color_scheme=scheme, viewport={"width": 360, "height": 740})
    page = person.page
    headers = await key_that_makes_keys(person)
    async with AsyncClient(base_url=site, headers=headers) as client:
        assert (await client.post("/v1/keys", json=NEW)).json()["code"] == "not_turned_on"

        await person.go("/keys")
        await person.press("Let keys make keys")
        await expect(page.get_by_role("button", name="Switch it off")).to_be_visible()
        assert await violations(page) == []
        assert await overflow_px(page) == 0
        made = await client.post("/v1/keys", json=NEW)
        assert made.status_code == 201, made.text

        await person.go(f"/keys/{made.json()['id']}")
        assert await violations(page) == []
        await person.follow("hands out keys")
        await expect(page.get_by_text("What it made ends with it: for a customer.")).to_be_visible()
        assert await violations(page) == []
        assert await overflow_px(page) == 0
        await person.press("Revoke the key")
        await person.sees("API keys")
        await expect(page.get_by_text("2 ended keys")).to_be_visible()


async def test_leave_needs_a_recent_proof(people: People, site: str, database: Database) -> None:
    person = await people()
    async with await with_session_of(person, site) as thief:
        await age_confirmation(database, person)
        answer = await send(thief, "/settings", "/keys/granting", on="yes", back="/keys")
        assert answer.headers["location"] == "/confirm?next=/keys"

    await person.go("/keys")
    await expect(person.page.get_by_role("button", name="Let keys make keys")).to_be_visible()
