"""Reading through the whole product."""

import pytest

from tests.acceptance.conftest import Api

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("vendor", ["quickbooks", "canopy"])
async def test_clients_are_listed_to_the_last_page(api: Api, vendor: str) -> None:
    seen: list[str] = []
    path = "/v1/clients?limit=150"
    while True:
        answer = await api.get(path, vendor)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        seen += [record["id"] for record in page["data"]]
        if not page["has_more"]:
            break
        path = f"/v1/clients?limit=150&cursor={page['next_cursor']}"

    assert len(seen) == len(set(seen)) >= 200
    assert answer.headers["usage-billable"] == "?1"
