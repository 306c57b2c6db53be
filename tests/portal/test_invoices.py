"""A closed month in the browser: its lines, the calls behind each, and how it prints."""

from datetime import timedelta

import httpx
import pytest
from playwright.async_api import expect

from billing import GRACE, close_period, get_account, issue_invoice, load_price_book, month_of
from service.db.pool import open_pool
from tests.conftest import Database
from tests.portal.conftest import People
from tests.portal.test_pages import overflow_px, violations

pytestmark = pytest.mark.anyio


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
    await person.sees("Invoice 1")
    assert await violations(page) == []
    await page.emulate_media(media="print")
    await expect(page.locator("header.side")).to_be_hidden()
    await page.emulate_media(media="screen")

    await page.get_by_role("link", name="Read, free units").click()
    await person.sees("Read, free units")
    await expect(page.locator("table.calls tbody tr")).to_have_count(3)
    assert await violations(page) == []
    assert await overflow_px(page) == 0
    await page.get_by_role("link", name="listClients").first.click()
    await expect(page.get_by_role("main")).to_contain_text("free units")
