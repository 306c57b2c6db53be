"""What a stranger, another customer, a thief of a session or a page elsewhere cannot do."""

import re
import secrets
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient, Response
from playwright.async_api import expect

from service.portal.cookies import SESSION, cookie, read_cookies
from tests.conftest import Database
from tests.portal.conftest import People
from tests.portal.person import PASSWORD, Person
from tests.portal.test_pages import OWN_PAGES, furnished

pytestmark = pytest.mark.anyio

_TOKEN = re.compile(r'name="token" value="([0-9a-f]{64})"')


@pytest.fixture
async def stranger(site: str) -> AsyncIterator[AsyncClient]:
    """Somebody without a browser, who keeps cookies."""
    async with AsyncClient(base_url=site) as client:
        yield client


async def send(client: AsyncClient, page: str, path: str | None = None, **fields: str) -> Response:
    """Loads a page, then sends its form."""
    shown = await client.get(page)
    token = _TOKEN.search(shown.text)
    assert token is not None, shown.text
    return await client.post(path or page, data={"token": token[1], **fields})


async def with_session_of(person: Person, site: str) -> AsyncClient:
    """A client that has got hold of a person's cookies."""
    return AsyncClient(base_url=site, cookies={name: one["value"] for name, one in (await cookies_of(person)).items()})


async def cookies_of(person: Person) -> dict[str, Any]:
    """The cookies of a person's browser, by name."""
    return {one.get("name", ""): one for one in await person.page.context.cookies()}


async def test_two_organizations_never_see_each_other(people: People, site: str) -> None:
    one, other = await people("Northwind Ledger"), await people("Harbor Books")
    await one.add_second_factor()
    paths = await furnished(one)
    seen = "".join([(await (await one.go(path)).text()) for path in [*OWN_PAGES, *paths] if path != "/confirm"])
    secrets_of_one = {"Northwind Ledger", one.email, *(path.rpartition("/")[2] for path in paths)}
    assert all(secret in seen for secret in secrets_of_one)

    for path in paths:
        response = await other.go(path)
        assert response.status == 404
    shown = "".join([(await (await other.go(path)).text()) for path in OWN_PAGES])
    assert [secret for secret in secrets_of_one if secret in shown] == []

    key_path = paths[1]
    async with await with_session_of(other, site) as client:
        for action in ("revoke", "roll"):
            answer = await send(client, "/keys/new", f"{key_path}/{action}", back=key_path)
            assert answer.status_code == 404


async def test_stolen_session_without_second_factor_cannot_mint_a_key(
    people: People, site: str, database: Database
) -> None:
    person = await people()
    await person.add_second_factor()
    async with await with_session_of(person, site) as thief:
        await age_confirmation(database, person)

        answer = await send(thief, "/team", "/keys/new", name="mine", mode="live", access="write", back="/keys/new")
        assert (answer.status_code, answer.headers["location"]) == (303, "/confirm?next=/keys/new")
        answer = await send(thief, "/confirm", next="/keys/new", password=PASSWORD, code="000000")
        assert answer.status_code == 422


async def age_confirmation(database: Database, person: Person) -> None:
    """As if the person had last proved an hour ago who it is."""
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute(
        "UPDATE member_sessions SET confirmed_at = confirmed_at - interval '1 hour' FROM members"
        " WHERE members.id = member_id AND members.email = $1",
        person.email,
    )
    await owner.close()


async def test_a_new_proof_changes_the_session_token(people: People) -> None:
    person = await people()
    before = (await cookies_of(person))["tm_session"]

    await person.add_second_factor()
    after = (await cookies_of(person))["tm_session"]

    assert before["value"] != after["value"]
    assert (after["httpOnly"], after["sameSite"]) == (True, "Lax")


async def test_code_is_asked_for_at_sign_in_and_taken_once(people: People, site: str) -> None:
    person = await people()
    await person.add_second_factor()
    await person.sign_out()
    await person.sign_in()
    await person.sees("Home")

    async with AsyncClient(base_url=site) as thief:
        shown = await send(thief, "/sign-in", email=person.email, password=PASSWORD)
        halfway = re.search(r'name="halfway" value="([^"]+)"', shown.text)
        assert halfway is not None
        used = person.last_code
        answer = await send(thief, "/sign-in", "/sign-in/code", halfway=halfway[1], code=used)
        assert answer.status_code == 422
        assert "tm_session" not in thief.cookies


async def test_known_and_unknown_addresses_look_alike(people: People, stranger: AsyncClient) -> None:
    person = await people()
    nobody = f"{secrets.token_hex(4)}@nobody.example"

    for path in ("/sign-up", "/forgot"):
        answers = [await send(stranger, path, email=email) for email in (person.email, nobody)]
        assert {answer.status_code for answer in answers} == {200}
        shown = {re.sub(r"[0-9a-f]{64}|[\w.]+@[\w.]+", "", answer.text) for answer in answers}
        assert len(shown) == 1

    tried = [
        await send(stranger, "/sign-in", email=email, password="not the password") for email in (person.email, nobody)
    ]
    assert {answer.status_code for answer in tried} == {422}


