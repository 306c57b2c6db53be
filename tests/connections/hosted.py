"""Hosted connect over real HTTP: the whole product, sandbox vendors, and a browser without JavaScript."""

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import httpx
import msgspec

from service import ids
from service.sandbox.serve import SandboxServer
from tests.acceptance.conftest import Api

RETURN_URL = "https://app.ledgerline.example/connected"
SIGNED = {"name": "Morgan Vale", "email": "morgan@birchvale.example", "authorized": "yes"}


class Vendors(msgspec.Struct, frozen=True):
    """The running sandboxes."""

    quickbooks: SandboxServer
    canopy: SandboxServer
    canopy_public: SandboxServer
    financial_cents: SandboxServer
    karbon: SandboxServer
    senta: SandboxServer
    sodium: SandboxServer
    taxdome: SandboxServer
    xpm: SandboxServer
    ignition: SandboxServer
    smartvault: SandboxServer
    uku: SandboxServer

    def each(self) -> tuple[SandboxServer, ...]:
        return tuple(getattr(self, name) for name in self.__struct_fields__)


class Page(HTMLParser):
    """The forms, fields and links of a page, as a browser without scripts would use them."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.answer = answer
        self.actions: list[str] = []
        self.fields: list[dict[str, str | None]] = []
        self.links: list[str] = []
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self.actions.append(found.get("action") or "")
        elif tag == "input":
            self.fields.append(found)
        elif tag == "a":
            self.links.append(found.get("href") or "")

    @property
    def text(self) -> str:
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.answer.text)).split())

    def action(self, step: str) -> str:
        return next(action for action in self.actions if action.endswith(f"/{step}"))


class Browser:
    """A browser with cookies of its own. It follows redirects, also to a vendor and back."""

    def __init__(self) -> None:
        self.http = httpx.AsyncClient(follow_redirects=True, timeout=30)

    async def open(self, url: str) -> Page:
        return Page(await self.http.get(url))

    async def submit(self, page: Page, step: str, form: dict[str, Any] | None = None) -> Page:
        address = urljoin(str(page.answer.url), page.action(step))
        return Page(await self.http.post(address, data=form or {}, headers={"sec-fetch-site": "same-origin"}))


class Connecting(msgspec.Struct, frozen=True):
    """A customer's app that asks a firm to connect."""

    api: Api
    vendors: Vendors
    url: str

    async def session(self, vendor: str | None = None, **more: Any) -> dict[str, Any]:
        """A link session, as its making answers it."""
        wish = {
            "firm": ids.encode("firm", self.api.cast.firm_id),
            "return_url": RETURN_URL,
            "purpose": "Matching invoices with payments",
            "vendors": [vendor] if vendor else [],
            **more,
        }
        answer = await self.api.post("/v1/link-sessions", wish)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def signed(self, vendor: str, browser: Browser, **more: Any) -> tuple[dict[str, Any], Page]:
        """A session whose consent is signed, at its second step."""
        made = await self.session(vendor, **more)
        page = await browser.open(made["url"])
        return made, await browser.submit(page, "sign", SIGNED)

    async def status(self, made: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = (await self.api.get(f"/v1/link-sessions/{made['id']}")).json()
        return found

    async def health(self, connection: str) -> dict[str, Any]:
        answer = await self.api.get(f"/v1/connections/{connection}/health")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def connected(self, vendor: str) -> str:
        """A new connection by OAuth, walked from the first page to the last."""
        browser = Browser()
        made, page = await self.signed(vendor, browser)
        await browser.submit(page, "go")
        status = await self.status(made)
        assert status["status"] == "finished", status
        return str(status["connection"])
