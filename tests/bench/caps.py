"""What spend caps cost: nothing without a budget, microseconds with one, and usage rows as fast as ever.

    python -m tests.bench.caps [--json] [--callers 64] [--rows 64000] [--repeats 5]

Starts its own PostgreSQL as it comes. Interleaved: calls of an organization without a budget, then of one with four
(organization and key, day and month). `reserve` is the time from asking to holding; `rows` reserves, records a durable
row and settles, from as many callers, in one process.
"""

import argparse
import asyncio
import gc
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import msgspec
import uvloop

from billing import (
    PUBLIC_PLAN,
    Budget,
    BudgetScope,
    BudgetSpan,
    Caps,
    Meter,
    UsageLedger,
    load_price_book,
    open_account,
    set_budget,
)
from service import embedded
from service.clock import now
from service.db.migrate import migrate
from service.db.pool import open_pool
from tests.bench.metering import KEY, made_call


class Run(msgspec.Struct, frozen=True):
    """One repeat: durable rows a second, and what the caps added to each call."""

    rows_per_s: float
    caps_p50_us: float
    caps_p99_us: float
    caps_max_ms: float


class Report(msgspec.Struct, frozen=True):
    """Medians. `load` is the machine's one-minute average before: above 1, others were at work."""

    callers: int
    repeats: int
    load: float
    without_budget: Run
    with_budgets: Run


async def _measure(caps: Caps, ledger: UsageLedger, org_id: UUID, callers: int, rows: int) -> Run:
    waits: list[int] = []

    async def caller() -> None:
        for _ in range(rows // callers):
            call = made_call(org_id)
            began = time.perf_counter_ns()
            guard = caps.try_guard(org_id) or await caps.guard(org_id)
            hold = None
            if guard.budgets:
                asked = (KEY, None, Meter.READ, 1, call.request_id.int >> 80)
                hold = guard.try_reserve(*asked) or await guard.reserve(*asked)
            waited = time.perf_counter_ns() - began
            if hold is not None and not hold.is_held:
                raise AssertionError("a lease was lost")
            await ledger.record(call)
            began = time.perf_counter_ns()
            if hold is not None:
                hold.settle()
            waits.append(waited + time.perf_counter_ns() - began)

    gc.collect()
    gc.freeze()
    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    elapsed = time.perf_counter() - began
    cuts = statistics.quantiles(waits, n=100)
    return Run(len(waits) / elapsed, cuts[49] / 1e3, cuts[98] / 1e3, max(waits) / 1e6)


def _median(runs: list[Run]) -> Run:
    return Run(*(statistics.median(column) for column in zip(*map(msgspec.structs.astuple, runs), strict=True)))


async def _prepare(url: str) -> tuple[UUID, UUID]:
    """Two organizations: one without a budget, one with four."""
    free, capped = uuid4(), uuid4()
    owner = await asyncpg.connect(url)
    for org_id in (free, capped):
        await open_account(owner, org_id, load_price_book().find(*PUBLIC_PLAN), "UTC", "USD", opened_at=now())
    for span in BudgetSpan:
        await set_budget(owner, capped, Budget(BudgetScope.ORGANIZATION, capped, span, 10**9))
        await set_budget(owner, capped, Budget(BudgetScope.KEY, KEY, span, 10**9))
    await owner.close()
    return free, capped


async def measure(callers: int, rows: int, repeats: int) -> Report:
    """Everything, on a database of its own."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        url = embedded.start_postgres(Path(directory) / "postgres")
        await migrate(url)
        free, capped = await _prepare(url)
        meter_pool, app_pool = await open_pool(url, "tickmark_meter"), await open_pool(url, "tickmark_app", max_size=2)
        for setting in ("fsync", "synchronous_commit"):
            assert await meter_pool.fetchval(f"SHOW {setting}") == "on"
        ledger, caps = UsageLedger(meter_pool), Caps(app_pool, load_price_book())
        await ledger.start()
        await caps.start()
        runs: dict[UUID, list[Run]] = {free: [], capped: []}
        for org_id in runs:
            await _measure(caps, ledger, org_id, callers, rows // 4)
        for _ in range(repeats):
            for org_id, found in runs.items():
                found.append(await _measure(caps, ledger, org_id, callers, rows))
        await caps.close()
        await ledger.close()
        await asyncio.gather(meter_pool.close(), app_pool.close())
    return Report(callers, repeats, load, _median(runs[free]), _median(runs[capped]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--callers", type=int, default=64)
    parser.add_argument("--rows", type=int, default=64_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    report = uvloop.run(measure(options.callers, options.rows, options.repeats))
    print(json.dumps(msgspec.to_builtins(report)) if options.json else _to_text(report))


def _to_text(report: Report) -> str:
    rows = [("without a budget", report.without_budget), ("with four budgets", report.with_budgets)]
    lines = [
        f"{report.callers} callers, median of {report.repeats}, load {report.load:.1f}",
        f"{'':20}{'rows/s':>10}{'caps p50 us':>13}{'p99 us':>9}{'max ms':>9}",
    ]
    lines += [
        f"{name:20}{r.rows_per_s:10,.0f}{r.caps_p50_us:13.2f}{r.caps_p99_us:9.2f}{r.caps_max_ms:9.2f}"
        for name, r in rows
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
