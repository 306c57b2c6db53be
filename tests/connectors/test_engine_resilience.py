"""When a vendor is left alone: retry budget and breakers."""

from contextlib import suppress

import pytest

from service.connectors.sdk.faults import NotFound, RateLimited, Unavailable, Unreachable, VendorFault
from service.connectors.sdk.resilience import Breaker, RetryBudget, full_jitter
from tests.connectors.scripted import OK, Stage, Step, answer

pytestmark = pytest.mark.anyio
DOWN = answer(503)


async def fail(stage: Stage, times: int) -> None:
    for _ in range(times):
        with pytest.raises(VendorFault):
            await stage.ask(wait_s=0)


async def test_retries_end_when_their_budget_is_spent() -> None:
    stage = Stage(Unreachable(), Unreachable(), Unreachable(), OK)
    tries: list[int] = []
    for _ in range(6):
        before = stage.vendor.calls
        stage.vendor.plays(Unreachable(), Unreachable(), Unreachable(), OK)
        with suppress(Unavailable):
            await stage.ask()
        tries.append(stage.vendor.calls - before)

    assert tries[:3] == [4, 4, 4]
    assert tries[-1] < 4
    assert stage.leg.retries <= 10 + stage.leg.calls * 0.1


def test_a_retry_budget_holds_ten_and_earns_a_tenth_for_each_call() -> None:
    budget = RetryBudget()
    assert [budget.take() for _ in range(11)] == [True] * 10 + [False]
    for _ in range(11):
        budget.called()

    assert [budget.take(), budget.take()] == [True, False]


def test_jitter_goes_from_nothing_to_a_ceiling_that_doubles_up_to_five_seconds() -> None:
    assert [full_jitter(attempt, lambda low, high: high) for attempt in (0, 1, 2, 5, 6, 60)] == [
        0.1,
        0.2,
        0.4,
        3.2,
        5.0,
        5.0,
    ]
    assert full_jitter(3, lambda low, high: low) == 0


async def test_five_failures_open_the_breaker_of_a_connection() -> None:
    stage = Stage(DOWN)
    await fail(stage, 5)

    with pytest.raises(Unreachable) as left_alone:
        await stage.ask()
    assert left_alone.value.code == "breaker_open"
    assert left_alone.value.retry_after_s == 5.0
    assert stage.vendor.calls == 5


async def test_another_connection_is_not_hindered() -> None:
    stage = Stage(DOWN)
    await fail(stage, 5)
    stage.vendor.plays(OK)

    assert await stage.ask(link=stage.new_link()) == b"fine"


async def test_failures_of_many_connections_open_the_breaker_of_the_vendor() -> None:
    stage = Stage(DOWN)
    for _ in range(25):
        with pytest.raises(Unavailable):
            await stage.ask(link=stage.new_link(), wait_s=0)

    with pytest.raises(Unreachable) as left_alone:
        await stage.ask(link=stage.new_link())
    assert left_alone.value.code == "breaker_open"
    assert stage.vendor.calls == 25


async def test_after_the_pause_one_probe_goes_through_and_closes_the_breaker() -> None:
    stage = Stage(DOWN)
    await fail(stage, 5)
    stage.time.now_s += 5
    stage.vendor.plays(OK)

    assert await stage.ask() == b"fine"
    assert await stage.ask() == b"fine"


async def test_a_probe_that_fails_keeps_the_breaker_open() -> None:
    stage = Stage(DOWN)
    await fail(stage, 5)
    stage.time.now_s += 5
    await fail(stage, 1)

    with pytest.raises(Unreachable) as left_alone:
        await stage.ask()
    assert left_alone.value.code == "breaker_open"
    assert stage.vendor.calls == 6


@pytest.mark.parametrize(("probe", "kind"), [(answer(404), NotFound), (answer(429), RateLimited)])
async def test_a_refusal_shows_that_the_vendor_is_well_again(probe: Step, kind: type[VendorFault]) -> None:
    stage = Stage(DOWN)
    await fail(stage, 5)
    stage.time.now_s += 5
    stage.vendor.plays(probe, OK)
    with pytest.raises(kind):
        await stage.ask(wait_s=0)

    assert await stage.ask() == b"fine"


async def test_a_probe_with_an_expired_token_is_renewed_and_goes_through() -> None:
    stage = Stage(DOWN)
    await fail(stage, 5)
    stage.time.now_s += 5
    stage.vendor.plays(answer(401), OK)

    assert await stage.ask() == b"fine"


async def test_refusals_between_failures_are_no_run_of_failures() -> None:
    stage = Stage(DOWN, DOWN, DOWN, DOWN, answer(404), DOWN, DOWN, DOWN, DOWN, OK)
    await fail(stage, 9)

    assert await stage.ask() == b"fine"


def test_half_open_lets_one_through_and_holds_the_others_back() -> None:
    breaker = Breaker(threshold=2, pause_s=5)
    for _ in range(2):
        breaker.failed(0)

    assert [breaker.blocked_for(now) for now in (1, 5, 5, 6)] == [4, 0, 5, 4]


async def test_a_new_link_to_the_same_account_adopts_what_was_learned() -> None:
    stage = Stage(DOWN)
    await fail(stage, 5)
    link = stage.new_link()
    link.adopt(stage.link)

    with pytest.raises(Unreachable) as left_alone:
        await stage.ask(link=link)
    assert left_alone.value.code == "breaker_open"
