"""Firms and connections in the browser: links, health, second persons, consents, ends with proof, exports."""

import io
import json
import os
import re
import zipfile
from pathlib import Path

import anyio
import asyncpg
import httpx
import pytest
from playwright.async_api import Download, Page, expect

from service import ids
from service.sandbox.serve import SandboxServer
from tests.conftest import Database
from tests.portal.conftest import People
from tests.portal.person import PASSWORD, Person
from tests.portal.test_pages import overflow_px, violations

pytestmark = pytest.mark.anyio
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


async def look(page: Page, name: str) -> None:
    """Keeps a picture where TICKMARK_SCREENSHOTS says, for a person to look at."""
    if directory := os.environ.get("TICKMARK_SCREENSHOTS"):
        await page.screenshot(path=Path(directory) / f"{name}.png", full_page=True)


async def checked(page: Page, name: str) -> None:
    """Looks at a page as axe and as a small phone do."""
    await look(page, name)
    assert await violations(page) == [], name
    assert await overflow_px(page) <= 0, name


async def to_firm(person: Person) -> str:
    """Opens the page of the person's first firm; its address."""
    await person.go("/connections")
    path = await person.page.locator("section.panel h2 a").first.get_attribute("href")
    assert path is not None
    await person.go(path)
    return path


async def make_link(person: Person, firm: str, vendor: str = "QuickBooks Online", **more: str) -> str:
    await person.go(f"{firm}/connect")
    await person.page.get_by_label(vendor, exact=True).check()
    await person.fill("What the records are for", "Matching invoices with payments")
    for label, text in more.items():
        await person.fill(label.replace("_", " "), text)
    await person.press("Make the link")
    await person.sees("The link is ready")
    return await person.page.locator(".secret code").inner_text()


async def sign(page: Page, email: str = "lee@birchvale.example") -> None:
    await page.get_by_label("Your full name").fill("Lee Birch")
    await page.get_by_label("Your e-mail address").fill(email)
    await page.get_by_label("I may consent").check()
    await page.get_by_role("button", name="Sign and continue").click()


async def walk(page: Page, url: str, vendor: str = "QuickBooks Online") -> None:
    """What somebody at the firm does with a link."""
    await page.goto(url)
    await sign(page)
    await page.get_by_role("button", name=f"Go to {vendor}").click()


async def content_of(download: Download) -> bytes:
    """The file that was downloaded."""
    return await anyio.Path(await download.path()).read_bytes()


async def acts(database: Database, email: str) -> list[str]:
    """What the audit log says that this member has done about firms' connections."""
    owner = await asyncpg.connect(database.owner_url)
    rows = await owner.fetch(
        "SELECT content::jsonb ->> 'what' AS what FROM audit_rows r JOIN members m ON m.email = $1"
        " WHERE r.org_id = m.org_id AND content::jsonb ->> 'actor' = 'member:' || m.id"
        " AND content::jsonb ->> 'what' !~ '^(orgs|keys|members|sessions)[.]|^firms.create$' ORDER BY r.id",
        email,
    )
    await owner.close()
    return [row["what"] for row in rows]


async def test_mailed_link_connects_the_firm_and_is_used_up(people: People, database: Database) -> None:
    person, guest = await people(), await people(sign_up=False)
    firm = await to_firm(person)
    await checked(person.page, "firm-empty")
    await person.go(f"{firm}/connect")
    await checked(person.page, "link-new")
    url = await make_link(person, firm, Mail_it_to="lee@birchvale.example")
    await checked(person.page, "link-made")
    await person.go(firm)
    await expect(person.page.get_by_role("cell", name="not opened yet")).to_be_visible()

    await guest.go("/outbox")
    mail = guest.page.get_by_role("article").filter(has_text="lee@birchvale.example").first
    assert await mail.get_by_role("link", name="Open the link").get_attribute("href") == url
    await walk(guest.page, url)
    await expect(guest.page.get_by_role("heading", name="Connected")).to_be_visible()
    await expect(guest.page.get_by_text("You can close this page.")).to_be_visible()
    await guest.page.goto(url)

    await person.go(firm)
    await checked(person.page, "firm")
    await expect(person.page.get_by_role("region", name="Links sent")).to_contain_text("Lee Birch")
    await expect(person.page.get_by_role("cell", name="healthy")).to_be_visible()
    assert await acts(database, person.email) == ["link_sessions.create"]


