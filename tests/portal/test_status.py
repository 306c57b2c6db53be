"""How vendors answer: the same page and the same answer for everybody, with measured figures or none."""

import re

import asyncpg
import pytest

from service.accounts.organizations import create_firm, create_organization
from service.ids import new_uuid
from service.settings import Settings
from tests.conftest import Database
from tests.portal.conftest import People
from tests.portal.test_pages import overflow_px, violations

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def measured(database: Database, settings: Settings) -> None:
    """Some calls of Canopy, as the worker has summed them; and a change that two connections show."""
    assert settings.database_url == database.owner_url
    owner = await asyncpg.connect(database.owner_url)
    for band, calls, faults in ((30, 900, 0), (50, 100, 25)):
        await owner.execute(
            "INSERT INTO billing.vendor_sums VALUES "
            "('00000000-0000-0000-0000-000000000000', 'canopy', date_bin('5 minutes', now(), 'epoch'), $1, $2, $3)",
            band,
            calls,
            faults,
        )
    await owner.execute(
        "INSERT INTO billing.vendor_hours VALUES ('00000000-0000-0000-0000-000000000000', 'canopy', "
        "date_trunc('hour', now() - interval '3 days'), 100, 41)"
    )
    await owner.execute("UPDATE billing.summed SET vendors_until = now()")
    await _change(owner)
    await owner.close()


async def _change(owner: "asyncpg.Connection[asyncpg.Record]") -> None:
    org = (await create_organization(owner, "Hidden Apps")).id
    firm = (await create_firm(owner, org, "Hidden Firm")).id
    for place, path in enumerate(("$.a", "$.a", "$.b", "$.c")):
        connection = new_uuid()
        await owner.execute(
            "INSERT INTO connections (org_id, id, firm_id, vendor, state, sandbox, created_at, updated_at) "
            "VALUES ($1, $2, $3, 'canopy', 'healthy', $4, now(), now())",
            org,
            connection,
            firm,
            place == 3,
        )
        await owner.execute(
            "INSERT INTO issues (org_id, id, connection_id, vendor, surface, kind, path, expected, opened_at, seen_at) "
            "VALUES ($1, $2, $3, 'canopy', 'clients', 'missing_field', $4, 'text', now(), now())",
            org,
            new_uuid(),
            connection,
            path,
        )


async def test_page_and_api_say_the_same_of_measured_vendors(people: People, measured: None, site: str) -> None:
    stranger = await people(sign_up=False)
    await stranger.go("/sign-in")
    await stranger.page.get_by_role("link", name="Vendor status").click()
    canopy = await stranger.page.get_by_role("row", name=re.compile("^Canopy [0-9]")).inner_text()
    quiet = await stranger.page.get_by_text("Too few calls lately").inner_text()
    incidents = (
        await stranger.page.get_by_role("list", name="Incidents, last 90 days")
        .get_by_role("listitem")
        .all_inner_texts()
    )
    text = await stranger.page.content()

    member = await people()
    await member.connect()
    key = await member.make_key("status")
    answer = await member.page.request.get(
        f"{site}/v1/vendors/canopy/status", headers={"Authorization": f"Bearer {key}"}
    )

    told = await answer.json()
    assert told["hour"] == told["day"]
    assert told["hour"] == {
        "calls_at_least": 1000, "answered_share": 0.975, "faulted_share": 0.025, "p50_ms": 21.0, "p95_ms": 160.0
    }  # fmt: skip
    assert told["open_issues"] == 2
    assert "97.50 %" in canopy
    assert "21 · 160 ms" in canopy
    assert canopy.split()[-1] == "2"
    assert "QuickBooks Online" in quiet
    assert "Canopy," not in quiet
    assert [("41 %" in one, "goes on" in one) for one in incidents] == [(True, False)]
    assert told["incidents"][0]["faulted_share"] == 0.41
    assert [one["answered_share"] for one in told["days"]] == [0.59]
    assert "Hidden" not in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_status_reads_well_on_a_small_phone_without_a_script(people: People, measured: None, scheme: str) -> None:
    stranger = await people(
        sign_up=False, viewport={"width": 360, "height": 740}, color_scheme=scheme, java_script_enabled=False
    )
    await stranger.go("/status")
    await stranger.sees("Vendor status")
    assert await stranger.page.get_by_role("row").count() == 2
    assert "Canopy" in await stranger.page.get_by_role("listitem").filter(has_text="41 %").inner_text()

    reader = await people(sign_up=False, viewport={"width": 360, "height": 740}, color_scheme=scheme)
    await reader.go("/status")

    assert await violations(reader.page) == []
    assert await overflow_px(reader.page) <= 0
