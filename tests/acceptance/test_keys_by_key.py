"""Keys by the API: none is made before somebody said so, none is more than its maker, and each ends with it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service import ids
from service.accounts.granting import set_granting
from service.accounts.leaks import Match, end_leaked_key
from service.accounts.organizations import set_networks
from service.accounts.scopes import SCOPES
from service.accounts.tokens import Mode
from service.audit.acts import OPERATOR
from service.connections.approvals import require, store
from service.connections.approvals.store import Action
from service.connections.errors import ApprovalError
from service.db.pool import Pool, as_organization, open_pool
from service.settings import Settings
from tests.acceptance.conftest import Api, Customers, Keys, peppers_of, problem_of
from tests.acceptance.giving import let_keys_give
from tests.conftest import Database

pytestmark = pytest.mark.anyio

NEW = {"name": "nightly export", "scopes": ["clients:read"]}
MAKER = ("clients:*", "keys:*")


@pytest.fixture
async def maker(api: Api, keys: Keys, operator_pool: Pool) -> Api:
    """A key that may make keys."""
    await let_keys_give(operator_pool, api.cast.org_id)
    return await keys(api, scopes=MAKER)


def with_token(api: Api, made: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {made['token']}"}


async def is_refused_soon(api: Api, made: dict[str, Any]) -> None:
    """Every process remembers a key for less than a second."""
    async with asyncio.timeout(2):
        while True:
            if (await api.http.get("/v1/me", headers=with_token(api, made))).status_code == 401:
                return
            await asyncio.sleep(0.05)


async def test_no_key_makes_keys_before_an_owner_said_so(api: Api, keys: Keys, operator_pool: Pool) -> None:
    one = await keys(api, scopes=MAKER)
    me = (await one.get("/v1/me")).json()["key"]

    for path, body in (("/v1/keys", NEW), (f"/v1/keys/{me}/roll", {})):
        refused = await one.post(path, body)
        assert (refused.status_code, problem_of(refused)) == (403, "not_turned_on")

    owner = await let_keys_give(operator_pool, api.cast.org_id)
    assert (await one.post("/v1/keys", NEW)).status_code == 201
    async with operator_pool.acquire() as connection:
        await set_granting(connection, owner, on=False)
    assert problem_of(await one.post("/v1/keys", NEW)) == "not_turned_on"


async def test_word_of_somebody_who_left_counts_no_more(maker: Api, operator_pool: Pool) -> None:
    await operator_pool.execute("UPDATE members SET removed_at = now() WHERE org_id = $1", maker.cast.org_id)

    assert problem_of(await maker.post("/v1/keys", NEW)) == "not_turned_on"


async def test_no_star_holds_the_scope(api: Api, operator_pool: Pool) -> None:
    await let_keys_give(operator_pool, api.cast.org_id)

    for answer in (await api.post("/v1/keys", NEW), await api.get("/v1/keys")):
        assert (answer.status_code, problem_of(answer)) == (403, "insufficient_scope")


async def test_made_key_works_and_is_shown_once(maker: Api, keys: Keys, api: Api) -> None:
    answer = await maker.post("/v1/keys", {**NEW, "ip_allow": ["127.0.0.0/8"]})

    made = answer.json()
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    me = (await api.http.get("/v1/me", headers=with_token(api, made))).json()
    assert (me["key"], me["scopes"], me["ip_allow"]) == (made["id"], ["clients:read"], ["127.0.0.0/8"])
    shown = await maker.get(f"/v1/keys/{made['id']}")
    assert made["token"] not in shown.text
    assert {**shown.json(), "last_used_at": None, "token": made["token"]} == made
    assert shown.json()["made_by"] == (await maker.get("/v1/me")).json()["key"]


async def test_same_request_makes_one_key_and_shows_its_token_no_second_time(maker: Api, operator_pool: Pool) -> None:
    first, again = [(await maker.post("/v1/keys", NEW, Idempotency_Key="k-1")).json() for _ in range(2)]

    assert first["token"].startswith("tm_live_")
    assert again == {**first, "token": None}
    names = [one["name"] for one in (await maker.get("/v1/keys")).json()["data"]]
    assert names.count(NEW["name"]) == 1


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"scopes": ["invoices:read"]}, "/scopes"),
        ({"scopes": ["*:read"]}, "/scopes"),
        ({"scopes": ["keys:write"]}, "/scopes"),
        ({"firms": None}, "/firms"),
        ({"connections": None}, "/connections"),
        ({"ip_allow": []}, "/ip_allow"),
        ({"ip_allow": ["126.0.0.0/7"]}, "/ip_allow"),
        ({"ip_allow": ["127.0.0.1", "::1"]}, "/ip_allow"),
        ({"expires_at": None}, "/expires_at"),
        ({"expires_at": "2999-01-01T00:00:00Z"}, "/expires_at"),
        ({"mode": "live"}, "/mode"),
        ({"calls_per_minute": None}, "/calls_per_minute"),
        ({"calls_per_minute": 501}, "/calls_per_minute"),
    ],
)
async def test_nothing_is_more_than_its_maker(
    api: Api, keys: Keys, operator_pool: Pool, asked: dict[str, Any], field: str
) -> None:
    await let_keys_give(operator_pool, api.cast.org_id)
    narrow = await keys(
        api,
        scopes=MAKER,
        mode=Mode.TEST,
        firm_ids=[api.cast.firm_id],
        connection_ids=[api.cast.connections["canopy"]],
        ip_allow=["127.0.0.0/8"],
        expires_in=timedelta(hours=1),
        calls_per_minute=500,
    )

    refused = await narrow.post("/v1/keys", {**NEW, **asked})
    plain = await narrow.post("/v1/keys", NEW)

    assert (refused.status_code, problem_of(refused)) == (403, "insufficient_scope")
    assert [error["pointer"] for error in refused.json()["errors"]] == [field]
    made = plain.json()
    assert (made["mode"], made["firms"]) == ("test", [ids.encode("firm", api.cast.firm_id)])
    assert (made["connections"], made["ip_allow"]) == ([api.connection("canopy")], ["127.0.0.0/8"])
    assert made["expires_at"] == (await narrow.get("/v1/me")).json()["expires_at"]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"scopes": ["clientz:read"]}, "/scopes"),
        ({"ip_allow": ["127.0.0.1/8"]}, "/ip_allow"),
        ({"firms": ["firm_nothing"]}, "/firms"),
        ({"firms": [ids.encode("firm", ids.new_uuid())]}, "/firms"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "2999-01-01T00:00:00"}, "/expires_at"),
        ({"name": " "}, "/name"),
    ],
)
async def test_impossible_key_is_refused(maker: Api, asked: dict[str, Any], field: str) -> None:
    refused = await maker.post("/v1/keys", {**NEW, **asked})

    assert (refused.status_code, problem_of(refused)) == (422, "validation_failed")
    assert [error["pointer"] for error in refused.json()["errors"]] == [field]


async def test_rolled_key_may_the_same_and_the_old_one_runs_out(maker: Api, keys: Keys, api: Api) -> None:
    temporary = await keys(maker, scopes=MAKER, expires_in=timedelta(hours=1))
    old = (await temporary.get("/v1/me")).json()

    answer = await temporary.post(f"/v1/keys/{old['key']}/roll", {"overlap_s": 0})

    made = answer.json()
    assert answer.status_code == 201, answer.text
    me = (await api.http.get("/v1/me", headers=with_token(api, made))).json()
    assert {**me, "key": old["key"]} == old  # also its end: rolling makes no key last longer
    ended = (await maker.get(f"/v1/keys/{old['key']}")).json()
    assert (ended["state"], ended["revoked_at"]) == ("expired", None)


async def test_key_of_the_organizations_networks_rolls_itself_and_stays_within_them(
    maker: Api, operator_pool: Pool
) -> None:
    async with operator_pool.acquire() as connection:
        await set_networks(connection, maker.cast.org_id, ["127.0.0.0/8"], actor=OPERATOR)
    me = (await maker.get("/v1/me")).json()

    rolled = await maker.post(f"/v1/keys/{me['key']}/roll", {})
    made = await maker.post("/v1/keys", NEW)
    wider = await maker.post("/v1/keys", {**NEW, "ip_allow": []})

    assert (rolled.status_code, made.status_code) == (201, 201), rolled.text
    assert (made.json()["ip_allow"], rolled.json()["ip_allow"]) == (["127.0.0.0/8"], [])
    assert problem_of(wider) == "insufficient_scope"


async def test_key_rolls_and_revokes_only_what_may_no_more_than_itself(api: Api, maker: Api, keys: Keys) -> None:
    stronger = (await api.get("/v1/me")).json()["key"]

    for act in ("roll", "revoke"):
        refused = await maker.post(f"/v1/keys/{stronger}/{act}", {})
        assert (refused.status_code, problem_of(refused)) == (403, "insufficient_scope")
    assert (await api.get("/v1/me")).status_code == 200


async def test_revoked_key_takes_with_it_what_it_made(maker: Api, api: Api, keys: Keys) -> None:
    me = (await maker.get("/v1/me")).json()["key"]
    made = (await maker.post("/v1/keys", NEW)).json()
    rolled = (await maker.post(f"/v1/keys/{me}/roll", {})).json()
    grandchild = (await api.http.post("/v1/keys", json={**NEW, "name": "late"}, headers=with_token(api, rolled))).json()
    bystander = await keys(api, scopes=("clients:read",))

    revoked = await maker.post(f"/v1/keys/{me}/revoke", None)

    assert (revoked.status_code, revoked.json()["state"]) == (200, "revoked")
    for token in (made, rolled, grandchild):
        await is_refused_soon(api, token)
    assert (await bystander.get("/v1/me")).status_code == 200


async def test_key_that_was_just_revoked_makes_no_other(maker: Api, operator_pool: Pool) -> None:
    await maker.get("/v1/me")
    await operator_pool.execute(
        "UPDATE api_keys SET revoked_at = now() WHERE org_id = $1 AND 'keys:write' = ANY (scopes)", maker.cast.org_id
    )

    refused = await maker.post("/v1/keys", NEW)  # this process has not heard of it yet

    assert refused.status_code in {401, 403}


async def test_leaked_key_takes_with_it_what_it_made(
    maker: Api, database: Database, settings: Settings, api: Api
) -> None:
    made = (await maker.post("/v1/keys", NEW)).json()
    pool = await open_pool(database.owner_url, "tickmark_app", max_size=1)
    await end_leaked_key(pool, peppers_of(settings), Match(maker.cast.key, url="https://code.example/a.env"))
    await pool.close()

    await is_refused_soon(api, made)


async def test_leaks_are_listed(api: Api, keys: Keys, database: Database, settings: Settings) -> None:
    reader = await keys(api, scopes=("keys:read",))
    found = [await keys(api, scopes=("clients:read",)) for _ in range(3)]
    pool = await open_pool(database.owner_url, "tickmark_app", max_size=1)
    for number, one in enumerate(found):
        match = Match(one.cast.key, url=f"https://code.example/{number}.env", source="content")
        await end_leaked_key(pool, peppers_of(settings), match)
    await pool.close()

    first = (await reader.get("/v1/key-leaks?limit=2")).json()
    second = (await reader.get(f"/v1/key-leaks?limit=2&cursor={first['next_cursor']}")).json()
    of_one = (await reader.get(f"/v1/key-leaks?filter[key]={first['data'][0]['key']}")).json()

    urls = [one["found_at_url"] for one in (*first["data"], *second["data"])]
    assert urls == [f"https://code.example/{number}.env" for number in (2, 1, 0)]
    assert of_one["data"] == first["data"][:1]
    assert {one["source"] for one in first["data"]} == {"content"}


async def test_keys_are_listed_page_by_page_and_bound_ones_know_of_few(api: Api, keys: Keys) -> None:
    reader = await keys(api, scopes=("keys:read",))
    canopy = [api.cast.connections["canopy"]]
    bound = await keys(api, scopes=("keys:read",), connection_ids=canopy)

    seen: list[str] = []
    path = "/v1/keys?limit=2"
    while path:
        page = (await reader.get(path)).json()
        seen += [one["id"] for one in page["data"]]
        path = f"/v1/keys?limit=2&cursor={page['next_cursor']}" if page["has_more"] else ""

    own = (await bound.get("/v1/me")).json()["key"]
    assert len(seen) == 3
    assert seen == sorted(seen)
    assert [one["id"] for one in (await bound.get("/v1/keys")).json()["data"]] == [own]
    assert (await bound.get(f"/v1/keys/{seen[0]}")).status_code == 404
    assert (await bound.get(f"/v1/keys/{own}")).status_code == 200


async def test_keys_of_others_are_missing(maker: Api, customers: Customers) -> None:
    other = await customers(organization="Other Apps", scopes=SCOPES)
    theirs = (await other.get("/v1/me")).json()["key"]

    assert (await maker.get(f"/v1/keys/{theirs}")).status_code == 404
    for path in (f"/v1/keys/{theirs}/roll", f"/v1/keys/{theirs}/revoke"):
        answer = await maker.post(path, {})
        assert (answer.status_code, problem_of(answer)) == (404, "not_found")
    assert (await other.get("/v1/me")).status_code == 200


async def test_what_keys_give_stands_in_the_audit_log(maker: Api, api: Api) -> None:
    made = (await maker.post("/v1/keys", NEW)).json()["id"]
    me = (await maker.get("/v1/me")).json()["key"]

    acts = (await api.get("/v1/audit?filter[kind]=act")).json()["data"]

    minted = next(one for one in acts if one["what"] == "keys.mint" and made in one["about"])
    assert minted["actor"] == me
    assert "clients:read" in minted["about"]


async def test_two_keys_of_one_line_are_no_two_persons(maker: Api, operator_pool: Pool) -> None:
    org_id, at = maker.cast.org_id, datetime.now(UTC)
    first = ids.decode("key", (await maker.get("/v1/me")).json()["key"])
    second = ids.decode("key", (await maker.post("/v1/keys", NEW)).json()["id"])
    async with as_organization(operator_pool, org_id) as connection:
        await store.upsert_policy(connection, org_id, maker.cast.firm_id, frozenset({Action.EXPORT}), at)
        asked = await require.ask(
            connection,
            org_id,
            firm_id=maker.cast.firm_id,
            connection_id=None,
            action=Action.EXPORT,
            detail="an export",
            what=b"e" * 32,
            by="ada@ledgerline.example",
            key_id=first,
            at=at,
        )
        assert asked is not None
        with pytest.raises(ApprovalError):
            await require.decide(connection, org_id, asked.id, "approved", "ash@ledgerline.example", second, at)


async def test_key_slows_itself_and_others_down_and_none_up_without_leave(
    api: Api, keys: Keys, operator_pool: Pool
) -> None:
    maker, other = await keys(api, scopes=MAKER), await keys(api, scopes=("clients:read",))
    own, theirs = [(await one.get("/v1/me")).json()["key"] for one in (maker, other)]

    slowed = await maker.patch(f"/v1/keys/{theirs}", {"calls_per_minute": 60})
    faster = await maker.patch(f"/v1/keys/{theirs}", {"calls_per_minute": 61})
    await let_keys_give(operator_pool, api.cast.org_id)
    allowed = await maker.patch(f"/v1/keys/{theirs}", {"calls_per_minute": 61})
    itself = await maker.patch(f"/v1/keys/{own}", {"calls_per_minute": 1000})

    assert (slowed.status_code, slowed.json()["calls_per_minute"]) == (200, 60)
    assert (faster.status_code, problem_of(faster)) == (403, "not_turned_on")
    assert (allowed.json()["calls_per_minute"], itself.json()["calls_per_minute"]) == (61, 1000)
    async with asyncio.timeout(2):
        while "q=1000" not in (answer := await maker.get(f"/v1/keys/{own}")).headers["ratelimit-policy"]:
            assert answer.status_code == 200
            await asyncio.sleep(0.05)
    back = await maker.patch(f"/v1/keys/{own}", {"calls_per_minute": None})
    assert (back.status_code, back.json()["errors"][0]["pointer"]) == (403, "/calls_per_minute")
    impossible = await maker.patch(f"/v1/keys/{own}", {"calls_per_minute": 0})
    assert impossible.status_code == 422


async def test_test_key_slows_no_live_key_down(api: Api, keys: Keys) -> None:
    tester, live = await keys(api, scopes=MAKER, mode=Mode.TEST), await keys(api, scopes=("clients:read",))
    theirs = (await live.get("/v1/me")).json()["key"]

    refused = await tester.patch(f"/v1/keys/{theirs}", {"calls_per_minute": 60})

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (403, "/mode")