async def test_guessing_locks_out_neither_a_known_browser_nor_a_mailed_link(
    people: People, stranger: AsyncClient, site: str
) -> None:
    person = await people()
    await person.sign_out()
    statuses = [(await send(stranger, "/sign-in", email=person.email, password="guess")).status_code for _ in range(12)]
    assert statuses[-1] == 429
    assert statuses[0] == 422

    async with AsyncClient(base_url=site, cookies={}) as same_address:
        answer = await send(same_address, "/forgot", email=person.email)
    assert answer.status_code == 200
    await person.sign_in()
    await person.sees("Home")


async def test_forms_of_elsewhere_are_refused(people: People, site: str) -> None:
    person = await people()
    async with await with_session_of(person, site) as client:
        token = _TOKEN.search((await client.get("/team")).text)
        assert token is not None
        fields = {"token": token[1], "name": "Harbor Books"}

        refused = [
            await client.post("/firms", data={"name": "Harbor Books"}),
            await client.post("/firms", data={**fields, "token": "0" * 64}),
            await client.post("/firms", data=fields, headers={"Origin": "https://evil.example"}),
            await client.post("/firms", data=fields, headers={"Sec-Fetch-Site": "cross-site"}),
        ]
        taken = await client.post("/firms", data=fields, headers={"Origin": site})

    assert {answer.status_code for answer in refused} == {403}
    assert taken.status_code == 303


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example"]
)
async def test_signing_in_leads_nowhere_else(people: People, stranger: AsyncClient, target: str) -> None:
    person = await people()

    answer = await send(stranger, "/sign-in", email=person.email, password=PASSWORD, next=target)

    assert answer.status_code == 303
    assert answer.headers["location"] == "/home"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/keys/x/nothing", 404), ("/settings/nothing", 404), ("/sign-out", 405), ("/recover/stop", 405)],
)
async def test_pages_that_are_not_there_say_so_safely(stranger: AsyncClient, path: str, status: int) -> None:
    answer = await stranger.get(path)

    assert answer.status_code == status
    assert "Go home" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_pages_are_served_under_their_own_name_only(site: str) -> None:
    async with AsyncClient(base_url=site) as client:
        answer = await client.get("/sign-in", headers={"Host": "evil.example"})

    assert answer.status_code == 421


async def test_every_page_has_its_safety_headers(stranger: AsyncClient) -> None:
    for path in ("/", "/sign-in", "/guides/errors", "/keys", "/guides/nothing", "/llms.txt"):
        headers = (await stranger.get(path)).headers

        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "camera=()" in headers["permissions-policy"]
        assert headers["cache-control"] == "no-store"


async def test_roles_bound_what_an_invited_member_can_do(people: People, site: str) -> None:
    owner, guest = await people("Harbor Books"), await people(sign_up=False)
    await owner.go("/team")
    await owner.fill("E-mail", guest.email)
    await owner.page.get_by_role("radio", name=re.compile("^Billing")).check()
    await owner.press("Send the invitation")
    await expect(owner.page.get_by_role("cell", name=guest.email, exact=True)).to_be_visible()

    await guest.go("/outbox")
    mail = guest.page.get_by_role("article").filter(has_text=guest.email)
    await mail.get_by_role("link", name="Open the link").click()
    await guest.fill("Your name", "Robin Ash")
    await guest.fill("Password", PASSWORD)
    await guest.press("Join")
    await guest.sees("Home")

    assert (await guest.go("/invoices")).status == 200
    assert (await guest.go("/keys")).status == 200
    assert (await guest.go("/keys/new")).status == 403
    async with await with_session_of(guest, site) as client:
        assert (await send(client, "/settings", "/firms", name="Mine")).status_code == 403


async def test_secure_cookies_are_bound_to_the_host() -> None:
    name, value = cookie(SESSION, "token", secure=True)

    assert name == b"set-cookie"
    assert value.startswith(b"__Host-tm_session=token; Path=/;")
    assert value.endswith(b"; Secure")
    assert b"Domain" not in value
    scope = {"headers": [(b"cookie", b"tm_session=planted; __Host-tm_session=token")]}
    assert read_cookies(scope, secure=True) == {SESSION: "token"}


async def test_pages_need_little_server_time(people: People, site: str) -> None:
    person = await people()
    await furnished(person)
    slow: dict[str, float] = {}
    async with await with_session_of(person, site) as client:
        for path in OWN_PAGES:
            times = [(await client.get(path)).elapsed.total_seconds() * 1000 for _ in range(20)]
            slow[path] = round(min(times), 1)

    # The quickest of twenty: what is slow on any machine. `tests/bench/portal.py` measures the rest.
    print("quickest in ms:", slow)
    assert {path: took for path, took in slow.items() if took > 100} == {}
