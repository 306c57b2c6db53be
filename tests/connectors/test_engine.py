"""What the engine does for one request: sign, send, renew, try again, give up."""

import asyncio
from contextlib import suppress

import pytest

from service.connectors.sdk.engine import Leg
from service.connectors.sdk.faults import (
    ConnectionRefused,
    Malformed,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    TimedOut,
    Unavailable,
    Unreachable,
    VendorFault,
)
from service.connectors.sdk.flow import Flow, Request
from tests.connectors.scripted import APART, KEYED, OK, READ, SENT_AT, WRITE, Stage, Step, answer, several

pytestmark = pytest.mark.anyio


async def test_a_request_goes_to_the_account_of_the_link() -> None:
    stage = Stage(OK)
    request = Request(method="GET", path="/things", query=(("q", "a b&c"), ("n", "1")), lane="read")

    assert await stage.ask(request) == b"fine"
    assert stage.vendor.urls == ["https://acme.example/v1/a%20b/things?q=a%20b%26c&n=1"]
    assert stage.vendor.tokens == ["token-0"]


async def test_an_expired_token_is_renewed_once_and_the_call_sent_again() -> None:
    stage = Stage(answer(401), OK)

    assert await stage.ask() == b"fine"
    assert stage.vendor.tokens == ["token-0", "token-1"]
    assert stage.tokens.refused == ["token-0"]
    assert (stage.leg.calls, stage.leg.refreshes, stage.leg.retries) == (2, 1, 0)


async def test_a_renewed_token_that_is_refused_asks_a_human() -> None:
    stage = Stage(answer(401))

    with pytest.raises(ConnectionRefused) as refused:
        await stage.ask()

    assert refused.value.status == 401
    assert stage.tokens.refused == ["token-0"]
    assert stage.vendor.calls == 2


async def test_a_write_is_sent_again_with_the_renewed_token() -> None:
    stage = Stage(answer(401), OK)

    assert await stage.ask(WRITE) == b"fine"


async def test_a_token_refused_after_an_outage_is_still_renewed_once() -> None:
    stage = Stage(answer(503), answer(401), answer(503), answer(401))

    with pytest.raises(ConnectionRefused):
        await stage.ask()

    assert len(stage.tokens.refused) == 1


@pytest.mark.parametrize("step", [answer(500), answer(503), TimedOut(), Unreachable()])
async def test_a_read_is_tried_again(step: Step) -> None:
    stage = Stage(step, step, OK)

    assert await stage.ask() == b"fine"
    assert (stage.leg.calls, stage.leg.retries) == (3, 2)
    assert all(0 <= pause <= 0.1 * 2**attempt for attempt, pause in enumerate(stage.time.slept))


@pytest.mark.parametrize(
    ("step", "kind"), [(answer(500), Unavailable), (TimedOut(), TimedOut), (Unreachable(), Unreachable)]
)
async def test_a_read_is_given_up_after_three_retries(step: Step, kind: type[VendorFault]) -> None:
    stage = Stage(step)

    with pytest.raises(kind):
        await stage.ask()

    assert stage.vendor.calls == 4


async def test_pauses_between_retries_are_scattered() -> None:
    pauses: set[float] = set()
    for _ in range(5):
        stage = Stage(answer(500), OK)
        await stage.ask()
        pauses.update(stage.time.slept)

    assert len(pauses) == 5


@pytest.mark.parametrize("step", [answer(400), answer(404), Malformed()])
async def test_what_would_not_change_is_not_asked_again(step: Step) -> None:
    stage = Stage(NotFound() if step == answer(400) else step)

    with pytest.raises((NotFound, Malformed)):
        await stage.ask()

    assert stage.vendor.calls == 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    "headers", [{"retry_after": "3"}, {"retry_after": "Fri, 20 Nov 2026 12:00:03 GMT", "date": SENT_AT}]
)
async def test_retry_after_is_honoured_to_the_second(status: int, headers: dict[str, str]) -> None:
    stage = Stage(answer(status, **headers), OK)

    assert await stage.ask() == b"fine"
    assert stage.time.slept == [3.0]
    assert stage.leg.waited_ns >= 3_000_000_000


