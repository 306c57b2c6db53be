"""A key that somebody found in public: ended within a second, its owner told, the page says where it lay."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import msgspec
import pytest
from httpx import AsyncClient
from playwright.async_api import expect

from service.accounts.tokens import Mode, new_token
from service.settings import Settings
from tests.accounts.scanner import Scanner
from tests.portal.conftest import People
from tests.portal.test_pages import violations

pytestmark = pytest.mark.anyio

URL = "https://code.example/ledgerline/app/config.env"


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return Scanner()


@pytest.fixture(scope="module")
def settings(settings: Settings, scanner: Scanner) -> Iterator[Settings]:
    """Believes this scanner, whose keys a real server gives."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = scanner.document()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 (the base class names it so)

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield msgspec.structs.replace(settings, leak_report_keys_url=f"http://127.0.0.1:{server.server_port}/keys")
        server.shutdown()
        thread.join()


async def test_leaked_key_ends_and_its_owner_is_told(people: People, site: str, scanner: Scanner) -> None:
    person, other = await people("Harbor Books"), await people("Northwind Ledger")
    key, theirs = await person.make_key("found one"), await other.make_key("another")
    never_ours = new_token(Mode.LIVE)
    body = json.dumps(
        [
            {"token": key, "type": "tickmark_api_key", "url": URL, "source": "content"},
            {"token": never_ours, "type": "tickmark_api_key", "url": URL, "source": "content"},
            {"token": "nonsense", "type": "tickmark_api_key", "url": "", "source": "commit"},
        ]
    ).encode()
    async with AsyncClient(base_url=site) as client:
        assert (await client.get("/v1/me", headers={"Authorization": f"Bearer {key}"})).status_code == 200

        answer = await client.post("/webhooks/leaked-keys", content=body, headers=scanner.headers(body))
        again = await client.post("/webhooks/leaked-keys", content=body, headers=scanner.headers(body))

        labels = ["true_positive", "false_positive", "false_positive"]
        for one in (answer, again):
            assert [verdict["label"] for verdict in one.json()] == labels
            assert key not in one.text
        await expect_refused(client, key)
        assert (await client.get("/v1/me", headers={"Authorization": f"Bearer {theirs}"})).status_code == 200

    await person.go("/outbox")
    told = person.page.get_by_role("article").filter(has_text="found in public")
    await expect(told).to_have_count(1)
    await expect(told).to_contain_text(person.email)
    await person.go("/keys")
    await person.page.get_by_text("1 ended key").click()
    await person.page.get_by_role("link", name="found one").click()
    await expect(person.page.get_by_role("alert")).to_contain_text(URL)
    assert await violations(person.page) == []
    await person.go("/events")
    await expect(person.page.locator(".events")).to_contain_text("found the key in public")
    await expect(person.page.locator(".events")).not_to_contain_text("another")
    await person.go("/audit?what=keys.leaked")
    await expect(person.page.locator("table.calls tbody tr")).to_have_count(1)


async def expect_refused(client: AsyncClient, key: str) -> None:
    """Within the second that a process may remember a key."""
    for _ in range(30):
        answer = await client.get("/v1/me", headers={"Authorization": f"Bearer {key}"})
        if answer.status_code == 401:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the key still works")


async def test_forged_report_ends_nothing(people: People, site: str, scanner: Scanner) -> None:
    person = await people()
    key = await person.make_key("kept")
    body = json.dumps([{"token": key, "type": "tickmark_api_key", "url": URL, "source": "content"}]).encode()
    forger = Scanner(scanner.key_id)
    async with AsyncClient(base_url=site) as client:
        forged = await client.post("/webhooks/leaked-keys", content=body, headers=forger.headers(body))
        changed = await client.post("/webhooks/leaked-keys", content=body + b" ", headers=scanner.headers(body))
        unsigned = await client.post("/webhooks/leaked-keys", content=body)

        assert {one.status_code for one in (forged, changed, unsigned)} == {400}
        assert forged.json()["code"] == "report_forged"
        assert (await client.get("/v1/me", headers={"Authorization": f"Bearer {key}"})).status_code == 200
