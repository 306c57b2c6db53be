"""Webhooks as a customer sees them: endpoints made over the API, events that arrive, attempts to look at and replay."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from service import ids
from service.accounts.tokens import Mode
from service.db.pool import Pool
from service.events.delivery import Deliverer, Disabled
from service.events.sending import Sender
from service.settings import Settings
from tests.acceptance.conftest import Api, Customers, Keys, client_of, problem_of, vault_of
from tests.events.receiver import Receiver, receiving

pytestmark = pytest.mark.anyio

URL = "https://hooks.ledgerline.example/tickmark"


@pytest.fixture(scope="module")
async def http(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(replace(settings, webhooks_to_loopback=True)) as client:
        yield client


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as found:
        yield found


@pytest.fixture
async def worker(operator_pool: Pool, settings: Settings) -> AsyncIterator[Deliverer]:
    async def tell(_disabled: Disabled) -> None: ...

    async with Sender(loopback=True) as sender:
        yield Deliverer(operator_pool, vault_of(settings), sender, tell)


@pytest.fixture
async def test_api(api: Api, keys: Keys) -> Api:
    """The same customer with a test key."""
    return await keys(api, mode=Mode.TEST)


async def made_of(api: Api, **body: Any) -> dict[str, Any]:
    answer = await api.post("/v1/webhook-endpoints", {"url": URL} | body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_pause_of_a_connection_arrives_and_can_be_asked_for(
    test_api: Api, receiver: Receiver, worker: Deliverer
) -> None:
    made = await made_of(test_api, url=receiver.url, event_types=["connection.state"])
    paused = await test_api.post(f"/v1/connections/{test_api.connection('quickbooks')}/pause", {})

    await worker.deliver_due()
    event = (await test_api.get(f"/v1/events/{receiver.taken[0].id}")).json()
    sent = (await test_api.get(f"/v1/webhook-endpoints/{made['id']}/deliveries")).json()["data"]
    one = (await test_api.get(f"/v1/webhook-deliveries/{sent[0]['id']}")).json()

    assert paused.status_code == 200
    receiver.taken[0].verify(made["secret"])
    assert event["data"] == receiver.taken[0].event["data"]
    assert event["data"]["state"] == "paused"
    assert event["at"] == receiver.taken[0].event["timestamp"]
    assert (sent[0]["event"], sent[0]["status"], sent[0]["last_status"]) == (event["id"], "delivered", 204)
    assert [(a["number"], a["outcome"], a["status"]) for a in one["attempts"]] == [(1, "delivered", 204)]


async def test_ping_and_replay_send_the_same_id_again(test_api: Api, receiver: Receiver, worker: Deliverer) -> None:
    made = await made_of(test_api, url=receiver.url)
    pinged = await test_api.post(f"/v1/webhook-endpoints/{made['id']}/ping", {})
    await worker.deliver_due()
    replayed = await test_api.post(f"/v1/webhook-deliveries/{pinged.json()['id']}/replay", {})
    await worker.deliver_due()

    assert (pinged.status_code, replayed.status_code) == (201, 200)
    assert replayed.json()["status"] == "waiting"
    assert [taken.id for taken in receiver.taken] == [pinged.json()["event"]] * 2


async def test_what_was_missed_is_replayed(test_api: Api, receiver: Receiver, worker: Deliverer) -> None:
    made = await made_of(test_api, url=receiver.url, event_types=["connection.state"])
    path = f"/v1/webhook-endpoints/{made['id']}"
    off = await test_api.patch(path, {"enabled": False})
    await test_api.post(f"/v1/connections/{test_api.connection('quickbooks')}/pause", {})
    await test_api.patch(path, {"enabled": True})
    missed = await worker.deliver_due()

    done = await test_api.post(f"{path}/replay", {"since": made["created_at"]})

    assert (off.json()["status"], off.json()["disabled_because"]) == ("disabled", "asked")
    assert (missed, done.json()["deliveries"], done.json()["has_more"]) == (0, 1, False)
    assert await worker.deliver_due() == 1


async def test_secret_is_shown_when_made_and_rolled_only(api: Api) -> None:
    made = await made_of(api, description="keeps our copy in step")
    path = f"/v1/webhook-endpoints/{made['id']}"

    rolled = (await api.post(f"{path}/roll-secret", {})).json()
    seen = await api.get(path)
    listed = await api.get("/v1/webhook-endpoints")

    assert made["secret"].startswith("whsec_")
    assert rolled["secret"].startswith("whsec_")
    assert rolled["secret"] != made["secret"]
    assert "secret" not in seen.json()
    assert "whsec_" not in listed.text
    assert seen.json() | {"secret": made["secret"]} == made


async def test_endpoint_is_made_once_for_one_idempotency_key(api: Api) -> None:
    headers = {"Idempotency_Key": "one-endpoint"}

    first = await api.post("/v1/webhook-endpoints", {"url": URL}, **headers)
    again = await api.post("/v1/webhook-endpoints", {"url": URL}, **headers)

    assert first.json()["secret"].startswith("whsec_")
    assert again.json() == first.json() | {"secret": None}
    assert again.headers["idempotency-replayed"] == "true"
    assert len((await api.get("/v1/webhook-endpoints")).json()["data"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "http://hooks.example/"}, "url"),
        ({"url": "https://169.254.169.254/latest/meta-data"}, "url"),
        ({"url": "http://127.0.0.1:8000/"}, "url"),
        ({"url": URL, "event_types": ["client.changed"]}, "event_types"),
        ({"url": URL, "event_types": []}, "event_types"),
        ({"url": URL, "secret": "whsec_mine"}, "secret"),
        ({"description": "no url"}, "url"),
    ],
)
async def test_endpoint_that_cannot_be_is_a_problem_that_points_at_why(
    api: Api, body: dict[str, Any], field: str
) -> None:
    answer = await api.post("/v1/webhook-endpoints", body)

    assert (answer.status_code, problem_of(answer)) == (422, "validation_failed")
    assert field in answer.text


async def test_there_are_so_many_endpoints_and_no_more(api: Api) -> None:
    for _ in range(20):
        await made_of(api)

    answer = await api.post("/v1/webhook-endpoints", {"url": URL})

    assert (answer.status_code, problem_of(answer)) == (409, "too_many_endpoints")


async def test_deleted_endpoint_is_gone_with_its_deliveries(api: Api) -> None:
    made = await made_of(api)
    pinged = (await api.post(f"/v1/webhook-endpoints/{made['id']}/ping", {})).json()

    gone = await api.http.delete(f"/v1/webhook-endpoints/{made['id']}", headers=api.headers())

    assert (gone.status_code, gone.content) == (204, b"")
    for path in (f"/v1/webhook-endpoints/{made['id']}", f"/v1/webhook-deliveries/{pinged['id']}"):
        assert problem_of(await api.get(path)) == "not_found"


async def test_test_key_and_live_key_do_not_see_each_others_endpoints(api: Api, test_api: Api) -> None:
    live = await made_of(api)
    test = await made_of(test_api)

    assert problem_of(await test_api.get(f"/v1/webhook-endpoints/{live['id']}")) == "not_found"
    assert problem_of(await api.get(f"/v1/webhook-endpoints/{test['id']}")) == "not_found"
    assert [one["id"] for one in (await api.get("/v1/webhook-endpoints")).json()["data"]] == [live["id"]]


async def test_endpoints_of_others_look_like_missing_ones(api: Api, customers: Customers) -> None:
    other = await customers(organization="Other Apps")
    theirs = await made_of(other)
    pinged = (await other.post(f"/v1/webhook-endpoints/{theirs['id']}/ping", {})).json()

    paths = (
        f"/v1/webhook-endpoints/{theirs['id']}",
        f"/v1/webhook-endpoints/{theirs['id']}/deliveries",
        f"/v1/webhook-deliveries/{pinged['id']}",
        f"/v1/events/{pinged['event']}",
    )

    for path in paths:
        missing = path.replace(path.split("/")[3], ids.encode(path.split("/")[3][:3], ids.new_uuid()))
        foreign, unknown = await api.get(path), await api.get(missing)
        assert (foreign.status_code, unknown.status_code) == (404, 404)
        assert foreign.json()["detail"] == unknown.json()["detail"]
    for path in ("ping", "replay", "roll-secret"):
        refused = await api.post(
            f"/v1/webhook-endpoints/{theirs['id']}/{path}",
            {"since": "2026-11-20T00:00:00Z"} if path == "replay" else {},
        )
        assert refused.status_code == 404
    assert (await other.get(f"/v1/webhook-endpoints/{theirs['id']}")).status_code == 200


async def test_bound_key_has_no_endpoints(api: Api, keys: Keys) -> None:
    made = await made_of(api)
    bound = await keys(api, connection_ids=[api.cast.connections["canopy"]])

    assert (await bound.post("/v1/webhook-endpoints", {"url": URL})).status_code == 403
    assert (await bound.get("/v1/webhook-endpoints")).status_code == 404
    assert (await bound.get(f"/v1/webhook-endpoints/{made['id']}")).status_code == 404


async def test_key_without_the_scope_is_told_which(api: Api, keys: Keys) -> None:
    reader = await keys(api, scopes=("webhooks:read",))

    answer = await reader.post("/v1/webhook-endpoints", {"url": URL})

    assert problem_of(answer) == "insufficient_scope"
    assert "webhooks:write" in answer.json()["detail"]
    assert (await reader.get("/v1/webhook-endpoints")).status_code == 200


async def test_events_are_listed_page_by_page_without_gap_or_repeat(api: Api) -> None:
    connection = api.connection("quickbooks")
    for way in ("pause", "resume", "pause", "resume"):
        await api.post(f"/v1/connections/{connection}/{way}", {})
    whole = (await api.get("/v1/events")).json()["data"]
    found: list[dict[str, Any]] = []
    path = "/v1/events?limit=2"

    while path:
        page = (await api.get(path)).json()
        found += page["data"]
        path = f"/v1/events?limit=2&cursor={page['next_cursor']}" if page["has_more"] else ""

    assert found == whole
    assert len({one["id"] for one in found}) == len(found) >= 6
    assert [one["at"] for one in found] == sorted((one["at"] for one in found), reverse=True)


async def test_events_are_asked_for_by_type_and_time(api: Api) -> None:
    connection = api.connection("quickbooks")
    for way in ("pause", "resume"):
        await api.post(f"/v1/connections/{connection}/{way}", {})
    newest, older = (await api.get("/v1/events?filter[type]=connection.state&limit=2")).json()["data"]

    since = (await api.get(f"/v1/events?since={newest['at']}&filter[type]=connection.state")).json()["data"]
    until = (await api.get(f"/v1/events?until={newest['at']}&filter[type]=connection.state&limit=1")).json()["data"]
    others = (await api.get("/v1/events?filter[type]=invoice.paid")).json()["data"]

    assert (since, until, others) == ([newest], [older], [])
    assert problem_of(await api.get("/v1/events?filter[type]=client.changed")) == "invalid_parameter"


async def test_what_is_managed_is_in_the_audit_log_and_free(api: Api) -> None:
    answer = await api.post("/v1/webhook-endpoints", {"url": URL})
    entries = (await api.get("/v1/audit?limit=5")).json()["data"]

    assert (answer.headers["usage-billable"], answer.headers["usage-units"]) == ("?0", "0")
    assert any("createWebhookEndpoint" in str(entry) for entry in entries)
    assert "whsec_" not in str(entries)
