"""A lost authenticator: codes on paper, a removal that waits and can be stopped, and what a thief cannot do."""

import re
from datetime import timedelta

import asyncpg
import pytest
from httpx import AsyncClient
from playwright.async_api import expect

from tests.conftest import Database
from tests.portal.conftest import People
from tests.portal.person import PASSWORD, Person
from tests.portal.test_pages import overflow_px, violations
from tests.portal.test_safety import age_confirmation, send, with_session_of

pytestmark = pytest.mark.anyio


async def password_given(person: Person) -> None:
    """Signs out, and in again as far as the code."""
    await person.go("/home")
    await person.sign_out()
    await person.go("/sign-in")
    await person.fill("E-mail", person.email)
    await person.fill("Password", PASSWORD)
    await person.press("Sign in")
    await person.sees("Enter the code")


async def mailed_link(person: Person, subject: str) -> str:
    """The newest mail to this person with this subject."""
    await person.go("/outbox")
    mails = person.page.get_by_role("article").filter(has_text=person.email).filter(has_text=subject)
    return str(await mails.first.get_by_role("link", name="Open the link").get_attribute("href"))


async def run(database: Database, statement: str, *values: object) -> None:
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute(statement, *values)
    await owner.close()


async def test_recovery_code_signs_in_once_and_its_owner_is_told(people: People) -> None:
    person = await people()
    await person.add_second_factor()
    assert len(set(person.recovery_codes)) == 10
    code = person.recovery_codes[3]

    await password_given(person)
    await person.page.get_by_text("Lost the app?").click()
    await person.fill("Recovery code", f" {code.upper().replace('-', ' ')} ")
    await person.press("Use the recovery code")
    await person.sees("Home")
    await person.go("/settings/security")
    await expect(person.page.get_by_text("9 left")).to_be_visible()
    assert "/forgot" in await mailed_link(person, "A recovery code was used")

    await password_given(person)
    await person.page.get_by_text("Lost the app?").click()
    await person.fill("Recovery code", code)
    await person.press("Use the recovery code")
    await expect(person.page.get_by_text("or it was used before")).to_be_visible()


async def test_new_recovery_codes_end_the_old_ones_and_are_kept_as_hashes(people: People, database: Database) -> None:
    person = await people()
    await person.add_second_factor()
    old = person.recovery_codes

    await person.go("/settings/security")
    await person.press("Make new codes")
    await person.sees("Your recovery codes")
    new = await person.page.locator(".codes code").all_inner_texts()
    assert set(new).isdisjoint(old)
    await person.go("/settings/security")
    shown = await person.page.content()
    assert [code for code in new if code in shown] == []

    owner = await asyncpg.connect(database.owner_url)
    kept = await owner.fetch("SELECT c::text AS row FROM member_recovery_codes c")
    await owner.close()
    stored = "".join(row["row"] for row in kept)
    assert [code for code in new if code in stored or code.replace("-", "").encode().hex() in stored] == []

    await password_given(person)
    await person.page.get_by_text("Lost the app?").click()
    await person.fill("Recovery code", old[0])
    await person.press("Use the recovery code")
    await expect(person.page.get_by_text("This is none of your recovery codes")).to_be_visible()
    await person.fill("Recovery code", new[0])
    await person.press("Use the recovery code")
    await person.sees("Home")


async def test_removal_waits_three_days_and_ends_every_session(people: People, database: Database) -> None:
    person, elsewhere = await people(), await people(sign_up=False)
    await person.add_second_factor()
    elsewhere.email, elsewhere.secret = person.email, None
    await password_given(person)
    await person.page.get_by_text("Lost the app?").click()
    await person.press("Have it removed")
    await person.sees("The second factor will be removed")
    assert await violations(person.page) == []
    link = await mailed_link(person, "is to be removed")

    await person.go(link)
    await expect(person.page.get_by_role("button", name="Remove it")).to_have_count(0)
    assert await violations(person.page) == []
    await run(
        database,
        "UPDATE member_recoveries SET requested_at = requested_at - $2::interval, ready_at = ready_at - $2::interval"
        " FROM members m WHERE m.id = member_id AND m.email = $1",
        person.email,
        timedelta(days=3, minutes=1),
    )
    await person.go(link)
    await person.press("Remove it")
    await person.sees("Sign in")

    person.secret = None
    await person.sign_in()
    await person.sees("Home")
    await person.go("/settings/security")
    await expect(person.page.get_by_role("link", name="Add a second factor")).to_be_visible()
    assert (await person.go(link)).status == 410


