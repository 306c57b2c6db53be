"""The reference and the guides: every page is there, its twin for programs too, and no link leads nowhere."""

import re

import httpx
import msgspec
import pytest
from playwright.async_api import expect

from service.all_operations import contract
from service.portal.pages.learning import GUIDES
from tests.portal.conftest import People
from tests.portal.test_pages import overflow_px, violations

pytestmark = pytest.mark.anyio

LINK = re.compile(r'(?:href="|\]\()(/[^"()\s#]*)')


@pytest.fixture(scope="module")
def operation_ids() -> list[str]:
    paths = msgspec.json.decode(contract())["paths"].values()
    return [operation["operationId"] for methods in paths for operation in methods.values()]


async def test_each_operation_has_a_page_and_its_twin(site: str, operation_ids: list[str]) -> None:
    async with httpx.AsyncClient(base_url=site, timeout=30) as http:
        for operation_id in operation_ids:
            page = await http.get(f"/reference/{operation_id}")
            twin = await http.get(f"/reference/{operation_id}.md")

            assert (page.status_code, twin.status_code) == (200, 200), operation_id
            assert twin.headers["content-type"] == "text/markdown; charset=utf-8"
            for title in ("Price", "Problems"):
                assert f"<h2>{title}</h2>" in page.text, operation_id
                assert f"\n## {title}\n" in twin.text, operation_id
            if not operation_id.startswith("receive"):
                for language in ("sh\ncurl", "python\n", "ts\n"):
                    assert f"\n```{language}" in twin.text, operation_id


async def test_every_page_that_llms_txt_names_is_there_as_text(site: str, operation_ids: list[str]) -> None:
    async with httpx.AsyncClient(base_url=site, timeout=30) as http:
        index = (await http.get("/llms.txt")).text
        named = re.findall(r"\]\((\S+)\)", index)
        answers = [await http.get(address) for address in named]

    assert [(str(one.url), one.status_code) for one in answers if one.status_code != 200] == []
    assert {f"{site}/reference/{operation_id}.md" for operation_id in operation_ids} <= set(named)
    assert all("text/html" not in one.headers["content-type"] for one in answers)


async def test_no_link_of_a_guide_leads_nowhere(site: str) -> None:
    async with httpx.AsyncClient(base_url=site, timeout=30, follow_redirects=True) as http:
        waiting, seen = ["/guides", "/reference"], dict[str, int]()
        while waiting:
            path = waiting.pop()
            answer = await http.get(path)
            seen[path] = answer.status_code
            if path.startswith("/guides"):
                waiting += [found for found in LINK.findall(answer.text) if found not in seen and found not in waiting]

    assert {path: status for path, status in seen.items() if status != 200} == {}
    assert len([path for path in seen if path.startswith("/guides/")]) >= 10


async def test_guides_lead_on_and_their_code_can_be_copied(people: People) -> None:
    reader = await people(sign_up=False, permissions=["clipboard-read", "clipboard-write"])
    page = reader.page
    await reader.go("/guides/quick-start")
    await page.get_by_role("button", name="Copy").first.click()
    copied = await page.evaluate("navigator.clipboard.readText()")
    met: list[str] = []
    while await page.get_by_role("link", name=re.compile("^Next: ")).count():
        met.append(page.url.rpartition("/")[2])
        await page.get_by_role("link", name=re.compile("^Next: ")).click()
        await expect(page).not_to_have_url(re.compile(f"/{met[-1]}$"))

    assert copied == "export TICKMARK_KEY=tm_test_…"
    assert [*met, page.url.rpartition("/")[2]] == [guide.slug for guide in GUIDES]
    assert await violations(page) == []


async def test_price_list_stands_in_the_guide_about_billing(people: People) -> None:
    reader = await people(sign_up=False, viewport={"width": 360, "height": 740})
    await reader.go("/guides/billing")
    table = reader.page.get_by_role("region", name="Table").first

    await expect(table).to_contain_text("the first 1,000 free")
    assert "{prices}" not in await reader.page.content()
    assert await overflow_px(reader.page) == 0
