"""Verifying a known key in process: `python -m tests.bench.keys [--json] [--calls 200000]`. Goal: p99 <= 100 us.

A real key in a real database, asked for as the edge asks; the reads that keep the memory fresh go on meanwhile.
"""

import argparse
import asyncio
import json
import statistics
import time

import msgspec
import uvloop

from service.accounts.authenticate import KeyRing
from service.accounts.tokens import Peppers
from service.application import quiet_garbage_collector
from service.db.pool import open_pool
from tests.bench.stage import Stage, stage


class Report(msgspec.Struct, frozen=True):
    """Microseconds for each verification."""

    calls: int
    p50_us: float
    p99_us: float
    worst_us: float


async def measure(stage: Stage, calls: int) -> Report:
    """Verifies the stage's key so many times, letting the event loop run after every tenth."""
    settings, token = stage.settings, stage.headers["Authorization"].removeprefix("Bearer ")
    peppers = Peppers({version: secret.value for version, secret in settings.key_peppers.items()})
    async with await open_pool(settings.database_url, "tickmark_app") as pool:
        keys = KeyRing(pool, peppers)
        await keys.caller(token)
        quiet_garbage_collector()
        waits: list[int] = []
        for number in range(calls):
            began = time.perf_counter_ns()
            await keys.caller(token)
            waits.append(time.perf_counter_ns() - began)
            if number % 10 == 0:
                await asyncio.sleep(0)
    cuts = statistics.quantiles(waits, n=100)
    return Report(calls, cuts[49] / 1e3, cuts[98] / 1e3, max(waits) / 1e3)


def to_text(report: Report) -> str:
    """One line."""
    return (
        f"warm key: p50 {report.p50_us:.2f} us, p99 {report.p99_us:.2f} us, worst {report.worst_us:.0f} us "
        f"of {report.calls:,} (goal: p99 <= 100 us)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--calls", type=int, default=200_000)
    options = parser.parse_args()
    with stage() as prepared:
        report = uvloop.run(measure(prepared, options.calls))
    print(json.dumps(msgspec.to_builtins(report)) if options.json else to_text(report))


if __name__ == "__main__":
    main()
