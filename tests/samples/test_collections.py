"""The collections under `openapi/`: what the contract makes of them, and run against the API with every vendor."""

from math import ceil
from pathlib import Path

import pytest

from service import ids
from service.accounts.keys import mint_key
from service.accounts.tokens import Mode
from service.cli.facts import CONTRACT
from service.demo.cast import API_VERSION
from tests.acceptance.conftest import peppers_of

from . import newman_run
from .world import World

pytestmark = pytest.mark.anyio

POSTMAN = CONTRACT.parent / "postman.json"


@pytest.fixture(scope="module")
def newman() -> None:
    """Newman, where it can be had. Without it the collections are held to the contract by `test_collection_files`."""
    try:
        newman_run.install()
    except newman_run.RegistryAwayError:
        pytest.skip("npm's registry cannot be reached from here, so Newman cannot be had")


async def narrow_key(world: World) -> str:
    """A key that may read usage and nothing else."""
    async with world.pool.acquire() as connection:
        _, token = await mint_key(
            connection,
            peppers_of(world.settings),
            org_id=world.api.cast.org_id,
            name="narrow",
            mode=Mode.LIVE,
            scopes=("usage:read",),
            api_version=API_VERSION,
        )
    return token


async def values_for(world: World, vendor: str) -> dict[str, str]:
    """What a reader would set."""
    return {
        "BASE_URL": str(world.api.http.base_url),
        "TICKMARK_KEY": world.api.cast.key,
        "NARROW_KEY": await narrow_key(world),
        "CONNECTION_ID": ids.encode("con", world.api.cast.connections[vendor]),
    }


@pytest.mark.parametrize("vendor", ["quickbooks", "taxdome"])
async def test_postman_collection_passes_from_top_to_bottom(
    vendor: str, world: World, newman: None, tmp_path: Path
) -> None:
    getattr(world.vendors, vendor).reset()

    sent = await newman_run.run(POSTMAN, await values_for(world, vendor), tmp_path)

    assert [one for one in sent if one.failed] == []
    statuses = {one.name: one.status for one in sent}
    refusals = {name: status for name, status in statuses.items() if name.startswith(("400", "401", "403", "429"))}
    wrong_key = refusals.pop("401: a key that does not exist")
    assert wrong_key in {401, 429}  # the run before may have spent the address's trials
    assert {name: int(name[:3]) for name in refusals} == refusals
    assert len(refusals) == 5
    if vendor == "quickbooks":
        assert not {409, 422} & set(statuses.values()), "QuickBooks takes every sample"


async def test_page_walk_goes_on_where_a_vendor_broke_it_off(world: World, newman: None, tmp_path: Path) -> None:
    sandbox = world.vendors.quickbooks
    sandbox.reset()
    total = len((await world.api.get("/v1/clients?limit=200", "quickbooks")).json()["data"])
    sandbox.fault("server_error", status=500, after=2, count=4)

    values = await values_for(world, "quickbooks")
    sent = await newman_run.run(POSTMAN, values, tmp_path, "--folder", "what can go wrong")

    assert [one for one in sent if one.failed] == []
    pages = [one.status for one in sent if one.name.startswith("Pages")]
    assert pages.count(200) == ceil(total / 7)
    assert {502, 503} & set(pages)
    assert pages[-1] == 200
