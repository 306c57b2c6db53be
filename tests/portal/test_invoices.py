"""A closed month in the browser: its lines, the calls behind each, and how it prints."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
import pytest
from playwright.async_api import expect

import billing
from billing import GRACE, close_period, get_account, issue_invoice, load_price_book, month_of
from service import ids
from service.db.pool import open_pool
from tests.conftest import Database
from tests.portal.conftest import People
from tests.portal.test_pages import overflow_px, violations

pytestmark = pytest.mark.anyio


def content_of(path: Path) -> bytes:
    return path.read_bytes()


async def close_first_month(database: Database, email: str) -> None:
    """Closes and issues the month that this member's organization signed up in, on a day to come."""
    pool = await open_pool(database.owner_url, "tickmark_operator", max_size=1)
    async with pool.acquire() as connection:
        org_id = await connection.fetchval("SELECT org_id FROM members WHERE email = $1", email)
        account = await get_account(connection, org_id)
        month = month_of(account.opened_at, account.time_zone)
        at = month.ends_at + GRACE + timedelta(hours=1)
        draft = await close_period(connection, load_price_book(), org_id, month.starts_on, as_of=at)
        await issue_invoice(connection, org_id, draft.invoice_id, at=at)
    await pool.close()


async def test_invoice_leads_to_the_calls_behind_each_line(people: People, site: str, database: Database) -> None:
    person = await people("Harbor Books", viewport={"width": 360, "height": 740})
    page = person.page
    await person.connect()
    key = await person.make_key("billed", "Live")
    async with httpx.AsyncClient(base_url=site, headers={"Authorization": f"Bearer {key}"}) as app:
        for _ in range(3):
            assert (await app.get("/v1/clients?limit=2")).status_code == 200
    await close_first_month(database, person.email)

    await person.go("/invoices")
    await page.get_by_role("region", name="Invoices").get_by_role("link").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"^Invoice INV-[0-9A-F]{8}-0001$"))
    assert await violations(page) == []
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="Download PDF").click()
    paper = await waiting.value
    assert content_of(await paper.path()).startswith(b"%PDF-")
    assert paper.suggested_filename.startswith("INV-")
    await page.emulate_media(media="print")
    await expect(page.locator("header.side")).to_be_hidden()
    await page.emulate_media(media="screen")

    await page.get_by_role("link", name="Read, free units").click()
    await person.sees("Read, free units")
    await expect(page.locator("table.calls tbody tr")).to_have_count(3)
    assert await violations(page) == []
    assert await overflow_px(page) == 0
    await page.get_by_role("link", name="Download all as CSV").click()
    await person.press("Take the file")
    await expect(page.get_by_text("Name the ticket that this belongs to")).to_be_visible()
    assert await violations(page) == []
    assert await overflow_px(page) == 0
    await person.fill("Ticket", "GRC-7")
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name="Take the file").click()
    taken = await waiting.value
    assert len(content_of(await taken.path()).splitlines()) == 4
    await page.get_by_role("link", name="Back").click()
    await page.get_by_role("link", name="listClients").first.click()
    await expect(page.get_by_role("main")).to_contain_text("free units")


async def test_credit_note_and_what_is_due_stand_on_the_invoice(people: People, site: str, database: Database) -> None:
    person = await people("Harbor Books", viewport={"width": 360, "height": 740})
    page = person.page
    owner = await asyncpg.connect(database.owner_url)
    org_id = await owner.fetchval("SELECT org_id FROM members WHERE email = $1", person.email)
    await owner.execute(
        "INSERT INTO billing.usage (org_id, request_id, key_id, units, meter, operation)"
        " VALUES ($1, $2, $2, 11000, 'read', 'listClients')",
        org_id,
        ids.new_uuid(),
    )
    await close_first_month(database, person.email)
    invoice_id = await owner.fetchval("SELECT invoice_id FROM billing.invoices WHERE org_id = $1", org_id)
    await billing.credit_invoice(
        owner, org_id, invoice_id, 1200, note_id=ids.new_uuid(), reason="Slow answers", at=datetime.now(UTC)
    )
    await owner.execute(
        "INSERT INTO billing.stripe_invoices (org_id, invoice_id, stripe_invoice_id, status, hosted_url)"
        " VALUES ($1, $2, 'in_invented', 'open', 'https://invoice.stripe.example/i/invented')",
        org_id,
        invoice_id,
    )
    await owner.close()

    await person.go(f"/invoices/{ids.encode('bill', invoice_id)}")

    await expect(page.locator(".due")).to_contain_text("28.00 USD")
    await expect(page.get_by_role("region", name="Credit notes")).to_contain_text("Slow answers")
    pay = page.get_by_role("link", name="Pay with Stripe")
    await expect(pay).to_have_attribute("href", "https://invoice.stripe.example/i/invented")
    assert await violations(page) == []
    assert await overflow_px(page) == 0
