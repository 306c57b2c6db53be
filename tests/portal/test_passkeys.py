"""Passkeys in a real browser with a virtual authenticator: made, used, named, removed, and what is refused."""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest
from httpx import AsyncClient
from playwright.async_api import Request, Route, expect

from tests.conftest import Database
from tests.portal.conftest import People
from tests.portal.person import Person
from tests.portal.test_pages import overflow_px, violations
from tests.portal.test_safety import age_confirmation, send, with_session_of

pytestmark = pytest.mark.anyio

Holders: TypeAlias = Callable[..., Awaitable["Holder"]]


class Holder:
    """A person whose browser has an authenticator."""

    def __init__(self, person: Person, cdp: Any, authenticator: str) -> None:
        self.person = person
        self._cdp = cdp
        self._authenticator = authenticator

    async def credentials(self) -> list[dict[str, Any]]:
        """What the authenticator keeps."""
        found = await self._cdp.send("WebAuthn.getCredentials", {"authenticatorId": self._authenticator})
        return list(found["credentials"])

    async def holds(self, credential: dict[str, Any]) -> None:
        """As if this were all that the authenticator keeps."""
        await self._cdp.send("WebAuthn.clearCredentials", {"authenticatorId": self._authenticator})
        await self._cdp.send(
            "WebAuthn.addCredential", {"authenticatorId": self._authenticator, "credential": credential}
        )

    async def wind_back(self, by: int) -> None:
        """As a copy of the authenticator made earlier would count."""
        (kept,) = await self.credentials()
        await self.holds({**kept, "signCount": kept["signCount"] - by})

    async def verifies(self, *, person: bool) -> None:
        """Whether the authenticator recognizes who touches it."""
        settings = {"authenticatorId": self._authenticator, "isUserVerified": person}
        await self._cdp.send("WebAuthn.setUserVerified", settings)

    async def add(self, name: str = "office laptop") -> None:
        person = self.person
        await person.go("/settings/passkeys/new")
        await person.fill("Name", name)
        await person.press("Make the passkey")
        await person.sees("Settings")

    async def use(self) -> None:
        await self.person.go("/sign-in")
        await self.person.press("Sign in with a passkey")


_WITHOUT_AUTOFILL = """if (window.PublicKeyCredential)
    PublicKeyCredential.isConditionalMediationAvailable = async () => false"""


@pytest.fixture
def holders(people: People, site: str) -> Holders:
    """Passkeys need a host name, so these browsers see the site as localhost."""

    async def make(*, autofill: bool = False, **options: Any) -> Holder:
        person = await people(base_url=site.replace("127.0.0.1", "localhost"), **options)
        if (
            not autofill
        ):  # what a browser offers in a list, this authenticator takes at once: the rest could not be seen
            await person.page.context.add_init_script(_WITHOUT_AUTOFILL)
        cdp: Any = await person.page.context.new_cdp_session(person.page)
        await cdp.send("WebAuthn.enable")
        device = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
        made = await cdp.send(
            "WebAuthn.addVirtualAuthenticator",
            {"options": {**device, "isUserVerified": True, "automaticPresenceSimulation": True}},
        )
        return Holder(person, cdp, made["authenticatorId"])

    return make


async def test_passkey_chosen_in_the_list_of_the_address_field_signs_in(holders: Holders) -> None:
    holder = await holders(autofill=True)
    person = holder.person
    await person.go("/sign-in")
    await expect(person.page).to_have_url(re.compile("/home$"))  # already signed in, and nothing to choose
    await holder.add()
    await person.sign_out()

    await person.go("/sign-in?next=/team")

    await person.sees("Team")  # the authenticator chooses for the person


