"""Signing in at another issuer: linked, used, unlinked, and every way in which it must not open somebody's account."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
import redis
from httpx import AsyncClient, Response
from joserfc.jwk import RSAKey
from playwright.async_api import expect

from service import embedded
from service.connectors.transport import HttpTransport
from service.portal.errors import OpenIdError
from service.portal.openid import OpenId
from service.settings import Settings
from service.settings.forms import OPENID_ISSUERS, Issuer, Unreadable
from tests.conftest import Database
from tests.portal.conftest import People
from tests.portal.issuer import CLIENT_ID, CLIENT_SECRET, LocalIssuer, running_issuer
from tests.portal.person import PASSWORD, Person
from tests.portal.test_pages import overflow_px, violations
from tests.portal.test_recovery import mailed_link
from tests.portal.test_safety import age_confirmation, send, with_session_of

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def issuers() -> Iterator[tuple[LocalIssuer, LocalIssuer]]:
    with running_issuer() as one, running_issuer() as other:
        yield one, other


@pytest.fixture(scope="module")
def settings(settings: Settings, issuers: tuple[LocalIssuer, LocalIssuer]) -> Settings:
    """As elsewhere, with two issuers."""
    known = tuple(
        Issuer(name=name, issuer=issuer.url, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
        for name, issuer in zip(("Harbor ID", "Other ID"), issuers, strict=True)
    )
    gone = Issuer(name="Gone ID", issuer="http://127.0.0.1:1", client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    return msgspec.structs.replace(settings, openid_issuers=(*known, gone))


@pytest.fixture
def issuer(issuers: tuple[LocalIssuer, LocalIssuer], servers: embedded.Servers) -> Iterator[LocalIssuer]:
    """The first issuer, well-behaved again after the test; earlier tests of this minute do not count."""
    with redis.Redis.from_url(servers.redis_url) as client:  # pyright: ignore[reportUnknownMemberType]
        client.flushall()  # pyright: ignore[reportUnknownMemberType]
    one = issuers[0]
    kept = {"claims": {}, "header": {"alg": "RS256", "kid": "one"}, "key": one.key, "published": one.published}
    yield one
    for name, value in {**kept, "answer_iss": one.url, "email_verified": True}.items():
        setattr(one, name, value)


async def linked(person: Person, issuer: LocalIssuer) -> None:
    """Signs up, and links somebody at the issuer who is nobody else's."""
    issuer.subject, issuer.email = f"subject of {person.email}", person.email
    await person.go("/settings/security")
    await person.press("Link Harbor ID")
    await person.sees("Link Harbor ID")
    await person.follow("Go to Harbor ID")
    await person.sees("Settings")


async def walked(client: AsyncClient, issuer: LocalIssuer, slug: str = "harbor-id", following: str = "") -> Response:
    """What a browser is answered that goes to the issuer and comes back."""
    gone = await client.get(f"/sign-in/with/{slug}?next={following}")
    asked = dict(parse_qsl(urlsplit(gone.headers["location"]).query))
    return await client.get(issuer.authorize(asked))


async def test_linked_sign_in_opens_the_account(people: People, issuer: LocalIssuer) -> None:
    person = await people()
    await linked(person, issuer)
    await expect(person.page.get_by_role("button", name="Unlink Harbor ID")).to_be_visible()
    assert "/forgot" in await mailed_link(person, "A sign-in was linked")
    await person.go("/home")
    await person.sign_out()

    await person.go("/sign-in?next=/team")
    await person.page.get_by_role("link", name="Sign in with Harbor ID").click()

    await person.sees("Team")
    asked = issuer.seen[-1]
    assert (asked["code_challenge_method"], asked["response_type"], asked["scope"]) == ("S256", "code", "openid email")
    assert asked["redirect_uri"].endswith("/sign-in/with/harbor-id/back")
    assert min(len(asked["state"]), len(asked["nonce"]), len(asked["code_challenge"])) >= 43


async def test_second_factor_is_still_asked_for(people: People, issuer: LocalIssuer, site: str) -> None:
    person = await people()
    await linked(person, issuer)
    await person.add_second_factor()

    async with AsyncClient(base_url=site) as thief:
        answer = await walked(thief, issuer)

        assert "Enter the code" in answer.text
        assert "tm_session" not in thief.cookies


