"""A firm connects again with what opens another firm's records, at vendors that do not say whose they are."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from service import ids
from service.db.pool import Pool
from service.sandbox import serve
from service.sandbox.serve import SandboxServer

from .hosted import Browser, Connecting, Page
from .hosted_fixtures import connecting, database, operator_pool, port, served, settings, vendors

__all__ = ["connecting", "database", "operator_pool", "port", "served", "settings", "vendors"]
pytestmark = pytest.mark.anyio

UNNAMED = ("karbon", "financial_cents", "ignition")


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[dict[str, SandboxServer]]:
    """The same vendors, whose keys and consents here are of another firm."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(serve.running(name, clients=40, seed=11)) for name in UNNAMED}


async def give(vendor: SandboxServer, browser: Browser, page: Page) -> Page:
    """Lets us in, as the page asks for it."""
    if vendor.vendor == "ignition":
        return await browser.submit(page, "go")
    key, _, access_key = vendor.grant().access_token.partition("\n")
    return await browser.submit(page, "key", {"key": key, "access_key": access_key} if access_key else {"key": key})


async def connect(connecting: Connecting, vendor: SandboxServer, connection: str | None = None) -> tuple[str, Page]:
    browser = Browser()
    made, page = await connecting.signed(vendor.vendor, browser, connection=connection)
    page = await give(vendor, browser, page)
    return str((await connecting.status(made))["connection"]), page


async def move(operator_pool: Pool, connection: str, url: str | None) -> None:
    """From now on the connection is let in at another address, as if what is given there opened another firm's."""
    await operator_pool.execute(
        "UPDATE connections SET base_url = $2 WHERE id = $1", ids.decode("con", connection), url
    )


async def timeline(connecting: Connecting, connection: str) -> list[str]:
    return [line["detail"] or "" for line in (await connecting.health(connection))["timeline"]]


@pytest.mark.parametrize("name", UNNAMED)
async def test_keys_of_another_firm_are_refused_and_those_of_the_same_one_go_on(
    connecting: Connecting, operator_pool: Pool, elsewhere: dict[str, SandboxServer], name: str
) -> None:
    here: SandboxServer = getattr(connecting.vendors, name)
    connection, _ = await connect(connecting, here)
    await move(operator_pool, connection, elsewhere[name].url)
    browser = Browser()
    made, page = await connecting.signed(name, browser, connection=connection)

    refused = await give(elsewhere[name], browser, page)
    before = (await connecting.api.get(f"/v1/connections/{connection}")).json()
    await move(operator_pool, connection, here.url)
    done = await give(here, browser, refused)

    assert "leads to other accounts than the connection had" in refused.text
    assert "Connected" in done.text
    after = (await connecting.api.get(f"/v1/connections/{connection}")).json()
    assert after["accounts"] == before["accounts"]
    assert "by Morgan Vale" in await timeline(connecting, connection)
    acts = (await connecting.api.get(f"/v1/audit?filter[actor]={made['id']}")).json()["data"]
    outcomes = [act["outcome"] for act in reversed(acts) if act["what"] == "connections.connect_again"]
    assert outcomes == ["not_the_same", "done"]


@pytest.mark.parametrize("name", UNNAMED)
async def test_connection_with_nothing_to_compare_goes_on_and_says_so(
    connecting: Connecting, operator_pool: Pool, name: str
) -> None:
    vendor: SandboxServer = getattr(connecting.vendors, name)
    connection, _ = await connect(connecting, vendor)
    await operator_pool.execute(
        "UPDATE connection_accounts SET marks = '{}', remote_id = $2 WHERE connection_id = $1",
        ids.decode("con", connection),
        {"karbon": "tenant", "financial_cents": "firm", "ignition": "practice"}[name],
    )

    await connect(connecting, vendor, connection)
    await connect(connecting, vendor, connection)

    told = [line for line in await timeline(connecting, connection) if line.startswith("by Morgan Vale")]
    assert told == [
        "by Morgan Vale",
        "by Morgan Vale; there was nothing to tell by whether it is the same account",
    ]
    assert len((await connecting.api.get(f"/v1/connections/{connection}")).json()["accounts"]) == 1


async def test_what_an_account_is_told_by_says_nothing_and_is_forgotten_with_the_connection(
    connecting: Connecting, operator_pool: Pool
) -> None:
    first, _ = await connect(connecting, connecting.vendors.karbon)
    second, _ = await connect(connecting, connecting.vendors.karbon)

    marks = [
        await operator_pool.fetchval(
            "SELECT marks FROM connection_accounts WHERE connection_id = $1", ids.decode("con", one)
        )
        for one in (first, second)
    ]
    await connecting.api.http.request("DELETE", f"/v1/connections/{first}", headers=connecting.api.headers())
    left = await operator_pool.fetchval(
        "SELECT marks FROM connection_accounts WHERE connection_id = $1", ids.decode("con", first)
    )

    assert {len(mark) for some in marks for mark in some} == {16}
    assert len(marks[0]) > 10
    assert not set(marks[0]) & set(marks[1]), "two connections to one tenant share nothing that can be seen"
    assert left == []