async def test_link_taken_back_works_no_more(people: People) -> None:
    person, guest = await people(), await people(sign_up=False)
    firm = await to_firm(person)
    url = await make_link(person, firm)

    await person.press("Take it back")
    await guest.page.goto(url)

    await expect(guest.page.get_by_text("taken it back")).to_be_visible()
    await expect(person.page.get_by_role("cell", name="cancelled")).to_be_visible()


async def test_what_was_typed_stays_when_a_link_cannot_be_made(people: People) -> None:
    person = await people()
    firm = await to_firm(person)
    await person.go(f"{firm}/connect")
    await person.page.get_by_label("Canopy", exact=True).check()
    await person.fill("Mail it to", "nobody")
    await person.press("Make the link")

    await expect(person.page.get_by_text("This is not an e-mail address.")).to_be_visible()
    await expect(person.page.get_by_text("Say what the records are for")).to_be_visible()
    assert await person.page.get_by_label("Canopy", exact=True).is_checked()
    await checked(person.page, "link-wrong")


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark", "viewport": {"width": 360, "height": 740}}])
async def test_connection_page_explains_pauses_and_resumes(
    people: People, database: Database, options: dict[str, object]
) -> None:
    person = await people(**options)
    name = "-phone-dark" if options else ""
    await person.connect("Canopy")
    await person.page.locator("td a.main").first.click()
    await person.sees("Canopy")
    await checked(person.page, f"connection{name}")
    connection = person.page.url.rpartition("/")[2]
    await drift(database, connection)
    await person.page.reload()
    await expect(person.page.get_by_text("$.owner_id").first).to_be_visible()
    await checked(person.page, f"connection-drifted{name}")

    await person.page.get_by_role("button", name="Ignore $.owner_id").click()
    await expect(person.page.locator(".head .pill").first).to_have_text("healthy")
    await person.page.get_by_role("button", name=re.compile("^Resolve: it is the new normal")).click()
    await expect(person.page.get_by_text("None open")).to_be_visible()
    await person.press("Pause")
    await expect(person.page.locator(".head .pill").first).to_have_text("paused")
    await checked(person.page, f"connection-paused{name}")
    await person.page.get_by_role("button", name="Resume").first.click()
    await expect(person.page.locator(".head .pill").first).to_have_text("healthy")

    assert await acts(database, person.email) == [
        "connections.create", "issues.ignore", "issues.accept", "connections.pause", "connections.resume",
    ]  # fmt: skip


async def drift(database: Database, connection: str) -> None:
    """As if the canary had met a change: what it writes down."""
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute(
        "INSERT INTO issues (org_id, id, connection_id, vendor, surface, kind, path, expected, opened_at, seen_at)"
        " SELECT org_id, gen_random_uuid(), id, vendor, 'clients', 'missing_field', '$.owner_id', 'text', now(), now()"
        " FROM connections WHERE id = $1",
        ids.decode("con", connection),
    )
    await owner.execute(
        "UPDATE connections SET state = 'degraded', state_reason = 'the vendor''s answers are not what they were',"
        " updated_at = now() WHERE id = $1",
        ids.decode("con", connection),
    )
    await owner.close()


async def test_disconnecting_shows_the_proof(people: People, database: Database) -> None:
    person, guest = await people(), await people(sign_up=False)
    firm = await to_firm(person)
    await walk(guest.page, await make_link(person, firm))
    await person.go(firm)
    await person.page.locator("td a.main").first.click()
    await person.follow("Disconnect")
    await person.sees("Disconnect QuickBooks Online")
    await checked(person.page, "disconnect")
    await person.press("Disconnect")
    await expect(person.page.get_by_text("Tick the box first")).to_be_visible()
    await person.page.get_by_label("I know that this cannot be undone").check()
    await person.press("Disconnect")

    await person.sees("QuickBooks Online is disconnected")
    main = person.page.get_by_role("main")
    await expect(main).to_contain_text("The vendor has revoked our access.")
    await expect(main).to_contain_text("the vendor refused it")
    await expect(main).to_contain_text("Sealed secrets left: 0")
    await checked(person.page, "disconnected")
    assert "connections.disconnect" in await acts(database, person.email)