@pytest.mark.parametrize("verified", [True, False])
async def test_issuer_that_names_a_members_address_opens_nothing(
    people: People, issuer: LocalIssuer, site: str, *, verified: bool
) -> None:
    person = await people()
    issuer.subject, issuer.email, issuer.email_verified = "somebody else", person.email, verified
    nobody = "nobody@stranger.example"

    shown: list[str] = []
    for email in (person.email, nobody):
        issuer.email = email
        async with AsyncClient(base_url=site) as thief:
            answer = await walked(thief, issuer)
            assert answer.status_code == 200
            assert "tm_session" not in thief.cookies
        shown.append(re.sub(r"[0-9a-f]{64}", "", answer.text).replace(email, ""))

    assert "is not linked yet" in shown[0]
    assert shown[0] == shown[1]


async def test_other_issuer_with_the_same_subject_and_address_opens_nothing(
    people: People, issuer: LocalIssuer, issuers: tuple[LocalIssuer, LocalIssuer], site: str
) -> None:
    person, other = await people(), issuers[1]
    await linked(person, issuer)
    other.subject, other.email = issuer.subject, issuer.email

    async with AsyncClient(base_url=site) as thief:
        answer = await walked(thief, other, "other-id")

        assert "Other ID is not linked yet" in answer.text
        assert "tm_session" not in thief.cookies


WRONG_TOKENS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "another nonce": ({"nonce": "n" * 43}, {}),
    "no nonce": ({"nonce": None}, {}),
    "another audience": ({"aud": "another app"}, {}),
    "several audiences, ours not the party": ({"aud": [CLIENT_ID, "another app"], "azp": "another app"}, {}),
    "another issuer": ({"iss": "https://evil.example"}, {}),
    "expired": ({"exp": 1_700_000_000}, {}),
    "no expiry": ({"exp": None}, {}),
    "nobody": ({"sub": None}, {}),
    "somebody without a name": ({"sub": ""}, {}),
    "no signature": ({}, {"alg": "none"}),
    "signed with our secret": ({}, {"alg": "HS256"}),
    "another access token": ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, {}),
}


@pytest.mark.parametrize("wrong", WRONG_TOKENS)
async def test_token_that_does_not_hold_opens_nothing(
    people: People, issuer: LocalIssuer, site: str, wrong: str
) -> None:
    person = await people()
    await linked(person, issuer)
    issuer.claims, header = WRONG_TOKENS[wrong]
    issuer.header = {**issuer.header, **header}

    async with AsyncClient(base_url=site) as thief:
        answer = await walked(thief, issuer)

        assert answer.status_code == 400
        assert "tm_session" not in thief.cookies


async def test_token_signed_by_another_key_opens_nothing(people: People, issuer: LocalIssuer, site: str) -> None:
    person = await people()
    await linked(person, issuer)
    issuer.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})

    async with AsyncClient(base_url=site) as thief:
        assert (await walked(thief, issuer)).status_code == 400
        assert "tm_session" not in thief.cookies


async def test_answer_counts_once_in_the_browser_that_asked_and_with_its_state(
    people: People, issuer: LocalIssuer, site: str
) -> None:
    person = await people()
    await linked(person, issuer)
    async with AsyncClient(base_url=site) as asker, AsyncClient(base_url=site) as thief:
        gone = await asker.get("/sign-in/with/harbor-id")
        asked = dict(parse_qsl(urlsplit(gone.headers["location"]).query))
        back = issuer.authorize(asked)

        assert (await thief.get(back)).status_code == 400
        assert (await thief.get(back.replace("harbor-id", "other-id"))).status_code == 400
        await asker.get("/sign-in/with/harbor-id")
        assert (await asker.get(back)).status_code == 400
        right = await walked(asker, issuer, following="https://evil.example/")
        assert (right.status_code, right.headers["location"]) == (303, "/home")
        assert (await asker.get(back)).status_code == 400


