"""What every form withstands: too many sends, guesses at who has an account, and targets that lead away."""

from itertools import pairwise
from math import inf
from time import perf_counter

import pytest
import redis
from httpx import AsyncClient

from service import embedded
from service.portal.portal import portal_routes
from tests.conftest import Database
from tests.portal.conftest import People
from tests.portal.person import PASSWORD
from tests.portal.test_safety import age_confirmation, send, with_session_of

pytestmark = pytest.mark.anyio

_ALIKE = (0.6, 1.67)
"""How the times of two refusals may relate so that nobody learns from them which address is known."""

EVIL = ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example")


@pytest.fixture(autouse=True)
def _fresh_counts(servers: embedded.Servers) -> None:
    """Earlier tests of this minute do not count; the last test alone uses limits up, which a process remembers."""
    with redis.Redis.from_url(servers.redis_url) as client:  # pyright: ignore[reportUnknownMemberType]
        client.flushall()  # pyright: ignore[reportUnknownMemberType]


def test_every_form_has_a_limit() -> None:
    forms = [route for route in portal_routes() if route.method == "POST"]

    assert [route.path for route in forms if not route.limits] == []
    assert {limit.window_s > 0 and limit.count <= 600 for route in forms for limit in route.limits} == {True}


async def test_mails_to_one_address_are_limited_alike_whether_it_is_known(people: People, site: str) -> None:
    person = await people()
    async with AsyncClient(base_url=site) as robot:
        known, unknown = [
            [(await send(robot, path, email=email)).status_code for path in ("/forgot", "/sign-up") * 3]
            for email in (person.email, "nobody@stranger.example")
        ]

    assert unknown[-1] == 429
    assert known[:-1] == unknown[1:]  # signing up was its first mail
    assert all(before <= after for before, after in pairwise(unknown))


async def test_password_of_nobody_takes_as_long_as_a_wrong_one(people: People, site: str) -> None:
    known, unknown = inf, inf
    for _ in range(3):  # on a busy machine it takes more tries until each was undisturbed once
        email = (await people()).email
        known = min([known, *await _refusals(site, email)])
        unknown = min([unknown, *await _refusals(site, f"x{email}")])
        if _ALIKE[0] < known / unknown < _ALIKE[1]:
            break

    print(f"fastest wrong sign-in in ms: known {known * 1000:.1f}, unknown {unknown * 1000:.1f}")
    assert _ALIKE[0] < known / unknown < _ALIKE[1]


async def _refusals(site: str, email: str) -> list[float]:
    """How long wrong sign-ins took, in seconds."""
    took: list[float] = []
    async with AsyncClient(base_url=site) as robot:
        for _ in range(8):
            began = perf_counter()
            answer = await send(robot, "/sign-in", email=email, password="not the password")
            took.append(perf_counter() - began)
            assert answer.status_code == 422
    return took


async def test_codes_guessed_with_a_stolen_password_lock_out_the_thief_alone(people: People, site: str) -> None:
    person = await people()
    await person.add_second_factor()
    await person.sign_out()
    async with AsyncClient(base_url=site) as thief:
        shown = await send(thief, "/sign-in", email=person.email, password=PASSWORD)
        halfway = shown.text.partition('name="halfway" value="')[2].partition('"')[0]
        tried = [
            (await send(thief, "/sign-in", "/sign-in/code", halfway=halfway, code="000000")).status_code
            for _ in range(11)
        ]
    assert tried == [422] * 10 + [429]

    await person.sign_in()
    await person.sees("Home")


async def test_proofs_guessed_in_a_stolen_session_lock_out_that_session_alone(
    people: People, site: str, database: Database
) -> None:
    person = await people()
    async with await with_session_of(person, site) as thief:
        tried = [(await send(thief, "/confirm", password=f"guess number {n}")).status_code for n in range(11)]
    assert tried == [422] * 10 + [429]

    await person.page.context.clear_cookies()
    await person.sign_in()
    await age_confirmation(database, person)
    await person.go("/keys/new")
    await person.fill("Password", PASSWORD)
    await person.press("Confirm")
    await person.sees("New key")


async def test_new_password_by_mail_opens_a_browser_that_guessing_had_shut_out(people: People, site: str) -> None:
    person, fresh = await people(), await people(sign_up=False)
    async with AsyncClient(base_url=site) as robot:
        for _ in range(12):
            await send(robot, "/sign-in", email=person.email, password="guess")
    fresh.email = person.email
    await fresh.sign_in()
    await fresh.sees("Too many attempts")

    await fresh.go("/forgot")
    await fresh.fill("E-mail", person.email)
    await fresh.press("Send the link")
    await fresh.go("/outbox")
    mail = fresh.page.get_by_role("article").filter(has_text=person.email).filter(has_text="Set a new password")
    await mail.first.get_by_role("link", name="Open the link").click()
    await fresh.fill("New password", PASSWORD)
    await fresh.press("Set the password")
    await fresh.sees("Sign in")
    await fresh.sign_in()

    await fresh.sees("Home")


@pytest.mark.parametrize("target", EVIL)
async def test_no_next_or_back_leads_away(people: People, site: str, database: Database, target: str) -> None:
    person = await people()
    async with AsyncClient(base_url=site) as stranger:
        shown = await stranger.get("/sign-in", params={"next": target})
        assert "evil" not in shown.text
        assert "alert(1)" not in shown.text
    await age_confirmation(database, person)
    async with await with_session_of(person, site) as client:
        answer = await client.get("/sign-in", params={"next": target})
        assert (answer.status_code, answer.headers["location"]) == (303, "/home")
        answer = await send(client, "/team", "/team/invite", back=target, email="a@b.example", role="auditor")
        assert answer.headers["location"].startswith("/confirm?next=")
        shown = await client.get(answer.headers["location"])
        assert 'name="next" value="/home"' in shown.text
        answer = await send(client, "/confirm", next=target, password=PASSWORD)
        assert (answer.status_code, answer.headers["location"]) == (303, "/home")


@pytest.mark.parametrize("path", ["/sign-in", "/sign-up", "/forgot", "/sign-in/passkey", "/recover"])
async def test_form_sent_too_often_is_answered_429_and_says_how_long_to_wait(path: str, site: str) -> None:
    async with AsyncClient(base_url=site) as robot:
        statuses = [(await robot.post(path, data={"token": "0" * 64})).status_code for _ in range(61)]
        last = await robot.post(path, data={"token": "0" * 64})

    assert set(statuses[:60]) == {403}
    assert last.status_code == 429
    assert "Wait " in last.text
