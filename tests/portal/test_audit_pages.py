"""The audit log on its page: looked through, verified for real, taken away and verified without us."""

import secrets
from datetime import UTC, datetime

import asyncpg
import httpx
import pytest
from playwright.async_api import expect

from service.audit.sealing import seal
from service.audit.signing import signer_of
from service.audit.verify import verify
from service.db.pool import open_pool
from service.settings import Settings
from tests.conftest import Database
from tests.portal.conftest import People
from tests.portal.test_pages import overflow_px, violations
from tests.portal.test_safety import send, with_session_of

pytestmark = pytest.mark.anyio


async def seal_all(database: Database, settings: Settings) -> None:
    """What the worker does every minute."""
    pool = await open_pool(database.owner_url, "tickmark_operator", max_size=1)
    async with pool.acquire() as connection:
        await seal(connection, signer_of(settings), None, datetime.now(UTC))
    await pool.close()


async def test_log_is_searched_verified_and_taken_away(
    people: People, site: str, database: Database, settings: Settings
) -> None:
    person = await people("Harbor Books", viewport={"width": 360, "height": 740})
    page = person.page
    key = await person.make_key("audited")
    async with httpx.AsyncClient(base_url=site, headers={"Authorization": f"Bearer {key}"}) as app:
        for _ in range(3):
            await app.get("/v1/me")
    await seal_all(database, settings)

    await person.go("/audit")
    await page.get_by_label("Kind").select_option("call")
    await page.get_by_label("By").select_option(label="audited")
    await page.get_by_label("What", exact=True).fill("getMe")
    await person.press("Search")
    await expect(page.locator("table.calls tbody tr")).to_have_count(3)
    assert await violations(page) == []
    assert await overflow_px(page) == 0

    await person.press("Verify the log")
    await person.sees("Verification")
    await expect(page.get_by_role("heading", name="The log is intact")).to_be_visible()
    assert await violations(page) == []

    async with await with_session_of(person, site) as client:
        taken = await send(client, "/audit", "/audit/export", ticket="GRC-1")
        told = await send(client, "/audit", "/audit/verify")
    verdict = verify(taken.content.splitlines(keepends=True), public_key=signer_of(settings).public_key)
    assert verdict.intact
    assert verdict.rows >= 3
    assert f"{verdict.rows} rows are what was written" in told.text


async def test_changed_log_is_found_out_on_the_page(
    people: People, site: str, database: Database, settings: Settings
) -> None:
    person = await people()
    key = await person.make_key("audited")
    async with httpx.AsyncClient(base_url=site, headers={"Authorization": f"Bearer {key}"}) as app:
        await app.get("/v1/me")
    await seal_all(database, settings)
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("ALTER TABLE audit_rows DISABLE TRIGGER keep")
    await owner.execute("UPDATE audit_rows SET content = replace(content, 'getMe', $1)", secrets.token_hex(3))
    await owner.execute("ALTER TABLE audit_rows ENABLE TRIGGER keep")
    await owner.close()

    await person.go("/audit")
    await person.press("Verify the log")

    await expect(person.page.get_by_role("heading", name="The log is not intact")).to_be_visible()
    await expect(person.page.get_by_role("main")).to_contain_text("Edited:")