async def test_answer_of_another_issuer_is_not_taken_for_this_one(
    people: People, issuer: LocalIssuer, site: str
) -> None:
    person = await people()
    await linked(person, issuer)
    issuer.answer_iss = "https://evil.example"

    async with AsyncClient(base_url=site) as thief:
        assert (await walked(thief, issuer)).status_code == 400


async def test_refusal_at_the_issuer_is_told_politely(issuer: LocalIssuer, site: str) -> None:
    async with AsyncClient(base_url=site) as client:
        gone = await client.get("/sign-in/with/harbor-id")
        asked = dict(parse_qsl(urlsplit(gone.headers["location"]).query))
        path = "/sign-in/with/harbor-id/back"
        answer = await client.get(f"{path}?error=access_denied&state={asked['state']}&iss={issuer.url}")

    assert answer.status_code == 400
    assert "Start again from the sign-in page" in answer.text


async def test_newcomer_signs_up_with_a_mailed_link_and_keeps_the_sign_in(people: People, issuer: LocalIssuer) -> None:
    person = await people(sign_up=False, viewport={"width": 360, "height": 740})
    issuer.subject, issuer.email = f"newcomer {person.email}", person.email
    await person.go("/sign-in")
    assert await violations(person.page) == []
    await person.page.get_by_role("link", name="Sign in with Harbor ID").click()
    await person.sees("Harbor ID is not linked yet")
    assert await violations(person.page) == []
    assert await overflow_px(person.page) == 0
    await person.press("Send the link")
    await person.go(await mailed_link(person, "Finish signing up"))
    assert await violations(person.page) == []
    await person.fill("Your name", "Ada Field")
    await person.fill("Company or app", "Harbor Books")
    await person.fill("Password", PASSWORD)
    await person.press("Create the account")
    await person.sees("Home")
    await person.page.context.clear_cookies()

    await person.go("/sign-in")
    await person.page.get_by_role("link", name="Sign in with Harbor ID").click()

    await person.sees("Home")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_of_other_sign_ins_are_for_everybody(people: People, issuer: LocalIssuer, scheme: str) -> None:
    small: dict[str, Any] = {"color_scheme": scheme, "viewport": {"width": 360, "height": 740}}
    member, stranger = await people("Harbor Books", **small), await people(sign_up=False, **small)
    found: dict[str, list[str]] = {}

    async def look(person: Person, page: str) -> None:
        wrong = [*await violations(person.page), *(["too wide"] if await overflow_px(person.page) else [])]
        if wrong:
            found[page] = wrong

    issuer.subject, issuer.email = f"subject of {member.email}", member.email
    await member.go("/settings/security")
    await look(member, "sign-ins, none linked")
    await member.press("Link Harbor ID")
    await member.sees("Link Harbor ID")
    await look(member, "before going there")
    await member.follow("Go to Harbor ID")
    await member.sees("Settings")
    await look(member, "sign-ins, one linked")
    issuer.subject = "nobody yet"
    await stranger.go("/sign-in")
    await look(stranger, "sign in")
    for name, heading in (("Harbor ID", "Harbor ID is not linked yet"), ("Gone ID", "Gone ID cannot be reached")):
        await stranger.go("/sign-in")
        await stranger.page.get_by_role("link", name=f"Sign in with {name}").click()
        await stranger.sees(heading)
        await look(stranger, heading)

    assert found == {}


async def test_another_sign_in_is_linked_and_used_by_keyboard_alone(people: People, issuer: LocalIssuer) -> None:
    person = await people()
    page = person.page
    issuer.subject, issuer.email = f"subject of {person.email}", person.email

    async def press(what: str) -> None:
        for _ in range(40):
            await page.keyboard.press("Tab")
            if (await page.evaluate("document.activeElement.textContent")).strip() == what:
                break
        await page.keyboard.press("Enter")

    await person.go("/settings/security")
    await press("Link Harbor ID")
    await person.sees("Link Harbor ID")
    await press("Go to Harbor ID")
    await person.sees("Settings")
    await expect(page.get_by_role("button", name="Unlink Harbor ID")).to_be_visible()
    await page.context.clear_cookies()
    await person.go("/sign-in")
    await press("Sign in with Harbor ID")

    await person.sees("Home")