async def test_removal_is_refused_before_its_time_whatever_is_sent(people: People, site: str) -> None:
    person = await people()
    await person.add_second_factor()
    await password_given(person)
    await person.page.get_by_text("Lost the app?").click()
    await person.press("Have it removed")
    link = (await mailed_link(person, "is to be removed")).partition("link=")[2]

    async with AsyncClient(base_url=site) as thief:
        answer = await send(thief, "/sign-in", "/recover", link=link)

    assert answer.status_code == 409


@pytest.mark.parametrize("way", ["mail", "settings", "password"])
async def test_owner_stops_a_removal_that_a_thief_asked_for(people: People, site: str, way: str) -> None:
    person = await people()
    await person.add_second_factor()
    async with AsyncClient(base_url=site) as thief:
        shown = await send(thief, "/sign-in", email=person.email, password=PASSWORD)
        halfway = re.search(r'name="halfway" value="([^"]+)"', shown.text)
        assert halfway is not None
        await send(thief, "/sign-in", "/recover/ask", halfway=halfway[1])
    link = await mailed_link(person, "is to be removed")

    if way == "mail":
        await person.go(link)
        await person.press("Stop this, keep the second factor")
        await person.sees("Stopped")
    elif way == "settings":
        await person.go("/settings/security")
        assert await violations(person.page) == []
        await person.press("Stop it")
    else:
        await person.go("/settings/password")
        await person.fill("New password", "another horse battery staple")
        await person.press("Change it")

    assert (await person.go(link)).status == 410
    await person.go("/settings/security")
    await expect(person.page.get_by_role("button", name="Remove the second factor")).to_be_visible()
    await expect(person.page.get_by_role("button", name="Stop it")).to_have_count(0)


async def test_owner_removes_a_members_second_factor_and_the_member_is_told(people: People) -> None:
    owner, guest = await people("Harbor Books"), await people(sign_up=False)
    await owner.go("/team")
    await owner.fill("E-mail", guest.email)
    await owner.press("Send the invitation")
    await guest.go(await mailed_link(guest, "Join"))
    await guest.fill("Your name", "Robin Ash")
    await guest.fill("Password", PASSWORD)
    await guest.press("Join")
    await guest.sees("Home")
    await guest.add_second_factor()

    await owner.go("/team")
    await owner.page.locator("summary").filter(has_text="Robin Ash").click()
    await owner.press("Remove the second factor of Robin Ash")
    await owner.sees("Team")

    assert "/sign-in" in await mailed_link(guest, "Your second factor was removed")
    guest.secret = None
    await guest.sign_in()
    await guest.sees("Home")


async def test_changed_password_signs_out_everywhere_else(people: People, site: str) -> None:
    person = await people()
    async with await with_session_of(person, site) as elsewhere:
        assert (await elsewhere.get("/home")).status_code == 200

        await person.go("/settings/password")
        await person.fill("New password", "short")
        await person.press("Change it")
        await expect(person.page.get_by_text("Use at least 12 characters").last).to_be_visible()
        await person.fill("New password", "another horse battery staple")
        await person.press("Change it")
        await person.sees("Settings")

        assert (await elsewhere.get("/home")).status_code == 303


async def test_what_opens_other_ways_in_asks_for_a_recent_proof(people: People, site: str, database: Database) -> None:
    person = await people()
    await person.add_second_factor()
    await age_confirmation(database, person)

    async with await with_session_of(person, site) as thief:
        for path in ("/settings/password", "/settings/second-factor/codes", "/settings/second-factor/remove"):
            answer = await send(thief, "/settings", path, password="another horse battery staple")
            assert answer.headers["location"].startswith("/confirm?next=")

    await person.go("/settings/password")
    await person.sees("Confirm it is you")
    await person.page.get_by_text("Use a recovery code").first.click()
    await person.fill("Recovery code", person.recovery_codes[0])
    await person.press("Use the recovery code")
    await person.sees("Change the password")


async def test_recovery_codes_fit_a_small_phone(people: People) -> None:
    person = await people(viewport={"width": 360, "height": 740}, color_scheme="dark")
    await person.add_second_factor()

    assert await violations(person.page) == []
    assert await overflow_px(person.page) == 0


async def test_member_signs_out_of_every_browser_at_once(people: People, site: str) -> None:
    person = await people()
    async with await with_session_of(person, site) as elsewhere:
        await person.go("/settings/security")
        await person.page.get_by_role("button", name="Sign out everywhere", exact=True).click()
        await person.sees("Sign in")

        assert (await elsewhere.get("/home")).status_code == 303