async def test_address_field_offers_passkeys_and_keeps_the_password(holders: Holders) -> None:
    holder = await holders(sign_up=False, autofill=True)
    person = holder.person
    await person.go("/sign-in")

    await expect(person.page.get_by_label("E-mail")).to_have_attribute("autocomplete", "username webauthn")
    await person.fill("E-mail", "nobody@ledgerline.example")
    await person.fill("Password", "a wrong password")
    await person.press("Sign in")
    await expect(person.page.get_by_role("alert").first).to_be_visible()


async def test_passkey_signs_in_without_password_and_code(holders: Holders) -> None:
    holder = await holders()
    person = holder.person
    await person.add_second_factor()
    await holder.add()
    await expect(person.page.locator(".things b", has_text="office laptop")).to_be_visible()
    await person.sign_out()

    await holder.use()
    await person.sees("Home")

    await person.go("/keys/new")
    await person.sees("New key")
    (kept,) = await holder.credentials()
    assert person.email not in json.dumps(kept["userHandle"])


async def test_passkey_answers_where_a_recent_proof_is_asked_for(holders: Holders, database: Database) -> None:
    holder = await holders()
    person = holder.person
    await person.add_second_factor()
    await holder.add()
    await age_confirmation(database, person)

    await person.go("/keys/new")
    await person.sees("Confirm it is you")
    assert await violations(person.page) == []
    await person.press("Use a passkey")

    await person.sees("New key")


async def test_passkey_is_renamed_removed_and_then_opens_nothing(holders: Holders) -> None:
    holder = await holders()
    person, page = holder.person, holder.person.page
    await holder.add()
    await page.locator("summary").filter(has_text="office laptop").click()
    await page.get_by_label("Name").fill("old laptop")
    await person.press("Rename")
    await expect(page.locator(".things b", has_text="old laptop")).to_be_visible()

    await page.locator("summary").filter(has_text="old laptop").click()
    await person.press("Remove old laptop")
    await expect(page.get_by_text("old laptop")).to_have_count(0)
    await person.sign_out()
    await holder.use()

    await expect(page.get_by_role("alert").filter(has_text="does not sign in here")).to_be_visible()


async def test_copied_authenticator_is_refused(holders: Holders) -> None:
    holder = await holders()
    await holder.add()
    for _ in range(3):
        await holder.person.sign_out()
        await holder.use()
        await holder.person.sees("Home")
    await holder.person.sign_out()

    await holder.wind_back(3)
    await holder.use()

    await expect(holder.person.page.get_by_role("alert").filter(has_text="does not sign in here")).to_be_visible()


async def test_passkey_is_not_used_unless_the_person_is_verified(holders: Holders) -> None:
    holder = await holders()
    await holder.add()
    await holder.person.sign_out()

    await holder.verifies(person=False)
    await holder.use()

    await expect(holder.person.page.get_by_text("No passkey was used.")).to_be_visible()
    await holder.person.sign_in()
    await holder.person.sees("Home")


async def test_device_makes_no_second_passkey_for_the_same_account(holders: Holders) -> None:
    holder = await holders()
    await holder.add()

    await holder.person.go("/settings/passkeys/new")
    await holder.person.press("Make the passkey")

    await expect(holder.person.page.get_by_text("has a passkey for this account already")).to_be_visible()
    assert len(await holder.credentials()) == 1


async def test_answer_of_a_passkey_is_taken_once(holders: Holders, site: str) -> None:
    holder = await holders()
    await holder.add()
    await holder.person.sign_out()
    sent: list[str] = []

    def keep(request: Request) -> None:
        if request.url.endswith("/sign-in/passkey"):
            sent.append(request.post_data or "")

    holder.person.page.on("request", keep)
    await holder.use()
    await holder.person.sees("Home")
    answer = dict(pair.split("=", 1) for pair in sent[0].split("&"))["answer"]
    assert "signature" in answer

    async with AsyncClient(base_url=site.replace("127.0.0.1", "localhost")) as thief:
        shown = await thief.get("/sign-in")
        token = re.search(r'name="token" value="([0-9a-f]{64})"', shown.text)
        assert token is not None
        for path in ("/sign-in/passkey/options", "/sign-in/passkey", "/sign-in/passkey"):
            body = f"token={token[1]}&answer={answer}"
            head = {"content-type": "application/x-www-form-urlencoded"}
            tried = await thief.post(path, content=body, headers=head)
            assert tried.status_code == (200 if path.endswith("options") else 422)
        assert "tm_session" not in thief.cookies