async def test_vendor_away_changes_nothing_unless_one_insists(people: People, quickbooks: SandboxServer) -> None:
    person, guest = await people(), await people(sign_up=False)
    firm = await to_firm(person)
    await walk(guest.page, await make_link(person, firm))
    await person.go(firm)
    await person.page.locator("td a.main").first.click()
    await person.follow("Disconnect")
    quickbooks.fault("server_error", path="*revoke", count=2)
    await person.page.get_by_label("I know that this cannot be undone").check()
    await person.press("Disconnect")
    quickbooks.clear_faults()

    await expect(person.page.get_by_text("nothing was changed")).to_be_visible()
    await checked(person.page, "disconnect-away")
    await person.follow("Back to the connection")
    await expect(person.page.locator(".head .pill").first).to_have_text("healthy")


async def test_refused_connection_says_how_to_mend_it_and_connects_again_under_its_id(
    people: People, database: Database
) -> None:
    person, guest = await people(), await people(sign_up=False)
    firm = await to_firm(person)
    await walk(guest.page, await make_link(person, firm))
    await person.go(firm)
    await person.page.locator("td a.main").first.click()
    connection = person.page.url
    await refuse(database, connection.rpartition("/")[2])
    await person.page.reload()
    await expect(person.page.get_by_text("ids stay as they are")).to_be_visible()
    await expect(person.page.get_by_role("main")).to_contain_text("invalid_grant")
    await checked(person.page, "connection-refused")
    await person.follow("Make a link to connect again")
    await person.sees("Connect QuickBooks Online again")
    await checked(person.page, "link-again")
    await person.fill("What the records are for", "Matching invoices with payments")
    await person.press("Make the link")
    await walk(guest.page, await person.page.locator(".secret code").inner_text())

    await person.page.goto(connection)
    await expect(person.page.locator(".head .pill").first).to_have_text("healthy")
    await expect(person.page.locator(".timeline")).to_contain_text("Connected again: by Lee Birch")
    await person.go(firm)
    await expect(person.page.get_by_role("region", name="Connections of").locator("tbody tr")).to_have_count(1)


async def refuse(database: Database, connection: str) -> None:
    """As if the vendor had refused to renew: what the keeper writes down."""
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute(
        "UPDATE connections SET state = 'needs_attention', state_reason = 'the vendor refuses to renew access',"
        " updated_at = now() WHERE id = $1",
        ids.decode("con", connection),
    )
    await owner.execute(
        "INSERT INTO connection_events (org_id, connection_id, at, kind, state, detail, vendor_status, vendor_code)"
        " SELECT org_id, id, now(), 'renewal_refused', state, 'the grant is over', 400, 'invalid_grant'"
        " FROM connections WHERE id = $1",
        ids.decode("con", connection),
    )
    await owner.close()


async def joined(people: People, owner: Person) -> Person:
    """A second member, with the same powers."""
    guest = await people(sign_up=False)
    await owner.go("/team")
    await owner.fill("E-mail", guest.email)
    await owner.page.get_by_role("radio", name=re.compile("^Admin")).check()
    await owner.press("Send the invitation")
    await guest.go("/outbox")
    mail = guest.page.get_by_role("article").filter(has_text=guest.email)
    await mail.get_by_role("link", name="Open the link").click()
    await guest.fill("Your name", "Robin Ash")
    await guest.fill("Password", PASSWORD)
    await guest.press("Join")
    await guest.sees("Home")
    return guest


