"""Invoices are made out to somebody: by name, with an address and a tax id, as whoever pays says."""

import re

import httpx
import pytest
from playwright.async_api import expect

from tests.conftest import Database
from tests.portal.conftest import People
from tests.portal.test_invoices import close_first_month
from tests.portal.test_pages import overflow_px, violations

pytestmark = pytest.mark.anyio


async def test_invoice_is_made_out_to_what_was_said_before_it(people: People, site: str, database: Database) -> None:
    person = await people("Harbor Books", viewport={"width": 360, "height": 740}, color_scheme="dark")
    page = person.page
    await person.go("/invoices")
    await expect(page.get_by_role("region", name="Made out to")).to_contain_text("Harbor Books")
    await page.get_by_text("Change it").click()
    await person.fill("Company", "Harbor Books Inc")
    await person.fill("Address", "1 Example Street\n\nExampleville, EX 00000")
    await person.fill("Tax id", "12-3456789")
    assert await violations(page) == []
    await person.press("Save")
    await expect(page.get_by_role("region", name="Made out to")).to_contain_text("Tax id 12-3456789")
    assert await overflow_px(page) == 0

    key = await person.make_key("billing", "Live")
    await close_first_month(database, person.email)
    async with httpx.AsyncClient(base_url=site, headers={"Authorization": f"Bearer {key}"}) as app:
        details = (await app.get("/v1/billing/details")).json()
        (invoice,) = (await app.get("/v1/billing/invoices")).json()["data"]
        paper = (await app.get(f"/v1/billing/invoices/{invoice['id']}/html")).text

    assert details["address"] == "1 Example Street\nExampleville, EX 00000"
    for line in ("Harbor Books Inc", "Exampleville, EX 00000", "12-3456789"):
        assert line in paper
    await person.go(f"/invoices/{invoice['id']}")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Invoice INV-")
    await expect(page.get_by_role("main")).to_contain_text("Harbor Books Inc")


async def test_invoice_names_the_organization_where_nothing_was_said(
    people: People, site: str, database: Database
) -> None:
    person = await people("Quiet Apps")
    key = await person.make_key("billing", "Live")
    await close_first_month(database, person.email)

    async with httpx.AsyncClient(base_url=site, headers={"Authorization": f"Bearer {key}"}) as app:
        (invoice,) = (await app.get("/v1/billing/invoices")).json()["data"]
        paper = (await app.get(f"/v1/billing/invoices/{invoice['id']}/html")).text

    assert "Quiet Apps" in paper
    assert "org_" not in paper


async def test_wrong_details_are_kept_in_the_form_and_say_what_would_do(people: People) -> None:
    person = await people()
    page = person.page
    await person.go("/invoices")
    await page.get_by_text("Change it").click()
    await person.fill("Company", "")
    await person.fill("Address", "\n".join("abcdefghi"))
    await person.press("Save")
    await expect(page.get_by_role("main")).to_contain_text("Enter the name of the company that pays.")
    await person.fill("Company", "Ledgerline Apps Inc")
    await person.press("Save")

    await expect(page.get_by_role("main")).to_contain_text("At most 8 lines.")
    await expect(page.get_by_label("Company")).to_have_value("Ledgerline Apps Inc")


async def test_key_says_who_pays_and_never_names_a_person(people: People, site: str) -> None:
    person = await people()
    await person.go("/keys/new")
    await person.fill("Name", "payer")
    await person.page.get_by_role("radio", name=re.compile("^Live")).check()
    await person.page.get_by_text("Read and write records").click()
    await person.press("Make the key")
    key = await person.page.locator(".secret code").inner_text()

    async with httpx.AsyncClient(base_url=site, headers={"Authorization": f"Bearer {key}"}) as app:
        said = await app.put("/v1/billing/details", json={"name": "Harbor Inc", "tax_id": "EU123456789"})
        personal = await app.put("/v1/billing/details", json={"name": "Harbor Inc", "tax_id": "123-45-6789"})
        lines = await app.put("/v1/billing/details", json={"name": "Harbor Inc", "address": "\n".join("abcdefghi")})

    assert said.json() == {
        "object": "billing_details",
        "name": "Harbor Inc",
        "address": "",
        "tax_id": "EU123456789",
        "tax_name": None,
        "tax_percent": None,
    }
    assert [one.status_code for one in (personal, lines)] == [422, 422]
    assert lines.json()["errors"][0]["pointer"] == "/address"
    assert "123-45-6789" not in personal.text
