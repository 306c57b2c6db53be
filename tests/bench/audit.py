"""The audit log: what a row adds to a recorded call, and how long a million rows take to verify offline.

    python -m tests.bench.audit [--json] [--rows 1000000] [--calls 20000] [--callers 64] [--offered 5000 8000]

The first part starts its own PostgreSQL (fsync on, with log files to use again, as one in service has) and records the
same calls without and with audit rows, run after run in turns; making the row (personal fields sealed, canonical JSON)
is included. It asks twice:

offered     so many calls a second arrive, whatever becomes of those before them, some every millisecond: what a worker
            serves. A wait begins when the call was due, so that a late start counts.
saturated   callers who do nothing but record the next call once the last is committed: the wait is then the batch, and
            twice the work in a commit is twice the wait, at p50 and p99 alike.

The second part writes an export of a log with a checkpoint for every 1,000 rows to a file and verifies it in a process
of its own.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import asyncpg
import msgspec
import uvloop

from billing import Invocation, Meter, Reason, UsageLedger
from service import embedded
from service.audit.calls import BESIDE
from service.audit.checkpoints import Signer, checkpoint_over, first_of
from service.audit.entry import Entry, Personal, SealedPart, to_row
from service.audit.export import End, Head, RowLine
from service.audit.hashes import genesis, leaf_hash, link_hash
from service.audit.personal import PersonalKeys
from service.audit.sealing import chain
from service.clock import now
from service.connections.vault import LocalKey, Vault
from service.db.migrate import migrate
from service.db.pool import open_pool
from service.ids import new_uuid
from tests.bench.log_files import leave_log_files

SIGNER = Signer(b"b" * 32)
_KEY, _CONNECTION, _FIRM, _CONSENT = new_uuid(), new_uuid(), new_uuid(), new_uuid()
_encode = msgspec.json.Encoder().encode


class Run(msgspec.Struct, frozen=True):
    """One repeat, in milliseconds and microseconds of this process's CPU a call."""

    p50_ms: float
    p99_ms: float
    cpu_us: float


class Added(msgspec.Struct, frozen=True):
    """One load, medians over the repeats. `added_p99_ms`: the median of with minus without."""

    load: str
    without: Run
    with_audit: Run
    added_p99_ms: float


class Report(msgspec.Struct, frozen=True):
    """`machine_load`: the one-minute average before."""

    machine_load: float
    added: list[Added]
    sealed_rows_per_s: float
    rows: int
    file_mb: float
    verify_s: float
    intact: bool


Recorder = Callable[[UUID], Awaitable[None]]
"""Records one call of an organization."""
Load = Callable[[Recorder, UUID], Awaitable[list[float]]]
"""Records many; how long each waited, in seconds."""


def _call(org_id: UUID) -> Invocation:
    return Invocation(
        org_id=org_id,
        request_id=new_uuid(),
        key_id=_KEY,
        connection_id=_CONNECTION,
        vendor="canopy",
        operation="listClients",
        status=200,
        meter=Meter.READ,
        units=1,
        billable=True,
        reason=Reason.SUCCESS,
        rows=200,
    )


def _entry(org_id: UUID, row_id: UUID, personal: SealedPart | None = None) -> Entry:
    return Entry(
        org=org_id,
        id=row_id,
        kind="call",
        actor=f"key:{_KEY}",
        what="listClients",
        outcome="success",
        status=200,
        scope="clients:read",
        firm=_FIRM,
        connection=_CONNECTION,
        vendor="canopy",
        rows=200,
        consents=(_CONSENT,),
        purpose="practice management",
        personal=personal,
    )


def _plain(ledger: UsageLedger) -> Recorder:
    async def record(org: UUID) -> None:
        await ledger.record(_call(org))

    return record


def _audited(ledger: UsageLedger, keys: PersonalKeys) -> Recorder:
    async def record(org: UUID) -> None:
        call = _call(org)
        sealed = await keys.seal(org, _FIRM, call.request_id, Personal("192.0.2.7", ("cli_1",)))
        await ledger.record(call, to_row(_entry(org, call.request_id, sealed)))

    return record


