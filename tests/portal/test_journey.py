"""A stranger signs up, connects a sandbox, makes a key, calls, and sees the call with its price and the bill."""

import re

import httpx
import pytest
from playwright.async_api import expect

from tests.portal.conftest import People

pytestmark = pytest.mark.anyio


async def test_journey_from_sign_up_to_the_bill(people: People, site: str) -> None:
    person = await people(sign_up=False)
    await person.sign_up()
    page = person.page
    await person.add_second_factor()
    await person.connect()
    await person.make_key("first key")
    await person.press("Try it here")
    await person.sees("Try it")
    await person.press("Send the call")
    answer = page.get_by_role("region", name="Answer")
    await expect(answer.get_by_text("200", exact=True)).to_be_visible()
    assert '"object": "client"' in await answer.locator("pre").inner_text()

    await answer.get_by_role("link", name=re.compile("^req_")).click()
    await person.sees("List clients")
    await expect(page.get_by_role("main")).to_contain_text("0.00 USD")
    await expect(page.get_by_role("main")).to_contain_text("Calls with test keys cost nothing.")

    key = await person.make_key("billed", "Live")
    async with httpx.AsyncClient(base_url=site, headers={"Authorization": f"Bearer {key}"}) as app:
        calls = [await app.get("/v1/clients?limit=2") for _ in range(2)]
    assert [call.status_code for call in calls] == [200, 200]

    await person.go(f"/log?request={calls[0].headers['request-id']}")
    await person.sees("List clients")
    await expect(page.get_by_role("main")).to_contain_text("The call succeeded.")
    await person.go("/log")
    rows = page.locator("table.calls tbody tr")
    await expect(rows).to_have_count(3)
    await expect(rows.first).to_contain_text("0.00 USD")
    await person.go("/usage")
    await expect(page.get_by_role("heading", name="2 billed units")).to_be_visible()
    await person.go("/invoices")
    await expect(page.locator(".ledger tbody tr").first).to_contain_text("2")
    await person.go("/home")
    await expect(page.locator("table.calls tbody tr")).to_have_count(3)
