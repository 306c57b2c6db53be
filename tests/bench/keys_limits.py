"""What admission and telemetry cost a call.

    python -m tests.bench.keys_limits [--json] [--calls 100000] [--repeats 5]

Starts its own Valkey. Medians of interleaved repeats, beside what each replaces: a script call to Redis for every
request, and the OpenTelemetry SDK's own instruments.
"""

import argparse
import asyncio
import gc
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import msgspec
import uvloop
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from redis.asyncio import Redis

from service import embedded, ids
from service.api.limits import Limits, Policy, rate_limit_headers
from service.connectors.budgets import RedisBudgetKeeper
from service.connectors.sdk.budget import BudgetSpec, Limit
from service.leases.shared import SharedCount
from service.telemetry import CallRecord, Telemetry

HUGE = (Limit(1_000_000, 1.0), Limit(50_000_000, 60.0))
CALLERS = 32


class Cost(msgspec.Struct, frozen=True):
    """Microseconds a call, waiting included."""

    name: str
    us: float
    p99_us: float


Contender = Callable[[int], Awaitable[list[int]]]


async def measure(redis_url: str, calls: int, repeats: int) -> list[Cost]:
    """Every contender, one after the other, `repeats` times."""
    redis = Redis.from_url(redis_url, max_connections=CALLERS)  # pyright: ignore[reportUnknownMemberType]
    contenders = _contenders(redis)
    runs: dict[str, list[list[int]]] = {name: [] for name in contenders}
    gc.freeze()
    for _ in range(repeats):
        for name, contender in contenders.items():
            runs[name].append(await contender(calls))
    await redis.aclose()
    return [
        Cost(name, statistics.median(map(statistics.fmean, spans)) / 1e3, statistics.median(map(_p99, spans)) / 1e3)
        for name, spans in runs.items()
    ]


def _contenders(redis: Redis) -> dict[str, Contender]:
    limits, policy, key_id = Limits(redis), Policy(HUGE), uuid4()
    keeper, spec = RedisBudgetKeeper(redis), BudgetSpec(limits=HUGE)
    shared, telemetry = SharedCount(redis), Telemetry()
    meter = MeterProvider([InMemoryMetricReader()]).get_meter("bench")
    counter, histogram = meter.create_counter("calls"), meter.create_histogram("duration")
    labels: dict[str, str | int] = {"operation": "listClients", "status": 200, "outcome": "success"}

    async def admit() -> None:
        admitted = limits.try_admit(key_id, policy) or await limits.admit(key_id, policy)
        limits.release(key_id)
        rate_limit_headers(admitted)

    async def spend_budget() -> None:
        await keeper.acquire("bench", spec, wait_s=1.0)

    async def ask_redis() -> None:
        lease: list[str | int] = [shared.lease_name(), 1, 1, 50_000, "", 0, 0, 0]
        counts = [part for limit in HUGE for part in (limit.count, int(limit.window_s * 1e6))]
        await shared.grant(["tm:{b}:p", "tm:{b}:1", "tm:{b}:60"], [*lease, *counts])

    async def observe() -> None:
        telemetry.observe(_a_call())

    async def observe_with_sdk() -> None:
        counter.add(1, labels)
        for _ in range(5):
            histogram.record(0.001, labels)

    return {
        "admit a key, leased, with headers": _alone(admit),
        "spend a vendor budget, leased": _alone(spend_budget),
        "ask Redis for each call (32 callers)": _together(ask_redis, share=20),
        "CallRecord + observe": _alone(observe),
        "the same in SDK instruments": _alone(observe_with_sdk, share=5),
    }


def _alone(call: Callable[[], Awaitable[None]], share: int = 1) -> Contender:
    async def run(calls: int) -> list[int]:
        return await _loop(call, calls // share)

    return run


def _together(call: Callable[[], Awaitable[None]], share: int) -> Contender:
    """By `CALLERS` at once; a span is then the time until the next call of any of them."""

    async def run(calls: int) -> list[int]:
        started = time.perf_counter_ns()
        spans = await asyncio.gather(*(_loop(call, calls // share // CALLERS) for _ in range(CALLERS)))
        made = sum(map(len, spans))
        return [(time.perf_counter_ns() - started) // made] * made

    return run


async def _loop(call: Callable[[], Awaitable[None]], calls: int) -> list[int]:
    spans: list[int] = []
    clock = time.perf_counter_ns
    for _ in range(calls):
        started = clock()
        await call()
        spans.append(clock() - started)
    return spans


def _p99(spans: list[int]) -> float:
    return statistics.quantiles(spans, n=100)[98]


def _a_call() -> CallRecord:
    return CallRecord(
        request_id=_REQUEST,
        operation="listClients",
        method="GET",
        route="/v1/clients",
        status=200,
        outcome="success",
        started_at_ns=0,
        duration_ns=1_200_000,
        org_id=_REQUEST,
        key_id=_REQUEST,
        connection_id=_REQUEST,
        vendor="canopy",
        admission_ns=20_000,
        vendor_ns=900_000,
        mapping_ns=3_000,
        metering_ns=200_000,
        vendor_calls=1,
        rows=1,
        units=1,
        metered=True,
    )


_REQUEST = ids.new_uuid()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, embedded.running_redis(Path(directory)) as url:
        costs = uvloop.run(measure(url, options.calls, options.repeats))
    if options.json:
        print(json.dumps(msgspec.to_builtins(costs)))
        return
    print(f"{'µs a call, median of ' + str(options.repeats):40}{'mean':>8}{'p99':>8}")
    for cost in costs:
        print(f"{cost.name:40}{cost.us:8.2f}{cost.p99_us:8.2f}")


if __name__ == "__main__":
    main()