async def test_a_429_that_does_not_say_is_waited_out_for_the_vendors_usual_time() -> None:
    stage = Stage(answer(429), OK)

    assert await stage.ask() == b"fine"
    assert stage.time.slept == [4.0]
    assert stage.budgets.penalties_s == [4.0]


async def test_a_429_without_header_that_is_given_up_says_when_to_come_back() -> None:
    stage = Stage(answer(429))

    with pytest.raises(RateLimited) as limited:
        await stage.ask(wait_s=1)

    assert limited.value.retry_after_s == 4.0
    assert stage.vendor.calls == 1


@pytest.mark.parametrize(("header", "penalty_s"), [("0", 0.0), ("9", 9.0)])
async def test_everybody_stays_away_for_as_long_as_a_429_says(header: str, penalty_s: float) -> None:
    stage = Stage(answer(429, retry_after=header), OK)

    with suppress(RateLimited):
        await stage.ask()

    assert stage.budgets.penalties_s == [penalty_s]


@pytest.mark.parametrize(("wait_s", "deadline_s"), [(2, 30), (0, 30), (30, 2)])
async def test_nobody_waits_longer_than_allowed(wait_s: float, deadline_s: float) -> None:
    stage = Stage(answer(429, retry_after="3"), OK)

    with pytest.raises(RateLimited) as limited:
        await stage.ask(wait_s=wait_s, deadline_s=deadline_s)

    assert limited.value.retry_after_s == 3.0
    assert stage.time.slept == []


async def test_waiting_for_nothing_means_one_try() -> None:
    stage = Stage(answer(503), OK)

    with pytest.raises(Unavailable):
        await stage.ask(wait_s=0)

    assert stage.vendor.calls == 1


async def test_the_deadline_bounds_the_whole_flow() -> None:
    stage = Stage(OK)

    def slow() -> bytes:
        stage.time.now_s += 4
        return b""

    stage.vendor.plays(lambda: answer(200, slow=str(slow())))
    with pytest.raises(Unreachable):
        await stage.engine.run(several([READ] * 5), stage.link, stage.leg, deadline_s=10)

    assert stage.vendor.timeouts_s == [10, 6, 2]
    assert stage.leg.calls == 3


async def test_renewing_credentials_does_not_outlast_the_deadline() -> None:
    stage = Stage(OK)

    async def never() -> str:
        await asyncio.Event().wait()
        raise AssertionError

    stage.tokens.access_token = never  # type: ignore[method-assign]
    with pytest.raises(Unreachable):
        await asyncio.wait_for(stage.ask(deadline_s=0.01), 5)

    assert stage.vendor.calls == 0


async def test_a_write_without_a_key_is_never_sent_twice() -> None:
    for step in (answer(503), answer(429, retry_after="0"), TimedOut()):
        stage = Stage(step, OK)

        with pytest.raises((Unavailable, RateLimited, OutcomeUnknown)):
            await stage.ask(WRITE)

        assert stage.vendor.calls == 1


async def test_a_write_that_never_left_may_be_sent() -> None:
    stage = Stage(Unreachable(), OK)

    assert await stage.ask(WRITE) == b"fine"


@pytest.mark.parametrize("step", [answer(503), answer(429, retry_after="0"), TimedOut(), Unreachable()])
async def test_a_keyed_write_is_tried_again(step: Step) -> None:
    stage = Stage(step, OK)

    assert await stage.ask(KEYED) == b"fine"
    assert stage.leg.retries == 1


@pytest.mark.parametrize("request_", [WRITE, KEYED])
async def test_a_write_that_was_never_answered_has_an_unknown_outcome(request_: Request) -> None:
    stage = Stage(TimedOut())

    with pytest.raises(OutcomeUnknown):
        await stage.ask(request_)


@pytest.mark.parametrize("then", [answer(503), answer(429, retry_after="60"), answer(401), Unreachable()])
async def test_an_unanswered_write_stays_unknown_whatever_became_of_its_repeats(then: Step) -> None:
    stage = Stage(TimedOut(), then)

    with pytest.raises(OutcomeUnknown):
        await stage.ask(KEYED)


async def test_a_definite_refusal_settles_a_repeated_write() -> None:
    stage = Stage(TimedOut(), answer(404))

    with pytest.raises(NotFound):
        await stage.ask(KEYED)