@pytest.mark.parametrize(
    "answer",
    ["", "{}", "[]", "null", '{"id": 1}', '{"id":"AA","rawId":"AA","type":"public-key","response":{}}', "\x00"],
)
async def test_unreadable_answers_are_refused_politely(site: str, answer: str) -> None:
    async with AsyncClient(base_url=site.replace("127.0.0.1", "localhost")) as stranger:
        await send(stranger, "/sign-in", "/sign-in/passkey/options")
        tried = await send(stranger, "/sign-in", "/sign-in/passkey", answer=answer)

    assert tried.status_code == 422
    assert "does not sign in here" in tried.text


async def test_thief_of_a_session_cannot_add_a_passkey(holders: Holders, site: str, database: Database) -> None:
    holder = await holders()
    await age_confirmation(database, holder.person)

    async with await with_session_of(holder.person, site) as thief:
        for path in ("/settings/passkeys/options", "/settings/passkeys/new"):
            answer = await send(thief, "/settings", path, name="mine", back="/settings/passkeys/new")
            assert (answer.status_code, answer.headers["location"]) == (303, "/confirm?next=/settings/passkeys/new")


async def test_passkey_of_one_member_confirms_nothing_for_another(holders: Holders, database: Database) -> None:
    one, other = await holders(), await holders()
    await one.add()
    await other.add()
    (foreign,) = await one.credentials()
    await age_confirmation(database, other.person)
    await other.person.go("/keys/new")
    await other.person.sees("Confirm it is you")
    await other.holds(foreign)

    async def name_none(route: Route) -> None:
        reply = await route.fetch()
        await route.fulfill(response=reply, json={**await reply.json(), "allowCredentials": []})

    await other.person.page.route("**/confirm/passkey/options", name_none)
    await other.person.press("Use a passkey")

    await expect(other.person.page.get_by_role("alert").filter(has_text="not a passkey of yours")).to_be_visible()


async def test_password_remains_without_a_script_and_without_a_name(people: People) -> None:
    plain = await people(java_script_enabled=False)
    await plain.go("/settings/passkeys/new")
    await expect(plain.page.get_by_text("The password goes on working.")).to_be_visible()
    await plain.sign_out()

    await plain.go("/sign-in")
    await expect(plain.page.get_by_role("button", name="Sign in with a passkey")).to_have_count(0)
    await plain.sign_in()
    await plain.sees("Home")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_of_passkeys_are_accessible_and_narrow(holders: Holders, scheme: str) -> None:
    holder = await holders(color_scheme=scheme, viewport={"width": 360, "height": 740})
    person = holder.person
    complaints: list[str] = []
    person.page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    await holder.add()

    for path in ("/settings/security", "/settings/passkeys/new", "/confirm", "/sign-out", "/sign-in"):
        if path == "/sign-out":
            await person.page.context.clear_cookies()
            continue
        await person.go(path)
        assert await violations(person.page) == [], path
        assert await overflow_px(person.page) == 0, path

    assert complaints == []


async def test_passkey_is_made_and_used_by_keyboard_alone(holders: Holders) -> None:
    holder = await holders()
    page = holder.person.page
    await holder.add()
    await holder.person.sign_out()

    await holder.person.go("/sign-in")
    for _ in range(12):
        await page.keyboard.press("Tab")
        if (await page.evaluate("document.activeElement.textContent")).strip() == "Sign in with a passkey":
            break
    await page.keyboard.press("Enter")

    await holder.person.sees("Home")
