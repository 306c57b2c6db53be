"""Webhook endpoints on the pages: added, pinged, looked at, replayed, rolled, removed; with and without a script."""

import asyncio
import re
from collections.abc import AsyncIterator

import msgspec
import pytest
from playwright.async_api import Page, expect

from service.jobs.hooks import opened_deliverer
from service.settings import Settings
from tests.events.receiver import Receiver, receiving
from tests.portal.conftest import People
from tests.portal.person import Person
from tests.portal.test_pages import overflow_px, violations

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, webhooks_to_loopback=True)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as found:
        yield found


@pytest.fixture
async def worker(settings: Settings, site: str) -> AsyncIterator[None]:
    """Delivers beside the pages, as every worker does."""
    over = asyncio.Event()
    async with opened_deliverer(settings) as deliverer:
        working = asyncio.create_task(deliverer.deliver_until(over))
        yield
        over.set()
        await working


async def add_endpoint(person: Person, url: str, description: str = "keeps our copy") -> str:
    """The secret, which is shown this once."""
    await person.go("/events/endpoints/new")
    await person.fill("Address", url)
    await person.fill("Description", description)
    await person.press("Add the endpoint")
    await person.sees("Your secret")
    return await person.page.locator(".secret code").inner_text()


async def load_again(page: Page) -> None:
    """Once the page that was asked for before has come: a reload in between has nothing to load again."""
    await page.wait_for_load_state()
    await page.reload()


async def until_delivered(person: Person) -> None:
    """Loads the page again until the newest delivery is through."""
    for _ in range(60):
        await load_again(person.page)
        if await person.page.locator("table.calls tbody tr").first.get_by_text("delivered", exact=True).count():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("nothing was delivered")


async def test_endpoint_is_added_pinged_replayed_and_removed_without_a_script(
    people: People, receiver: Receiver, worker: None
) -> None:
    person = await people(java_script_enabled=False)
    page = person.page
    await person.go("/events")
    await page.get_by_role("main").get_by_role("link", name="Webhook endpoints").click()
    await person.follow("Add an endpoint")
    await person.fill("Address", "http://intranet/hooks")
    await person.press("Add the endpoint")
    await expect(page.locator("#url-error")).to_be_visible()
    assert await page.get_by_label("Address").input_value() == "http://intranet/hooks"
    secret = await add_endpoint(person, receiver.url)
    await person.follow("Go on to the endpoint")
    await person.sees("keeps our copy")

    await person.press("Send a test event")
    await until_delivered(person)
    receiver.taken[0].verify(secret)
    await page.get_by_role("main").get_by_role("link", name="webhook_endpoint.ping").click()
    await expect(page.get_by_text(receiver.taken[0].id).first).to_be_visible()
    await expect(page.get_by_label("the body")).to_contain_text('"object": "event"')
    await person.press("Send again")
    await receiver.until(2)
    assert receiver.taken[1].id == receiver.taken[0].id

    await page.get_by_role("link", name="keeps our copy").click()
    await person.press("Disable")
    await expect(page.get_by_text("disabled", exact=True)).to_be_visible()
    await person.connect()
    await person.go("/events/endpoints")
    await person.follow(receiver.url)
    await person.press("Enable")
    await person.press("Send again")
    await expect(page.get_by_role("status")).to_contain_text("1 sent again")
    await receiver.until(3)
    assert receiver.taken[2].event["type"] == "connection.connected"
    await person.go("/events")
    await expect(page.get_by_text(receiver.taken[2].id)).to_be_visible()

    await person.go("/events/endpoints")
    await person.follow(receiver.url)
    await person.press("Roll the secret")
    await person.sees("Your new secret")
    await person.follow("Go on to the endpoint")
    await person.press("Delete the endpoint")
    await expect(page.get_by_role("heading", name="No endpoint yet")).to_be_visible()
    await person.go("/audit")
    for act in ("webhooks.create", "webhooks.ping", "webhooks.roll", "webhooks.delete"):
        await expect(page.get_by_text(act).first).to_be_visible()


async def test_types_are_chosen_one_by_one(people: People, receiver: Receiver) -> None:
    person = await people()
    page = person.page
    await add_endpoint(person, receiver.url)
    await person.follow("Go on to the endpoint")
    await person.follow("Change")
    await page.get_by_role("radio", name=re.compile("Only what I choose")).check()
    await person.press("Save")
    await expect(page.get_by_text("Choose at least one, or everything.")).to_be_visible()
    await page.get_by_role("checkbox", name=re.compile("key.leaked")).check()
    await person.press("Save")

    await page.get_by_text("Gets 1 type").click()
    await expect(page.locator(".chips")).to_contain_text("key.leaked")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_webhook_pages_read_well_on_a_small_phone(
    people: People, receiver: Receiver, worker: None, scheme: str
) -> None:
    person = await people(viewport={"width": 360, "height": 740}, color_scheme=scheme)
    page = person.page
    found: dict[str, object] = {}

    async def look(name: str) -> None:
        if wrong := await violations(page):
            found[name] = wrong
        if (wide := await overflow_px(page)) > 0:
            found[name + " is wide"] = wide

    await person.go("/events/endpoints")
    await look("empty")
    await person.go("/events/endpoints/new")
    await page.get_by_text("Choose types one by one").click()
    await look("form")
    await add_endpoint(person, receiver.url + "/" + "long-path-" * 12, "keeps our copy of all that happens in step")
    await look("secret")
    await person.follow("Go on to the endpoint")
    await look("new endpoint")
    receiver.status = 500
    await person.press("Send a test event")
    await receiver.until(1)
    for _ in range(60):
        await load_again(page)
        if await page.get_by_text("not taken").count():
            break
        await asyncio.sleep(0.1)
    await look("failing")
    await page.get_by_role("main").get_by_role("link", name="webhook_endpoint.ping").click()
    await look("delivery")
    receiver.status = 410
    await person.press("Try now")
    await receiver.until(2)
    await page.get_by_role("link", name="keeps our copy").click()
    for _ in range(60):
        await load_again(page)
        if await page.get_by_role("alert").count():
            break
        await asyncio.sleep(0.1)
    await expect(page.get_by_role("alert")).to_contain_text("We stopped sending")
    await look("gone")
    await person.go("/events/endpoints")
    await look("list")
    await person.go("/events")
    await look("events")
    await person.go("/outbox")
    told = page.get_by_role("article").filter(has_text="A webhook endpoint was disabled").first
    await expect(told).to_contain_text(person.email)

    assert found == {}


async def test_endpoints_of_others_look_like_missing_ones(people: People, receiver: Receiver) -> None:
    person, other = await people("Harbor Books"), await people("Northwind Ledger")
    await add_endpoint(person, receiver.url)
    await person.follow("Go on to the endpoint")
    await person.sees("keeps our copy")
    path = person.page.url.partition("/events")[2]

    for below in ("", "/edit"):
        answer = await other.go(f"/events{path}{below}")
        assert answer.status == 404
    await other.go("/events/endpoints")
    await expect(other.page.get_by_role("heading", name="No endpoint yet")).to_be_visible()
