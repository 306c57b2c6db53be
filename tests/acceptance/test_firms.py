"""Firms by the API: added once, listed page by page, and known only to keys that reach them."""

import pytest

from service import ids
from service.accounts.organizations import create_firm
from service.db.pool import Pool
from tests.acceptance.conftest import Api, Customers, Keys, problem_of

pytestmark = pytest.mark.anyio


async def test_added_firm_can_be_read_and_linked_at_once(api: Api) -> None:
    made = await api.post("/v1/firms", {"name": "  Vale & Sons CPAs "})

    firm = made.json()
    assert (made.status_code, made.headers["usage-billable"]) == (201, "?0")
    assert (firm["object"], firm["name"], firm["region"]) == ("firm", "Vale & Sons CPAs", "us")
    assert (await api.get(f"/v1/firms/{firm['id']}")).json() == firm
    session = await api.post("/v1/link-sessions", {"firm": firm["id"], "purpose": "Bookkeeping in our app"})
    assert session.status_code == 201, session.text


async def test_same_request_with_its_key_adds_one_firm(api: Api) -> None:
    answers = [await api.post("/v1/firms", {"name": "Once CPAs"}, Idempotency_Key="f-1") for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    names = [firm["name"] for firm in (await api.get("/v1/firms")).json()["data"]]
    assert names.count("Once CPAs") == 1


async def test_firms_are_listed_oldest_first_page_by_page(api: Api) -> None:
    for number in range(3):
        assert (await api.post("/v1/firms", {"name": f"Firm {number}"})).status_code == 201
    first = (await api.get("/v1/firms?limit=3")).json()
    second = (await api.get(f"/v1/firms?limit=3&cursor={first['next_cursor']}")).json()

    assert [one["name"] for one in (*first["data"], *second["data"])][-3:] == ["Firm 0", "Firm 1", "Firm 2"]
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert first["data"][0]["id"] == ids.encode("firm", api.cast.firm_id)


@pytest.mark.parametrize(
    "body", [{"name": " "}, {"name": ""}, {"name": "x" * 201}, {"name": "a\u0000b"}, {}, {"nam": "A"}]
)
async def test_impossible_firm_is_refused(api: Api, body: dict[str, str]) -> None:
    answer = await api.post("/v1/firms", body)

    assert (answer.status_code, problem_of(answer)) == (422, "validation_failed")
    assert len((await api.get("/v1/firms")).json()["data"]) == 1


async def test_bound_keys_know_of_their_firms_alone_and_add_none(
    api: Api, keys: Keys, customers: Customers, operator_pool: Pool
) -> None:
    other = await customers(organization="Other Apps", firm="Other Firm")
    async with operator_pool.acquire() as connection:
        unlinked = await create_firm(connection, api.cast.org_id, "Unlinked CPAs")
    of_firm = await keys(api, firm_ids=[unlinked.id])
    of_connection = await keys(api, connection_ids=[api.cast.connections["canopy"]])
    own, linked = ids.encode("firm", unlinked.id), ids.encode("firm", api.cast.firm_id)

    assert [one["id"] for one in (await of_firm.get("/v1/firms")).json()["data"]] == [own]
    assert [one["id"] for one in (await of_connection.get("/v1/firms")).json()["data"]] == [linked]
    assert (await of_firm.get(f"/v1/firms/{own}")).status_code == 200
    for key, hidden in ((of_firm, linked), (of_connection, own), (api, ids.encode("firm", other.cast.firm_id))):
        answer = await key.get(f"/v1/firms/{hidden}")
        assert (answer.status_code, problem_of(answer)) == (404, "not_found")
    for key in (of_firm, of_connection):
        answer = await key.post("/v1/firms", {"name": "Beyond CPAs"})
        assert (answer.status_code, problem_of(answer)) == (403, "insufficient_scope")