async def test_mailed_link_opened_elsewhere_links_nobodys_sign_in(
    people: People, issuer: LocalIssuer, site: str
) -> None:
    victim = await people(sign_up=False)
    issuer.subject, issuer.email = "attacker", "attacker@evil.example"
    async with AsyncClient(base_url=site) as attacker:
        await walked(attacker, issuer)
        await send(attacker, "/sign-up", email=victim.email)
        await victim.go(await mailed_link(victim, "Finish signing up"))
        await expect(victim.page.get_by_role("checkbox")).to_have_count(0)
        await victim.fill("Your name", "Vic Tim")
        await victim.fill("Company or app", "Harbor Books")
        await victim.fill("Password", PASSWORD)
        await victim.press("Create the account")
        await victim.sees("Home")

        assert "is not linked yet" in (await walked(attacker, issuer)).text


async def test_sign_in_is_linked_to_one_account_and_free_again_once_unlinked(
    people: People, issuer: LocalIssuer
) -> None:
    one, other = await people("Harbor Books"), await people("Northwind Ledger")
    await linked(one, issuer)
    await other.go("/settings/security")
    await other.press("Link Harbor ID")
    await other.follow("Go to Harbor ID")
    await other.sees("This sign-in is linked to an account already")

    await one.go("/settings/security")
    assert await violations(one.page) == []
    await one.press("Unlink Harbor ID")
    await other.go("/settings/security")
    await other.press("Link Harbor ID")
    assert await violations(other.page) == []
    await other.follow("Go to Harbor ID")

    await other.sees("Settings")


async def test_linking_needs_a_form_of_ours_and_a_recent_proof(
    people: People, issuer: LocalIssuer, site: str, database: Database
) -> None:
    person = await people()
    path = "/settings/identities/link/harbor-id"
    async with await with_session_of(person, site) as thief:
        assert (await thief.get(path)).status_code in (404, 405)
        assert (await thief.post(path, data={"token": "0" * 64})).status_code == 403
        await age_confirmation(database, person)
        answer = await send(thief, "/settings", path, back="/settings/security")
        assert answer.headers["location"] == "/confirm?next=/settings/security"


async def test_issuer_that_is_away_leaves_the_password(people: People, site: str) -> None:
    person = await people()
    await person.sign_out()

    await person.go("/sign-in")
    await person.page.get_by_role("link", name="Sign in with Gone ID").click()
    await person.sees("Gone ID cannot be reached")
    assert await violations(person.page) == []
    await person.sign_in()

    await person.sees("Home")


async def test_unknown_issuer_is_no_page(site: str) -> None:
    async with AsyncClient(base_url=site) as client:
        assert (await client.get("/sign-in/with/nobody-id")).status_code == 404


async def test_keys_that_the_issuer_changed_are_read_again(issuer: LocalIssuer) -> None:
    present = [0.0]
    async with HttpTransport() as transport:
        known = Issuer(name="Harbor ID", issuer=issuer.url, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
        openid = OpenId((known,), transport, lambda: present[0])

        async def walk() -> str:
            address, gone = await openid.depart(known, "https://a.example/back", "/home", None)
            back = issuer.authorize(dict(parse_qsl(urlsplit(address).query)))
            answer = dict(parse_qsl(urlsplit(back).query))
            return (await openid.arrive(known, gone, answer, "https://a.example/back")).outsider.subject

        issuer.subject = "person-7"
        assert await walk() == "person-7"
        issuer.key = issuer.published = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})
        issuer.header = {"alg": "RS256", "kid": "two"}
        with pytest.raises(OpenIdError):
            await walk()
        present[0] += 61
        assert await walk() == "person-7"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}", "JSON"),
        ('[{"name": "A", "issuer": "http://a.example", "client_id": "a", "client_secret": "b"}]', "https://"),
        ('[{"name": "!", "issuer": "https://a.example", "client_id": "a", "client_secret": "b"}]', "without a name"),
    ],
)
def test_issuers_that_cannot_be_are_refused_at_start(text: str, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        OPENID_ISSUERS.read(text)