async def test_export_waits_for_the_second_person_who_is_another_one(people: People, database: Database) -> None:
    person = await people()
    other = await joined(people, person)
    await person.connect()
    firm = await to_firm(person)
    await person.page.get_by_role("checkbox", name=re.compile("^Taking tokens away")).check()
    await person.press("Save")
    await expect(person.page.get_by_text("Saved.")).to_be_visible()
    await person.page.locator("td a.main").first.click()
    await person.follow("Take it away")
    await person.fill("Ticket", "GRC-1042")
    await person.press("Ask for it")
    await expect(person.page.get_by_text("This waits for a second person.")).to_be_visible()
    await checked(person.page, "export-waits")
    export = person.page.url

    await person.go("/approvals")
    await expect(person.page.get_by_text("You asked for this")).to_be_visible()
    await checked(person.page, "approvals-mine")
    await other.go("/approvals")
    await checked(other.page, "approvals")
    await other.page.get_by_role("button", name=re.compile("^Approve")).click()
    await expect(other.page.get_by_role("cell", name="approved")).to_be_visible()
    await checked(other.page, "approvals-decided")

    await person.page.goto(export)
    await person.fill("Ticket", "GRC-1042")
    async with person.page.expect_download() as waiting:
        await person.press("Ask for it")
    held = json.loads(await content_of(await waiting.value))
    assert held["tokens"]["access_token"]
    await person.page.goto(export)
    await person.fill("Ticket", "GRC-1042")
    await person.press("Ask for it")
    await expect(person.page.get_by_text("This waits for a second person.")).to_be_visible()
    assert "connections.export" in await acts(database, person.email)
    assert "approvals.approve" in await acts(database, other.email)

    await person.go(firm)
    await person.page.get_by_role("checkbox", name=re.compile("^Taking tokens away")).uncheck()
    await person.press("Save")
    await expect(person.page.get_by_text("To loosen what a firm wants takes two")).to_be_visible()
    assert await person.page.get_by_role("checkbox", name=re.compile("^Taking tokens away")).is_checked()


async def test_new_connection_of_a_careful_firm_waits_until_somebody_refuses(people: People) -> None:
    person, guest = await people(), await people(sign_up=False)
    firm = await to_firm(person)
    await person.page.get_by_role("checkbox", name=re.compile("^Adding a connection")).check()
    await person.press("Save")
    await walk(guest.page, await make_link(person, firm))
    await expect(guest.page.get_by_role("heading", name="Almost there")).to_be_visible()

    await person.go("/connections")
    await person.follow("Approvals (1 waiting)")
    await person.page.get_by_role("button", name=re.compile("^Refuse")).click()
    await expect(person.page.get_by_role("cell", name="refused")).to_be_visible()

    await person.go(firm)
    await expect(person.page.get_by_role("cell", name="revoked")).to_be_visible()


async def test_connect_pages_take_the_colour_and_return_urls_of_the_organization(
    people: People, database: Database
) -> None:
    person, guest = await people(), await people(sign_up=False)
    await person.go("/connections")
    await person.follow("Connect pages")
    await person.page.get_by_role("radio", name=re.compile("^Your own")).check()
    await person.page.get_by_label("Your colour").fill("#7a1fa2")
    await person.fill("Return URLs", "http://elsewhere.example/x")
    await person.press("Save")
    await expect(person.page.locator(".error")).to_contain_text("https://")
    await checked(person.page, "connect-pages-wrong")
    await person.fill("Return URLs", "https://app.ledgerline.example/connected")
    await person.press("Save")
    await expect(person.page.get_by_text("Saved.")).to_be_visible()
    assert await person.page.get_by_label("Your colour").input_value() == "#7a1fa2"

    await guest.page.goto(await make_link(person, await to_firm(person)))
    button = guest.page.get_by_role("button", name="Sign and continue")
    assert await button.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(122, 31, 162)"
    await look(guest.page, "sign-branded")
    assert await acts(database, person.email) == ["connect_settings.change", "link_sessions.create"]