async def test_a_write_that_the_vendor_failed_is_not_unknown() -> None:
    stage = Stage(answer(503))

    with pytest.raises(Unavailable):
        await stage.ask(KEYED)


async def test_a_spent_budget_is_told_without_calling() -> None:
    stage = Stage(OK, room=0)

    with pytest.raises(RateLimited) as limited:
        await stage.ask()

    assert (limited.value.code, limited.value.retry_after_s) == ("budget", 7.0)
    assert (stage.vendor.calls, stage.leg.calls) == (0, 0)


async def test_a_wait_for_the_budget_is_bounded_by_both_limits() -> None:
    stage = Stage(OK)
    await stage.ask(wait_s=5, deadline_s=30)
    await stage.ask(wait_s=5, deadline_s=2)

    assert stage.budgets.waits_s == [5, 2]


async def test_a_call_that_is_limited_apart_is_paid_from_both_budgets() -> None:
    stage = Stage(OK)
    await stage.ask(READ)
    await stage.ask(APART)

    assert stage.budgets.taken == ["acme:1 ()", "acme:1 ()", "acme:1:many (Limit(count=40, window_s=60.0),)"]


async def test_nobody_waits_twice_for_two_budgets() -> None:
    stage = Stage(OK)
    await stage.ask(APART, wait_s=5)

    whole, rest = stage.budgets.waits_s
    assert whole == 5
    assert 4 < rest < 5


async def test_a_429_on_a_call_that_is_limited_apart_keeps_only_its_like_away() -> None:
    stage = Stage(answer(429))

    with pytest.raises(RateLimited):
        await stage.ask(APART)
    with pytest.raises(RateLimited):
        await stage.ask(WRITE)

    assert stage.budgets.penalized == ["acme:1:many", "acme:1"]


async def test_every_try_is_paid_from_the_budget() -> None:
    stage = Stage(answer(503), answer(401), OK)
    await stage.ask()

    assert len(stage.budgets.waits_s) == stage.vendor.calls == 3


async def test_a_fault_is_thrown_into_the_flow_which_may_recover() -> None:
    stage = Stage(answer(404), OK)

    def flow() -> Flow[str]:
        try:
            yield READ
        except NotFound:
            return f"none, but {(yield READ).body.decode()}"
        return "found"

    assert await stage.engine.run(flow(), stage.link, stage.leg) == "none, but fine"


async def test_a_flow_that_asks_for_nothing_has_a_value() -> None:
    stage = Stage(OK)

    assert await stage.engine.run(several([]), stage.link, stage.leg) == []
    assert stage.vendor.calls == 0


@pytest.mark.parametrize("end", ["fault", "bug", "cancelled"])
async def test_a_flow_is_closed_however_it_ends(end: str) -> None:
    ends: dict[str, BaseException] = {"fault": NotFound(), "bug": KeyError(), "cancelled": asyncio.CancelledError()}
    stage = Stage(ends[end])
    closed: list[str] = []

    def flow() -> Flow[None]:
        try:
            yield READ
        finally:
            closed.append(end)

    with pytest.raises(type(ends[end])):
        await stage.engine.run(flow(), stage.link, stage.leg)

    assert closed == [end]


async def test_a_leg_counts_each_exchange_once() -> None:
    stage = Stage(answer(503, x_trace="a"), answer(401, x_trace="b"), answer(200, x_trace="c"), OK)
    leg = Leg()
    await stage.engine.run(several([READ, READ]), stage.link, leg)

    assert (leg.calls, leg.retries, leg.refreshes, leg.status) == (4, 1, 1, 200)
    assert leg.request_id is None
    assert leg.last is OK
    assert leg.waited_ns == pytest.approx(stage.time.slept[0] * 1e9, abs=50e6)


@pytest.mark.parametrize("header", ["x_trace", "x_other_trace"])
async def test_a_fault_carries_the_vendors_trace_id(header: str) -> None:
    stage = Stage(answer(404, **{header: "trace-1"}))

    with pytest.raises(NotFound) as missing:
        await stage.ask()

    assert missing.value.request_id == "trace-1"
