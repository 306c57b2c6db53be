"""A connection is ended while its access is being renewed: what the renewal brings is ended with it."""

import asyncio

import pytest

from .hosted import Connecting
from .hosted_fixtures import connecting, database, operator_pool, port, served, settings, vendors

__all__ = ["connecting", "database", "operator_pool", "port", "served", "settings", "vendors"]
pytestmark = pytest.mark.anyio


async def test_end_waits_for_a_renewal_under_way_and_revokes_what_it_brought(connecting: Connecting) -> None:
    vendor = connecting.vendors.quickbooks
    before = vendor.stats()["consents_alive"]
    connection = await connecting.connected("quickbooks")
    vendor.fault("expire_token")
    vendor.fault("slow_drip", path="*/tokens/bearer", method="POST", seconds=2)

    reading = asyncio.create_task(connecting.api.get("/v1/clients?limit=1", Connection_Id=connection))
    async with asyncio.timeout(20):
        while vendor.stats()["token_refreshes"] == 0:  # noqa: ASYNC110 (another process counts)
            await asyncio.sleep(0.02)
    ended = await connecting.api.http.request(
        "DELETE", f"/v1/connections/{connection}", headers=connecting.api.headers()
    )
    await reading

    found = ended.json()
    assert ended.status_code == 200, ended.text
    assert (found["vendor"], found["access_refused"], found["secrets_left"]) == ("revoked", True, 0)
    assert vendor.stats()["consents_alive"] == before, "the vendor still lets somebody in"
    assert (await connecting.health(connection))["state"] == "disconnected"


async def test_call_that_finds_its_token_refused_while_the_connection_ends_does_not_bring_it_back(
    connecting: Connecting,
) -> None:
    vendor = connecting.vendors.quickbooks
    connection = await connecting.connected("quickbooks")
    before = vendor.stats()["consents_alive"]
    vendor.fault("slow_drip", path="*/revoke", method="POST", seconds=2)

    ending = asyncio.create_task(
        connecting.api.http.request("DELETE", f"/v1/connections/{connection}", headers=connecting.api.headers())
    )
    async with asyncio.timeout(20):
        while vendor.stats()["consents_alive"] == before:  # noqa: ASYNC110 (another process counts)
            await asyncio.sleep(0.02)
    read = await connecting.api.get("/v1/clients?limit=1", Connection_Id=connection)
    ended = await ending

    assert ended.status_code == 200, ended.text
    assert read.status_code in (404, 424), read.text
    assert vendor.stats()["token_refreshes"] == 0
    assert (await connecting.health(connection))["state"] == "disconnected"
