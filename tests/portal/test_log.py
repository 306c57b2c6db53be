"""The request log: searched, followed, taken away; alone one's own."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.async_api import expect

from tests.portal.conftest import People
from tests.portal.test_safety import send, with_session_of

pytestmark = pytest.mark.anyio


async def test_calls_are_searched_by_key_status_and_time_and_taken_away(people: People, site: str) -> None:
    person = await people("Harbor Books")
    page = person.page
    await person.connect()
    keys = {name: await person.make_key(name) for name in ("one", "two")}
    async with httpx.AsyncClient(base_url=site) as app:
        for name, path in (("one", "/v1/clients?limit=1"), ("one", "/v1/clients?limit=none"), ("two", "/v1/me")):
            await app.get(path, headers={"Authorization": f"Bearer {keys[name]}"})

    await person.go("/log")
    rows = page.locator("table.calls tbody tr")
    await expect(rows).to_have_count(3)
    await page.get_by_label("Key").select_option(label="one")
    await page.get_by_label("Status").select_option("400")
    await person.press("Search")
    await expect(rows).to_have_count(1)
    later = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    await page.get_by_label("From").fill(later)
    await person.press("Search")
    await expect(page.get_by_text("No call fits.")).to_be_visible()

    async with await with_session_of(person, site) as client:
        table = await send(client, "/log", "/log/export", ticket="GRC-1", format="csv", status="400")
        lines = await send(client, "/log", "/log/export", ticket="GRC-1", format="ndjson", until=later)
        bad = await send(client, "/log", "/log/export", ticket="GRC-1", format="csv", since="yesterday")
    (only,) = csv.DictReader(io.StringIO(table.text))
    assert (only["status"], only["operation"], only["billable"]) == ("400", "listClients", "false")
    operations = [json.loads(line)["operation"] for line in lines.text.splitlines()]
    assert operations == ["getMe", "listClients", "listClients"]
    assert bad.status_code == 404
    await person.go("/keys/new")
    await person.fill("Name", "takes away")
    await page.get_by_role("radio", name="Read and write records").check()
    await person.press("Make the key")
    taker = await page.locator(".secret code").inner_text()
    async with httpx.AsyncClient(base_url=site, headers={"Authorization": f"Bearer {taker}"}) as app:
        answer = await app.get("/v1/usage/export?format=csv&filter[status]=400", headers={"Ticket-Reference": "GRC-1"})
    assert answer.text == table.text


async def test_live_list_shows_a_new_call_by_itself_until_it_is_paused(people: People, site: str) -> None:
    person = await people()
    page = person.page
    key = await person.make_key("watched")
    async with httpx.AsyncClient(base_url=site, headers={"Authorization": f"Bearer {key}"}) as app:
        await app.get("/v1/me")
        await person.go("/log")
        rows = page.locator("table.calls tbody tr")
        await expect(rows).to_have_count(1)

        await app.get("/v1/me")
        await expect(rows).to_have_count(2)

    live = page.get_by_role("button", name="Live")
    await live.click()
    await expect(live).to_have_attribute("aria-pressed", "false")


async def test_export_never_holds_calls_of_others(people: People, site: str) -> None:
    one, other = await people("Northwind Ledger"), await people("Harbor Books")
    key = await other.make_key("theirs")
    async with httpx.AsyncClient(base_url=site, headers={"Authorization": f"Bearer {key}"}) as app:
        theirs = (await app.get("/v1/me")).headers["request-id"]

    async with await with_session_of(one, site) as client:
        found = await send(client, "/log", "/log/export", ticket="GRC-1", format="csv", request=theirs)

    assert found.status_code == 200
    assert theirs not in found.text


async def test_errors_alone_are_one_choice_here_and_in_the_api(people: People, site: str) -> None:
    person = await people()
    page = person.page
    key = await person.make_key("mixed")
    async with httpx.AsyncClient(base_url=site, headers={"Authorization": f"Bearer {key}"}) as app:
        for path in ("/v1/me", "/v1/clients?limit=none", "/v1/clients?limit=no"):
            await app.get(path)
        bad, good = [(await app.get(f"/v1/usage?filter[succeeded]={one}")).json()["data"] for one in ("false", "true")]

    await person.go("/home")
    await page.get_by_role("link", name="2", exact=True).click()
    rows = page.locator("table.calls tbody tr")
    await expect(rows).to_have_count(2)
    await expect(page.get_by_label("Status")).to_have_value("errors")
    await page.get_by_label("Status").select_option("5xx")
    await person.press("Search")
    await expect(page.get_by_text("No call fits.")).to_be_visible()
    assert [one["status"] for one in bad] == [400, 400]
    assert {one["status"] for one in good} == {200}
