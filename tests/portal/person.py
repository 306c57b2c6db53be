"""Somebody at a browser, who knows the portal only by what stands on it."""

import re
import time
from base64 import b32decode
from html import unescape

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from playwright.async_api import Page, Response, expect

PASSWORD = "correct horse battery staple"
_TOKEN = re.compile(r'name="token" value="([0-9a-f]{64})"')


class Person:
    """One person with a browser of its own."""

    def __init__(self, page: Page, email: str, organization: str) -> None:
        self.page = page
        self.email = email
        self.organization = organization
        self.secret: str | None = None
        self.recovery_codes: list[str] = []
        self.last_code = ""
        self._codes_given = 0

    async def go(self, path: str) -> Response:
        """Opens a page by its address."""
        response = await self.page.goto(path)
        assert response is not None
        return response

    async def press(self, name: str) -> None:
        """A button."""
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def follow(self, name: str) -> None:
        """A link in the page, not in the navigation."""
        await self.page.get_by_role("main").get_by_role("link", name=name, exact=True).first.click()

    async def fill(self, label: str, text: str) -> None:
        await self.page.get_by_label(label, exact=False).first.fill(text)

    async def sees(self, heading: str) -> None:
        """Waits for the page with this heading."""
        await expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)

    async def arrive(self) -> None:
        """Signs up without looking at the pages that lead there, which `sign_up` does; then at home in the browser."""
        await self._send("/sign-up", email=self.email)
        mails = await (await self.page.context.request.get("/outbox")).text()
        link = re.search(rf'To {re.escape(self.email)}</p>.*?href="([^"]+)"', mails, re.DOTALL)
        assert link is not None, mails
        finish = unescape(link[1])
        known = {"link": finish.partition("link=")[2], "name": "Morgan Vale", "organization": self.organization}
        await self._send(finish, "/sign-up/finish", **known, password=PASSWORD)
        await self.go("/home")
        await self.sees("Home")

    async def sign_up(self) -> None:
        """From the front page to a signed-in home."""
        await self.go("/")
        await self.follow("Sign up")
        await self.fill("Work e-mail", self.email)
        await self.press("Send the link")
        await self.follow("Open the outbox")
        mail = self.page.get_by_role("article").filter(has_text=self.email).first
        await mail.get_by_role("link", name="Open the link").click()
        await self.fill("Your name", "Morgan Vale")
        await self.fill("Company or app", self.organization)
        await self.fill("Password", PASSWORD)
        await self.press("Create the account")
        await self.sees("Home")

    async def _send(self, page: str, path: str | None = None, **fields: str) -> None:
        """Loads a page and sends its form, with the cookies of the browser, but without drawing anything."""
        request = self.page.context.request
        token = _TOKEN.search(await (await request.get(page)).text())
        assert token is not None, page
        answer = await request.post(path or page, form={"token": token[1], **fields})
        assert answer.ok, await answer.text()

    async def sign_in(self) -> None:
        """With the password, and a code where there is a second factor."""
        await self.go("/sign-in")
        await self.fill("E-mail", self.email)
        await self.fill("Password", PASSWORD)
        await self.press("Sign in")
        if self.secret is not None:
            await self.sees("Enter the code")
            await self.fill("Code", self.code())
            await self.press("Go on")

    async def sign_out(self) -> None:
        """And waits until the browser is nobody's."""
        await self.press("Sign out")
        await self.page.wait_for_url("**/")

    async def add_second_factor(self) -> None:
        await self.go("/settings/second-factor")
        self.secret = await self.page.locator("input[name=secret]").input_value()
        await self.fill("Code", self.code())
        await self.press("Turn it on")
        await self.sees("Your recovery codes")
        self.recovery_codes = await self.page.locator(".codes code").all_inner_texts()

    async def connect(self, vendor: str = "QuickBooks Online") -> None:
        await self.go("/connections")
        await self.page.get_by_role("button", name=f"Connect the {vendor} sandbox").first.click()
        await expect(self.page.get_by_role("cell", name="healthy").first).to_be_visible()

    async def make_key(self, name: str = "first key", mode: str = "Test") -> str:
        """The key, which is shown this once."""
        await self.go("/keys/new")
        await self.fill("Name", name)
        await self.page.get_by_role("radio", name=re.compile(f"^{mode}")).check()
        await self.press("Make the key")
        await self.sees("Your key")
        return await self.page.locator(".secret code").inner_text()

    def code(self) -> str:
        """The code an authenticator app would show; each is taken once, so the next one is of the next half minute."""
        assert self.secret is not None
        step = int(time.time()) // 30 + min(self._codes_given, 1)
        self._codes_given += 1
        return TOTP(b32decode(self.secret), 6, SHA1(), 30).generate(step * 30).decode()
