"""How far it is from nothing to a call of one's own in the log with its price, and what meets who goes astray."""

import re
import time
from collections.abc import Callable

import httpx
import pytest
from playwright.async_api import expect

from service import errors
from tests.conftest import FIGURE
from tests.portal.conftest import People
from tests.portal.test_pages import overflow_px, violations

pytestmark = pytest.mark.anyio

WAY = (
    "Connect the QuickBooks Online sandbox",
    "Make a test key",
    "Make the first call",
)
"""The buttons, from home of a new account; nothing is typed."""


async def test_first_priced_call_is_four_presses_from_the_account(
    people: People, record_property: Callable[[str, object], None]
) -> None:
    began = time.perf_counter()
    person = await people()
    signed_up = time.perf_counter()

    for button in WAY:
        await person.press(button)
        if button == WAY[0]:
            await person.sees("Home")
    await person.follow("See this call in the log, with its price")

    await person.sees("List clients")
    await expect(person.page.get_by_role("main")).to_contain_text("0.00 USD")
    ended = time.perf_counter()
    figure = f"sign-up {signed_up - began:.1f} s, then {len(WAY) + 1} presses in {ended - signed_up:.1f} s"
    record_property(FIGURE, f"first priced call: {figure}")


async def test_each_answer_leads_to_the_page_about_its_problem(people: People, site: str) -> None:
    person = await people(sign_up=False)
    async with httpx.AsyncClient(base_url=site) as app:
        problem = (await app.get("/v1/clients")).json()

    await person.go(problem["doc_url"])
    await person.sees(errors.MISSING_KEY.title)

    assert problem["doc_url"] == f"{site}/problems/missing_key"
    assert await violations(person.page) == []


async def test_every_problem_has_its_page_and_its_twin(site: str) -> None:
    async with httpx.AsyncClient(base_url=site) as browser:
        index = (await browser.get("/problems")).text
        for kind in errors.KINDS:
            assert f'href="/problems/{kind.code}"' in index
            assert kind.title in (await browser.get(f"/problems/{kind.code}.md")).text
        assert (await browser.get("/problems/no_such_problem")).status_code == 404


async def test_refused_call_says_in_the_log_what_to_change(people: People, site: str) -> None:
    person = await people()
    await person.connect()
    key = await person.make_key("mistaken", "Live")
    async with httpx.AsyncClient(base_url=site, headers={"Authorization": f"Bearer {key}"}) as app:
        answer = await app.get("/v1/clients?filter[owner]=me")

    await person.go(f"/log/{answer.headers['request-id']}")

    await expect(person.page.get_by_role("main")).to_contain_text(errors.UNSUPPORTED_FILTER.title)
    await person.follow("About unsupported_filter")
    await person.sees(errors.UNSUPPORTED_FILTER.title)


async def test_browser_that_went_astray_gets_a_page_and_a_program_a_problem(people: People, site: str) -> None:
    person = await people(sign_up=False)
    response = await person.go("/no/such/page")
    async with httpx.AsyncClient(base_url=site) as program:
        told = await program.get("/no/such/page")

    assert (response.status, told.status_code) == (404, 404)
    await person.sees("There is no such page")
    assert told.headers["content-type"] == "application/problem+json"
    assert await person.page.get_by_role("link", name=re.compile("home")).count() == 1


async def test_problem_pages_fit_a_phone(people: People) -> None:
    person = await people(sign_up=False, viewport={"width": 360, "height": 740}, color_scheme="dark")

    for path in ("/problems", "/problems/approval_required", "/problems/outcome_unknown"):
        await person.go(path)
        assert await overflow_px(person.page) == 0
        assert await violations(person.page) == []