async def test_consent_is_entered_disclosed_on_revoked_and_packed(
    people: People, site: str, database: Database
) -> None:
    person = await people()
    await person.connect()
    key = await person.make_key("app", "Live")
    async with httpx.AsyncClient(base_url=site, headers={"Authorization": f"Bearer {key}"}) as app:
        assert (await app.get("/v1/clients?limit=2")).status_code == 200
    firm = await to_firm(person)
    await person.follow("Consents")
    await checked(person.page, "consents")
    await person.follow("Enter a signed consent")
    await checked(person.page, "consent-new")
    await person.fill("What for", "Preparing the 2026 returns")
    await person.page.get_by_label("documents", exact=False).check()
    await person.fill("Signed on", "2026-01-05")
    await person.fill("Who signed", "Morgan Vale, partner")
    await person.fill("SHA-256", SHA256)
    await person.press("Enter the consent")
    await expect(person.page.locator(".error")).to_contain_text("hold tax-return information")
    await checked(person.page, "consent-wrong")
    await person.page.get_by_label("The firm holds the written consent").check()
    await person.press("Enter the consent")
    await expect(person.page.get_by_role("heading", name="Preparing the 2026 returns")).to_be_visible()
    await checked(person.page, "consents-two")
    await person.page.get_by_role("button", name="Revoke Preparing the 2026 returns").click()
    await expect(person.page.get_by_role("heading", name="Preparing the 2026 returns")).to_be_hidden()

    await person.go(f"{firm}/disclosures")
    await expect(person.page.get_by_role("cell", name="listClients")).to_be_visible()
    await checked(person.page, "disclosures")
    await person.go(f"{firm}/evidence")
    await checked(person.page, "evidence")
    await person.fill("Ticket", "GRC-7")
    async with person.page.expect_download() as waiting:
        await person.press("Make the pack")
    archive = zipfile.ZipFile(io.BytesIO(await content_of(await waiting.value)))
    assert "Preparing the 2026 returns" in archive.read("consents.json").decode()
    assert "listClients" in archive.read("disclosures.jsonl").decode()
    assert (await acts(database, person.email))[1:] == ["consents.create", "consents.revoke", "evidence.export"]


async def test_pages_of_one_organization_are_missing_for_another(people: People) -> None:
    one, other = await people("Northwind Ledger"), await people("Harbor Books")
    await one.connect()
    firm = await to_firm(one)
    link = await one.page.locator("td a.main").first.get_attribute("href")
    assert link is not None

    paths = [firm, *(f"{firm}/{page}" for page in ("connect", "consents", "consents/new", "disclosures", "evidence"))]
    for path in [*paths, link, f"{link}/disconnect", f"{link}/export"]:
        assert (await one.go(path)).status == 200, path
        assert (await other.go(path)).status == 404, path


async def test_link_is_made_without_a_script_and_by_keyboard(people: People) -> None:
    person = await people(java_script_enabled=False)
    firm = await to_firm(person)
    await person.go(f"{firm}/connect")
    await person.page.get_by_label("What the records are for").focus()
    await person.page.keyboard.type("Matching invoices with payments")
    for _ in range(12):
        await person.page.keyboard.press("Tab")
        if await person.page.locator("button:focus").count():
            break
    await person.page.keyboard.press("Enter")

    await person.sees("The link is ready")


@pytest.mark.parametrize("script", [True, False])
async def test_pages_fit_a_phone_in_the_dark_and_keep_their_own_policy(people: People, script: bool) -> None:
    person = await people(
        viewport={"width": 360, "height": 740}, color_scheme="dark", java_script_enabled=script, bypass_csp=False
    )
    complaints: list[str] = []
    person.page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    await person.connect()
    firm = await to_firm(person)
    link = await person.page.locator("td a.main").first.get_attribute("href")
    paths = ["/connections", "/connections/pages", "/approvals", firm, f"{link}/disconnect", f"{link}/export"]
    paths += [f"{firm}/{page}" for page in ("connect", "consents", "consents/new", "disclosures", "evidence")]

    for path in [*paths, f"{firm}/connect?connection={str(link).rpartition('/')[2]}"]:
        assert (await person.go(path)).status == 200, path
        name = re.sub(r"[a-z]+_[0-9a-z]{26}", "id", path).strip("/").replace("/", "-").replace("?", "-")
        if script:
            await checked(person.page, f"phone-{name}")

    assert complaints == []
