"""Events reach endpoints: signed, at least once, tried again, one endpoint apart from the other."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from aiohttp import web
from standardwebhooks import WebhookVerificationError

from service import ids
from service.accounts.tokens import Mode
from service.connections.store import State, mark_connection_state
from service.db.pool import as_organization
from service.events import endpoints, replay, store
from service.events.feed import list_happenings
from service.events.jobs import KEPT_FOR, forget_old_deliveries
from service.events.schedule import ATTEMPTS, DELAYS, next_attempt
from service.events.secrets import roll_secret
from service.events.sending import Sender
from service.events.settle import FAILING_FOR
from tests.events.conftest import API_VERSION, Make, Stage, con
from tests.events.receiver import Receiver, Taken, receiving

pytestmark = pytest.mark.anyio

_DAY = datetime(2026, 11, 20, tzinfo=UTC)


async def test_event_arrives_signed_as_standard_webhooks_says(
    stage: Stage, receiver: Receiver, sender: Sender, make: Make
) -> None:
    _, secret = await make()
    await stage.happens()

    assert await stage.worker(sender).deliver_due() == 1

    receiver.taken[0].verify(secret)
    assert receiver.taken[0].headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        receiver.taken[0].verify("whsec_" + "A" * 43 + "=")
    with pytest.raises(WebhookVerificationError):
        Taken(receiver.taken[0].headers, receiver.taken[0].body + b" ", "/").verify(secret)


async def test_body_is_the_event_of_the_list_without_words(
    stage: Stage, receiver: Receiver, sender: Sender, make: Make
) -> None:
    await make()
    await stage.happens()
    await stage.worker(sender).deliver_due()
    async with as_organization(stage.app_pool, stage.org) as connection:
        listed = (await list_happenings(connection, stage.org, before=stage.at + timedelta(days=1), limit=1))[0]

    taken = receiver.taken[0]

    assert "Morgan Vale" in listed.says
    assert b"Morgan" not in taken.body
    assert b"Birch" not in taken.body
    assert taken.id == listed.id == taken.event["id"]
    assert taken.event["type"] == listed.type == "connection.state"
    assert taken.event["about"] == listed.about == con(stage)
    assert taken.event["api_version"] == API_VERSION.isoformat()
    assert taken.event["mode"] == "test"
    assert set(taken.event) == {"object", "id", "type", "timestamp", "mode", "api_version", "about", "data"}
    assert set(taken.event["data"]) == {"connection", "firm", "vendor", "state"}
    assert taken.event["data"]["state"] == "degraded"


async def test_what_is_rolled_back_is_not_told(stage: Stage, make: Make) -> None:
    await make()

    async with stage.operator_pool.acquire() as connection:
        undone = connection.transaction()
        await undone.start()
        await mark_connection_state(connection, stage.org, stage.connection, State.PAUSED, "no", stage.at)
        await undone.rollback()

    assert await stage.rows("SELECT FROM webhook_deliveries") == []
    assert len(await stage.rows("SELECT FROM events")) == 1  # that it was connected


async def test_failed_event_is_tried_again_under_the_same_id(
    stage: Stage, receiver: Receiver, sender: Sender, make: Make
) -> None:
    await make()
    await stage.happens()
    receiver.status = 503
    worker = stage.worker(sender)

    await worker.deliver_due()
    at_once = await worker.deliver_due()
    stage.later(seconds=10)
    receiver.status = 200
    await worker.deliver_due()
    after = await worker.deliver_due()

    assert (at_once, after) == (0, 0)
    assert [taken.id for taken in receiver.taken] == [receiver.taken[0].id] * 2
    assert receiver.taken[0].body == receiver.taken[1].body
    assert receiver.taken[0].headers["webhook-timestamp"] != receiver.taken[1].headers["webhook-timestamp"]
    rows = await stage.rows("SELECT number, outcome, status FROM webhook_attempts ORDER BY number")
    assert [tuple(row.values()) for row in rows] == [(1, "refused", 503), (2, "delivered", 200)]


async def test_receiver_that_is_down_is_tried_again(stage: Stage, sender: Sender, make: Make) -> None:
    async with receiving() as gone:
        url = gone.url
    await make(url=url)
    await stage.happens()

    await stage.worker(sender).deliver_due()

    row = (await stage.rows("SELECT state, due_at, leased_until FROM webhook_deliveries"))[0]
    assert (row["state"], row["leased_until"]) == ("waiting", None)
    assert timedelta(seconds=5) <= row["due_at"] - stage.at <= timedelta(seconds=6)
    assert [r["outcome"] for r in await stage.rows("SELECT outcome FROM webhook_attempts")] == ["unreachable"]


async def test_wish_of_the_receiver_to_be_left_alone_is_heeded(
    stage: Stage, receiver: Receiver, sender: Sender, make: Make
) -> None:
    await make()
    await stage.happens()
    receiver.status, receiver.headers = 429, {"Retry-After": "3600"}

    await stage.worker(sender).deliver_due()

    row = (await stage.rows("SELECT due_at FROM webhook_deliveries"))[0]
    assert row["due_at"] == stage.at + timedelta(hours=1)


def test_attempts_are_spread_over_three_days() -> None:
    spread = [next_attempt(tries, _DAY, chance=lambda: 0.0) for tries in range(1, ATTEMPTS)]

    assert timedelta(days=3) < sum(DELAYS, timedelta()) < timedelta(days=3.5)
    assert all(later > sooner for sooner, later in pairwise(DELAYS))
    assert [at - _DAY for at in spread if at is not None] == list(DELAYS)
    assert next_attempt(ATTEMPTS, _DAY) is None
    assert next_attempt(1, _DAY, 10**9) == _DAY + timedelta(days=1)
    assert {next_attempt(1, _DAY) for _ in range(20)} != {next_attempt(1, _DAY)}


async def test_endpoint_that_says_it_is_gone_is_disabled_and_told_of(
    stage: Stage, receiver: Receiver, sender: Sender, make: Make
) -> None:
    made, _ = await make()
    async with receiving() as other:
        _, secret = await make(url=other.url, event_types=("webhook_endpoint.disabled",))
        await stage.happens()
        receiver.status = 410
        worker = stage.worker(sender)

        await worker.deliver_due()
        await stage.happens()
        stage.later(minutes=20)
        await worker.deliver_due()

        assert len(receiver.taken) == 1
        assert other.taken[0].bears(secret)
        assert other.taken[0].event["data"] == {"webhook_endpoint": ids.encode("whe", made.id), "reason": "gone"}
    assert [(one.endpoint.id, one.because) for one in stage.told] == [(made.id, "gone")]
    found = await endpoints.find_endpoint(stage.hooks, stage.org, made.id)
    assert (found.enabled, found.disabled_because) == (False, "gone")
    acts = "SELECT FROM audit_rows WHERE content::jsonb ->> 'what' = 'webhooks.disable'"
    assert len(await stage.rows(acts)) == 1


async def test_endpoint_that_takes_nothing_for_days_is_disabled(
    stage: Stage, receiver: Receiver, sender: Sender, make: Make
) -> None:
    made, _ = await make()
    await stage.happens()
    receiver.status = 500
    worker = stage.worker(sender)

    for _ in range(ATTEMPTS):
        assert stage.told == []
        assert await worker.deliver_due() == 1
        stage.later(hours=30)

    assert [one.because for one in stage.told] == ["failing"]
    assert [row["state"] for row in await stage.rows("SELECT state FROM webhook_deliveries")] == ["failed"]
    assert (await endpoints.find_endpoint(stage.hooks, stage.org, made.id)).disabled_because == "failing"


async def test_endpoint_that_takes_others_stays_when_one_event_fails(
    stage: Stage, receiver: Receiver, sender: Sender, make: Make
) -> None:
    made, _ = await make()
    await stage.happens()
    worker = stage.worker(sender)
    first: list[str] = []

    async def refuse_the_first(taken: Taken) -> web.StreamResponse:
        first.append(taken.id)
        return web.Response(status=500 if taken.id == first[0] else 200)

    receiver.answers = refuse_the_first
    for _ in range(ATTEMPTS):
        await worker.deliver_due()
        await stage.happens()
        stage.later(hours=30)

    assert stage.at - made.updated_at > FAILING_FOR
    assert (await endpoints.find_endpoint(stage.hooks, stage.org, made.id)).enabled


async def test_redirects_are_not_followed(stage: Stage, receiver: Receiver, sender: Sender, make: Make) -> None:
    async with receiving() as elsewhere:
        await make()
        await stage.happens()
        receiver.status, receiver.headers = 302, {"Location": elsewhere.url}

        await stage.worker(sender).deliver_due()

        assert elsewhere.taken == []
    assert [r["outcome"] for r in await stage.rows("SELECT outcome FROM webhook_attempts")] == ["redirected"]


async def test_slow_endpoint_does_not_hold_up_others(stage: Stage, sender: Sender, make: Make) -> None:
    let_go = asyncio.Event()

    async def slowly(_taken: Taken) -> web.StreamResponse:
        await let_go.wait()
        return web.Response()

    async with receiving() as slow, receiving() as quick:
        slow.answers = slowly
        await make(url=slow.url)
        await make(url=quick.url)
        await stage.happens(times=12)
        over = asyncio.Event()
        working = asyncio.create_task(stage.worker(sender).deliver_until(over))

        await quick.until(12)
        await stage.happens(times=3)
        await quick.until(15)

        assert len(slow.taken) == 4  # as many as may be under way
        let_go.set()
        await slow.until(15)
        over.set()
        await working


async def test_two_workers_never_send_the_same_at_once(
    stage: Stage, receiver: Receiver, sender: Sender, make: Make
) -> None:
    await make()
    await stage.happens(times=40)
    under_way: list[str] = []
    twice: list[str] = []

    async def watch(taken: Taken) -> web.StreamResponse:
        twice.extend(one for one in under_way if one == taken.id)
        under_way.append(taken.id)
        await asyncio.sleep(0.01)  # so that others could come in meanwhile
        under_way.remove(taken.id)
        return web.Response()

    receiver.answers = watch
    made = await asyncio.gather(*(stage.worker(sender).deliver_due() for _ in range(3)))

    assert sum(made) == 40
    assert twice == []
    assert len({taken.id for taken in receiver.taken}) == len(receiver.taken) == 40


async def test_event_that_cannot_be_written_does_not_hold_up_others(
    stage: Stage, receiver: Receiver, sender: Sender, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    await make()
    publish = "SELECT publish_event($1, 'connection.state', 'test', $2, 'con', $3, '{\"firm\": 5}')"
    await stage.operator_pool.execute(publish, stage.org, stage.at, stage.connection)
    await stage.happens(times=6)

    await stage.worker(sender).deliver_due()

    assert len(receiver.taken) == 6
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        "a webhook could not be tried to its end"
    ]
    rows = await stage.rows("SELECT state, count(*) AS n FROM webhook_deliveries GROUP BY state ORDER BY state")
    assert [(row["state"], row["n"]) for row in rows] == [("delivered", 6), ("waiting", 1)]


async def test_events_come_in_their_order(stage: Stage, receiver: Receiver, sender: Sender, make: Make) -> None:
    await make()
    worker = stage.worker(sender)
    await stage.happens(times=12)

    await worker.deliver_due()

    told = await stage.rows("SELECT event_id FROM webhook_deliveries ORDER BY id")
    order = [ids.encode("evt", row["event_id"]) for row in told]
    came = [order.index(taken.id) for taken in receiver.taken]
    assert len(came) == 12
    assert all(abs(place - sent) < 4 for place, sent in enumerate(came))  # among those that are under way together


async def test_endpoint_gets_what_it_subscribes_to_and_what_its_mode_may_know(
    stage: Stage, receiver: Receiver, sender: Sender, make: Make
) -> None:
    await make(event_types=("invoice.paid", "key.leaked"))
    live, _ = await make(url="https://hooks.example/live", mode=Mode.LIVE)
    await stage.happens()
    publish = "SELECT publish_event($1, 'connection.state', 'live', $2, 'con', $3, '{}')"
    await stage.operator_pool.execute(publish, stage.org, stage.at, stage.connection)

    rows = await stage.rows("SELECT endpoint_id, e.mode FROM webhook_deliveries d JOIN events e ON e.id = d.event_id")

    assert sorted((row["endpoint_id"], row["mode"]) for row in rows) == [(live.id, "live"), (live.id, "test")]
    assert receiver.taken == []


async def test_both_secrets_sign_while_one_replaces_the_other(
    stage: Stage, receiver: Receiver, sender: Sender, make: Make
) -> None:
    made, old = await make()
    worker = stage.worker(sender)
    new = await roll_secret(stage.hooks, stage.org, made.id, overlap=timedelta(hours=24), actor=None)
    await stage.happens()
    await worker.deliver_due()
    stage.later(hours=25)
    await stage.happens()
    await worker.deliver_due()

    during, after = receiver.taken

    during.verify(old)
    during.verify(new)
    assert (after.bears(old), after.bears(new)) == (False, True)


async def test_third_secret_ends_the_first(stage: Stage, receiver: Receiver, sender: Sender, make: Make) -> None:
    made, first = await make()
    second = await roll_secret(stage.hooks, stage.org, made.id, overlap=timedelta(hours=24), actor=None)
    third = await roll_secret(stage.hooks, stage.org, made.id, overlap=timedelta(hours=24), actor=None)
    await stage.happens()

    await stage.worker(sender).deliver_due()

    assert [receiver.taken[0].bears(secret) for secret in (first, second, third)] == [False, True, True]


async def test_no_secret_lies_open_in_the_database(stage: Stage, make: Make) -> None:
    _, secret = await make()

    sealed = (await stage.rows("SELECT sealed FROM webhook_secrets"))[0]["sealed"]

    assert secret.encode() not in sealed
    assert secret.removeprefix("whsec_").encode() not in sealed


async def test_delivered_event_is_replayed_under_the_same_id(
    stage: Stage, receiver: Receiver, sender: Sender, make: Make
) -> None:
    made, _ = await make()
    await stage.happens()
    worker = stage.worker(sender)
    await worker.deliver_due()
    async with as_organization(stage.app_pool, stage.org) as connection:
        sent = (await store.list_deliveries(connection, stage.org, made.id, after=None, limit=9, state="delivered"))[0]

    await replay.replay_delivery(stage.hooks, stage.org, sent, actor=None)
    await worker.deliver_due()

    assert [taken.id for taken in receiver.taken] == [ids.encode("evt", sent.event_id)] * 2


async def test_replay_since_sends_what_failed_and_what_was_missed(
    stage: Stage, receiver: Receiver, sender: Sender, make: Make
) -> None:
    made, _ = await make()
    worker = stage.worker(sender)
    receiver.status = 500
    await stage.happens()
    await worker.deliver_due()
    receiver.status = 200
    begin = stage.at = stage.at + timedelta(minutes=1)
    await stage.happens()
    await endpoints.change_endpoint(stage.hooks, stage.org, made, enabled=False, actor=None)
    await stage.happens(times=2)
    off = await endpoints.find_endpoint(stage.hooks, stage.org, made.id)
    await endpoints.change_endpoint(stage.hooks, stage.org, off, enabled=True, actor=None)
    stage.later(minutes=1)

    done = await replay.replay_since(stage.hooks, stage.org, made, begin, actor=None)
    await worker.deliver_due()
    once_more = await replay.replay_since(stage.hooks, stage.org, made, begin, actor=None)

    assert (done.count, done.has_more, once_more.count) == (3, False, 0)
    assert len({taken.id for taken in receiver.taken}) == 4


async def test_nothing_is_sent_while_disabled_and_what_waits_goes_on(
    stage: Stage, receiver: Receiver, sender: Sender, make: Make
) -> None:
    made, _ = await make()
    await stage.happens()
    off = await endpoints.change_endpoint(stage.hooks, stage.org, made, enabled=False, actor=None)
    meanwhile = await stage.worker(sender).deliver_due()
    await endpoints.change_endpoint(stage.hooks, stage.org, off, enabled=True, actor=None)

    assert (meanwhile, await stage.worker(sender).deliver_due()) == (0, 1)


async def test_ping_reaches_its_endpoint_alone(stage: Stage, receiver: Receiver, sender: Sender, make: Make) -> None:
    async with receiving() as other:
        made, secret = await make(event_types=("invoice.paid",))
        await make(url=other.url)

        await replay.ping(stage.hooks, stage.org, made, actor=None)
        await stage.worker(sender).deliver_due()

        assert other.taken == []
    receiver.taken[0].verify(secret)
    assert receiver.taken[0].event["type"] == "webhook_endpoint.ping"


async def test_old_deliveries_are_forgotten_and_events_stay(
    stage: Stage, receiver: Receiver, sender: Sender, make: Make
) -> None:
    await make()
    await stage.happens()
    await stage.worker(sender).deliver_due()
    receiver.status = 500
    await stage.happens()

    async with stage.operator_pool.acquire() as connection:
        await forget_old_deliveries(connection, stage.at + KEPT_FOR + timedelta(seconds=1))

    assert [row["state"] for row in await stage.rows("SELECT state FROM webhook_deliveries")] == ["waiting"]
    assert await stage.rows("SELECT FROM webhook_attempts") == []
    assert len(await stage.rows("SELECT FROM events")) == 3


async def test_deleting_an_endpoint_does_not_undo_what_happens(stage: Stage, make: Make) -> None:
    made, _ = await make()
    deleting = stage.operator_pool.acquire()
    connection = await deleting.__aenter__()
    removal = connection.transaction()
    await removal.start()
    await connection.execute("DELETE FROM webhook_endpoints WHERE id = $1", made.id)

    happening = asyncio.create_task(stage.happens())
    await asyncio.wait((happening,), timeout=0.3)
    waits = not happening.done()
    await removal.commit()
    await deleting.__aexit__()
    await happening

    assert waits
    assert await stage.rows("SELECT FROM webhook_deliveries") == []
    assert len(await stage.rows("SELECT FROM events")) == 2
