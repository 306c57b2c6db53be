"""Durable usage rows: how many a second, how late, at what cost; and that a kill loses none.

    python -m tests.bench.metering [--json] [--callers 64] [--rows 64000] [--repeats 7]

Starts its own PostgreSQL as it comes (fsync and synchronous_commit on, which is checked). Callers are coroutines that
record one call after the other, as requests do. The CPU is this process's: making the call, recording it, waking up.
A second contender writes each row in a transaction of its own: what group commit is measured against.
"""

import argparse
import asyncio
import gc
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import msgspec
import uvloop

from billing import Invocation, Meter, Reason, UsageLedger, literals
from billing.store import QUERIES
from billing.usage import as_record
from service import embedded
from service.db.migrate import migrate
from service.db.pool import Pool, open_pool
from service.ids import new_uuid

KEY, _CONNECTION = new_uuid(), new_uuid()


class Run(msgspec.Struct, frozen=True):
    """One repeat."""

    rows_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float


class Report(msgspec.Struct, frozen=True):
    """Medians over the repeats. `load` is the machine's one-minute average before: above 1, others were at work."""

    callers: int
    repeats: int
    load: float
    group_commit: Run
    row_per_transaction: Run
    ratio: float
    killed_after: int
    lost: int


def made_call(org_id: UUID) -> Invocation:
    return Invocation(
        org_id=org_id,
        request_id=new_uuid(),
        key_id=KEY,
        connection_id=_CONNECTION,
        vendor="canopy",
        operation="list_clients",
        status=200,
        meter=Meter.READ,
        units=1,
        billable=True,
        reason=Reason.SUCCESS,
        rows=50,
        vendor_us=21_000,
        platform_us=900,
    )


async def _measure(record: Callable[[Invocation], Awaitable[object]], callers: int, rows: int) -> Run:
    waits: list[float] = []
    org_id = uuid4()

    async def caller() -> None:
        for _ in range(rows // callers):
            call = made_call(org_id)
            began = time.perf_counter()
            await record(call)
            waits.append(time.perf_counter() - began)

    gc.collect()
    gc.freeze()  # as a server does after its start
    cpu, began = time.process_time(), time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    elapsed, cpu = time.perf_counter() - began, time.process_time() - cpu
    cuts = statistics.quantiles(waits, n=100)
    return Run(len(waits) / elapsed, cuts[49] * 1e3, cuts[98] * 1e3, cpu / len(waits) * 1e6)


def _median(runs: list[Run]) -> Run:
    return Run(*(statistics.median(column) for column in zip(*map(msgspec.structs.astuple, runs), strict=True)))


async def _record_alone(pool: Pool, call: Invocation) -> None:
    await pool.execute(QUERIES["insert_invocations"], literals.array([as_record(call)]))


async def _compare(url: str, callers: int, rows: int, repeats: int) -> tuple[Run, Run]:
    """Interleaved, so that a noisy neighbour disturbs both."""
    pool = await open_pool(url, "tickmark_meter")
    alone = await open_pool(url, "tickmark_meter", min_size=callers, max_size=callers)
    for setting in ("fsync", "synchronous_commit"):
        assert await pool.fetchval(f"SHOW {setting}") == "on"
    ledger = UsageLedger(pool)
    await ledger.start()
    await _measure(ledger.record, callers, rows // 4)
    grouped: list[Run] = []
    single: list[Run] = []
    for _ in range(repeats):
        grouped.append(await _measure(ledger.record, callers, rows))
        single.append(await _measure(lambda call: _record_alone(alone, call), callers, rows // 16))
    await ledger.close()
    await asyncio.gather(pool.close(), alone.close())
    return _median(grouped), _median(single)


async def record_until_killed(url: str, org_id: UUID) -> None:
    """Prints each request id once its row is acknowledged, from 64 callers, for ever."""
    ledger = UsageLedger(await open_pool(url, "tickmark_meter"))
    await ledger.start()

    async def caller() -> None:
        while True:
            call = made_call(org_id)
            await ledger.record(call)
            print(call.request_id, flush=True)

    await asyncio.gather(*(caller() for _ in range(64)))


async def _kill(url: str, after: int) -> tuple[int, int]:
    """Rows acknowledged by a process that was killed, and how many of them the ledger lacks."""
    org_id = uuid4()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.metering", "--until-killed", url, str(org_id), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    output = b"".join([await process.stdout.readline() for _ in range(after)])
    process.kill()
    output += await process.stdout.read()
    await process.wait()
    acknowledged = {UUID(line.decode().strip()) for line in output.splitlines(keepends=True) if line.endswith(b"\n")}
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT request_id FROM billing.usage WHERE org_id = $1", org_id)
    finally:
        await connection.close()
    return len(acknowledged), len(acknowledged - {row[0] for row in rows})


async def measure(callers: int, rows: int, repeats: int) -> Report:
    """Everything, on a database of its own."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        url = embedded.start_postgres(Path(directory) / "postgres")
        await migrate(url)
        grouped, single = await _compare(url, callers, rows, repeats)
        killed_after, lost = await _kill(url, 20_000)
    return Report(callers, repeats, load, grouped, single, grouped.rows_per_s / single.rows_per_s, killed_after, lost)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--callers", type=int, default=64)
    parser.add_argument("--rows", type=int, default=64_000)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--until-killed", nargs=2, metavar=("URL", "ORG"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.until_killed:
        uvloop.run(record_until_killed(options.until_killed[0], UUID(options.until_killed[1])))
    report = uvloop.run(measure(options.callers, options.rows, options.repeats))
    print(json.dumps(msgspec.to_builtins(report)) if options.json else _to_text(report))


def _to_text(report: Report) -> str:
    rows = [("group commit", report.group_commit), ("row per transaction", report.row_per_transaction)]
    lines = [
        f"{report.callers} callers, median of {report.repeats}, load {report.load:.1f}",
        f"{'':20}{'rows/s':>10}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>9}",
    ]
    lines += [f"{name:20}{r.rows_per_s:10,.0f}{r.p50_ms:9.2f}{r.p99_ms:9.2f}{r.cpu_us:9.2f}" for name, r in rows]
    lines.append(
        f"{report.ratio:.1f} times the rows; killed after {report.killed_after:,} acknowledged rows, lost {report.lost}"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
