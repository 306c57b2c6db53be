"""A connection that waits for a second person, or was refused by one, is not let in by being connected again."""

import pytest

from service import ids
from service.db.pool import Pool
from service.settings import Settings
from tests.acceptance.conftest import Api, keys_of, problem_of

from .hosted import Browser, Connecting
from .hosted_fixtures import connecting, database, operator_pool, port, served, settings, vendors

__all__ = ["connecting", "database", "operator_pool", "port", "served", "settings", "vendors"]
pytestmark = pytest.mark.anyio
ADA, LEE = "ada@ledgerline.example", "lee@birchvale.example"


async def want_two(connecting: Connecting, *what: str) -> None:
    firm = ids.encode("firm", connecting.api.cast.firm_id)
    wanted = {"dual_control": list(what), "requested_by": ADA}
    answer = await connecting.api.patch(f"/v1/firms/{firm}/policy", wanted)
    assert answer.status_code == 200, answer.text


async def again(connecting: Connecting, connection: str, **more: object) -> str:
    """Connected again; how it stands."""
    browser = Browser()
    _, page = await connecting.signed("quickbooks", browser, connection=connection, **more)
    await browser.submit(page, "go")
    return str((await connecting.health(connection))["state"])


async def decide(second: Api, decision: str) -> None:
    waiting = (await second.get("/v1/approvals?filter[waiting]=true")).json()["data"]
    for one in waiting:
        answer = await second.post(f"/v1/approvals/{one['id']}/decision", {"decision": decision, "decided_by": LEE})
        assert answer.status_code == 200, answer.text


@pytest.fixture
async def second(connecting: Connecting, settings: Settings, operator_pool: Pool) -> Api:
    return await keys_of(settings, operator_pool)(connecting.api)


async def test_waiting_connection_waits_on(connecting: Connecting, second: Api) -> None:
    await want_two(connecting, "connect")
    connection = await connecting.connected("quickbooks")

    assert (await connecting.health(connection))["state"] == "pending"
    assert await again(connecting, connection) == "pending"
    assert (await connecting.api.get("/v1/clients?limit=1", Connection_Id=connection)).status_code == 424
    await decide(second, "approved")
    assert (await connecting.health(connection))["state"] == "healthy"


async def test_refused_connection_needs_the_second_person_again(connecting: Connecting, second: Api) -> None:
    await want_two(connecting, "connect")
    connection = await connecting.connected("quickbooks")
    await decide(second, "refused")

    assert (await connecting.health(connection))["state"] == "revoked"
    assert await again(connecting, connection) == "pending"
    await decide(second, "approved")
    assert (await connecting.health(connection))["state"] == "healthy"


async def test_wider_consent_that_waits_is_not_passed_by_a_second_try(connecting: Connecting, second: Api) -> None:
    browser = Browser()
    made, page = await connecting.signed("quickbooks", browser, items=["clients"])
    await browser.submit(page, "go")
    connection = str((await connecting.status(made))["connection"])
    await want_two(connecting, "consent")

    assert await again(connecting, connection, items=["clients", "invoices"]) == "pending"
    assert await again(connecting, connection, items=["clients", "invoices"]) == "pending"
    await decide(second, "approved")
    assert (await connecting.health(connection))["state"] == "healthy"


async def test_pause_of_the_organization_outlasts_a_new_login(connecting: Connecting) -> None:
    connection = await connecting.connected("quickbooks")
    await connecting.api.post(f"/v1/connections/{connection}/pause", {})

    assert await again(connecting, connection) == "paused"
    resumed = await connecting.api.post(f"/v1/connections/{connection}/resume", {})
    assert resumed.json()["state"] == "healthy"


async def test_wider_consent_that_was_refused_is_not_left_in_force(connecting: Connecting, second: Api) -> None:
    browser = Browser()
    made, page = await connecting.signed("quickbooks", browser, items=["clients"])
    await browser.submit(page, "go")
    connection = str((await connecting.status(made))["connection"])
    await want_two(connecting, "consent")
    await again(connecting, connection, items=["clients", "invoices"])
    await decide(second, "refused")

    await again(connecting, connection, items=["clients"])
    await decide(second, "approved")

    clients = await connecting.api.get("/v1/clients?limit=1", Connection_Id=connection)
    invoices = await connecting.api.get("/v1/invoices?limit=1", Connection_Id=connection)
    assert clients.status_code == 200, clients.text
    assert (invoices.status_code, problem_of(invoices)) == (403, "consent_missing")