def saturated(calls: int, callers: int) -> Load:
    async def load(record: Recorder, org: UUID) -> list[float]:
        waits: list[float] = []

        async def caller() -> None:
            for _ in range(calls // callers):
                began = time.perf_counter()
                await record(org)
                waits.append(time.perf_counter() - began)

        await asyncio.gather(*(caller() for _ in range(callers)))
        return waits

    return load


def offered(calls: int, per_s: int) -> Load:
    async def load(record: Recorder, org: UUID) -> list[float]:
        waits: list[float] = []
        clock = time.perf_counter  # the loop's own stands still between its rounds

        async def one(due: float) -> None:
            await record(org)
            waits.append(clock() - due)

        began = clock()
        async with asyncio.TaskGroup() as group:
            for tick in range(calls * 1000 // per_s):
                due = began + tick / 1000
                await asyncio.sleep(max(0.0, due - clock()))
                for _ in range(per_s // 1000):
                    group.create_task(one(min(due, clock())))
        return waits

    return load


async def _measure(load: Load, record: Recorder, org: UUID) -> Run:
    cpu = time.process_time()
    waits = await load(record, org)
    spent = time.process_time() - cpu
    cuts = statistics.quantiles(waits, n=100)
    return Run(cuts[49] * 1e3, cuts[98] * 1e3, spent / len(waits) * 1e6)


async def _compare(name: str, load: Load, plain: Recorder, audited: Recorder, repeats: int) -> Added:
    """In turns, so that a noisy neighbour disturbs both; the first pair warms up."""
    org = new_uuid()
    pairs = [(await _measure(load, plain, org), await _measure(load, audited, org)) for _ in range(repeats + 1)][1:]
    added = statistics.median(b.p99_ms - a.p99_ms for a, b in pairs)
    return Added(name, _median([a for a, _ in pairs]), _median([b for _, b in pairs]), round(added, 3))


async def _recording(url: str, options: argparse.Namespace) -> tuple[list[Added], float]:
    meter = await open_pool(url, "tickmark_meter", max_size=4)
    app = await open_pool(url, "tickmark_app", max_size=2)
    keys = PersonalKeys(app, Vault(LocalKey(os.urandom(32))))
    plain, audited = UsageLedger(meter), UsageLedger(meter, beside=BESIDE)
    await plain.start()
    await audited.start()
    loads = {f"{rate:,} calls/s offered": offered(options.calls, rate) for rate in options.offered}
    loads[f"saturated by {options.callers} callers"] = saturated(options.calls, options.callers)
    recorders = _plain(plain), _audited(audited, keys)
    added = [await _compare(name, load, *recorders, options.repeats) for name, load in loads.items()]
    operator = await open_pool(url, "tickmark_operator", max_size=1, timeout_s=300)
    async with operator.acquire() as connection:
        began = time.perf_counter()
        sealed = await chain(connection)
        rate = sealed / (time.perf_counter() - began)
    await plain.close()
    await audited.close()
    for pool in (meter, app, operator):
        await pool.close()
    return added, rate


def _median(runs: list[Run]) -> Run:
    return Run(
        *(round(statistics.median(values), 3) for values in zip(*map(msgspec.structs.astuple, runs), strict=True))
    )


def _write_log(path: Path, rows: int, every: int = 1000) -> None:
    org = new_uuid()
    link = genesis(org)
    before: tuple[int, str] = (0, first_of(org))
    leaves: list[bytes] = []
    with path.open("wb") as file:
        file.write(_encode(Head(1, org, SIGNER.public_key, now())) + b"\n")
        for seq in range(1, rows + 1):
            content = to_row(_entry(org, new_uuid())).content.encode()
            leaf = leaf_hash(content)
            link = link_hash(link, seq, leaf)
            leaves.append(leaf)
            file.write(_encode(RowLine(seq, link.hex(), msgspec.Raw(content))) + b"\n")
            if len(leaves) == every or seq == rows:
                made = checkpoint_over(leaves, link, seq - len(leaves) + 1, before, org, now())
                signed = SIGNER.sign(made)
                before, leaves = (made.number, signed.digest()), []
                file.write(_encode(signed) + b"\n")
        file.write(_encode(End(rows, link.hex())) + b"\n")


def _verify(path: Path) -> tuple[float, bool]:
    began = time.perf_counter()
    command = [sys.executable, "-m", "service", "audit", "verify", str(path), "--key", SIGNER.public_key, "--json"]
    done = subprocess.run(command, capture_output=True, check=False)
    return time.perf_counter() - began, done.returncode == 0 and json.loads(done.stdout)["intact"]


async def _postgres(directory: str, options: argparse.Namespace) -> tuple[list[Added], float]:
    url = embedded.start_postgres(Path(directory) / "postgres")
    await migrate(url)
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SHOW fsync") == "on"
    await leave_log_files(connection)
    await connection.close()
    return await _recording(url, options)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--callers", type=int, default=64)
    parser.add_argument("--offered", type=int, nargs="*", default=(5_000, 8_000), help="calls a second, in thousands")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="one object")
    options = parser.parse_args()
    machine_load = round(os.getloadavg()[0], 2)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        added, sealed = uvloop.run(_postgres(directory, options))
        path = Path(directory) / "log.jsonl"
        _write_log(path, options.rows)
        size = path.stat().st_size / 1e6
        took, intact = _verify(path)
    report = Report(machine_load, added, round(sealed), options.rows, round(size, 1), round(took, 2), intact)
    print(json.dumps(msgspec.to_builtins(report)) if options.json else _to_text(report))


def _to_text(report: Report) -> str:
    lines = [f"machine load {report.machine_load}"]
    for one in report.added:
        lines += [
            one.load,
            *(
                f"  {name:14} p50 {run.p50_ms:7.3f} ms, p99 {run.p99_ms:7.3f} ms, {run.cpu_us:6.2f} µs CPU a call"
                for name, run in (("without audit", one.without), ("with audit", one.with_audit))
            ),
            f"  added at p99   {one.added_p99_ms:.3f} ms",
        ]
    return "\n".join(
        [
            *lines,
            f"sealed            {report.sealed_rows_per_s:,.0f} rows/s",
            f"verified offline  {report.rows:,} rows in {report.verify_s} s, intact: {report.intact}",
        ]
    )


if __name__ == "__main__":
    main()
