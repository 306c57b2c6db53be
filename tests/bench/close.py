"""Closing a month of many calls over many organizations: how long, how much memory; and how fast usage pages stay.

    python -m tests.bench.close [--json] [--rows 1000000] [--organizations 1000] [--pages 300]

Starts its own PostgreSQL, fills the request log and usage by one statement (calls of all organizations mingled, as they
arrive), closes every organization's month, four at once, and reconciles some. A usage page is
what a customer looks at: the newest calls, the month's sums by day, and the bill so far, once the worker's minute job
has summed the ledger up.
"""

import argparse
import asyncio
import json
import os
import random
import resource
import statistics
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import msgspec
import uvloop

from billing import (
    PUBLIC_PLAN,
    GroupBy,
    PriceBook,
    close_period,
    list_calls,
    load_price_book,
    make_partitions,
    month_to_date,
    open_account,
    reconcile,
    sum_up,
    summarize_usage,
)
from service import embedded
from service.db.migrate import migrate
from service.db.pool import Pool, as_organization, open_pool

_MONTH = date(2026, 10, 1)
_STARTS, _ENDS = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
_LAST = _ENDS - timedelta(seconds=1)

_FILL = """
    WITH made AS (
        SELECT ($3::uuid[])[1 + (random() * (cardinality($3) - 1))::int] AS org_id,
               (lpad(to_hex(($4 + n * $5)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3)
                || '8' || substr(md5(n::text), 4, 15))::uuid AS request_id,
               ($6::uuid[])[1 + n % 4] AS key_id
        FROM generate_series($1::bigint, $2::bigint) AS n
    ), logged AS (
        INSERT INTO billing.calls (org_id, request_id, recorded_at, key_id, connection_id, vendor_us, platform_us,
                                   units, row_count, status, billable, meter, vendor, operation, reason)
        SELECT org_id, request_id, billing.occurred_at(request_id), key_id, key_id, 21000, 900, 1, 50, 200, true,
               'read', 'canopy', 'listClients', 'success' FROM made
    )
    INSERT INTO billing.usage (org_id, request_id, recorded_at, key_id, connection_id, units, meter, operation)
    SELECT org_id, request_id, billing.occurred_at(request_id), key_id, key_id, 1, 'read', 'listClients' FROM made"""


class Report(msgspec.Struct, frozen=True):
    """`load` is the machine's one-minute average before: above 1, others were at work."""

    rows: int
    organizations: int
    load: float
    fill_s: float
    sum_s: float
    """The worker's minute job, which finds the whole month at once here."""
    close_s: float
    billed_units: int
    memory_before_mb: float
    memory_after_mb: float
    database_mb: float
    differences: int
    page_p50_ms: float
    page_p99_ms: float


async def _fill(owner: "asyncpg.Connection[asyncpg.Record]", book: PriceBook, rows: int, orgs: list[UUID]) -> None:
    await make_partitions(owner, _STARTS, 1)
    for org_id in orgs:
        await open_account(owner, org_id, book.find(*PUBLIC_PLAN), "UTC", "USD", opened_at=_STARTS)
    keys = [uuid4() for _ in range(4)]
    step_ms = (_ENDS - _STARTS).total_seconds() * 1000 / rows
    for start in range(0, rows, 250_000):
        span = (start, min(rows, start + 250_000) - 1)
        await owner.execute(_FILL, *span, orgs, int(_STARTS.timestamp() * 1000), step_ms, keys)
    await owner.execute("VACUUM (ANALYZE) billing.usage")
    await owner.execute("VACUUM (ANALYZE) billing.calls")


async def _close(pool: Pool, book: PriceBook, orgs: list[UUID], at_once: int = 4) -> int:
    """Some at once: a commit waits for the disk, and several waits cost what one does."""
    waiting = list(orgs)
    units = 0

    async def closer() -> None:
        nonlocal units
        async with pool.acquire() as connection:
            while waiting:
                org_id = waiting.pop()
                invoice = await close_period(connection, book, org_id, _MONTH, as_of=_ENDS + timedelta(days=2))
                units += invoice.units

    await asyncio.gather(*(closer() for _ in range(at_once)))
    return units


async def _pages(pool: Pool, book: PriceBook, orgs: list[UUID], pages: int) -> list[float]:
    waits: list[float] = []
    for _ in range(pages):
        org_id = random.choice(orgs)
        began = time.perf_counter()
        async with as_organization(pool, org_id) as connection:
            await list_calls(connection, org_id, limit=50)
            await summarize_usage(connection, org_id, _STARTS, _ENDS, GroupBy.DAY)
            await month_to_date(connection, book, org_id, _LAST)
        waits.append(time.perf_counter() - began)
    return waits


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measure(rows: int, organizations: int, pages: int) -> Report:
    """Everything, on a database of its own."""
    load, book, orgs = os.getloadavg()[0], load_price_book(), [uuid4() for _ in range(organizations)]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        url = embedded.start_postgres(Path(directory) / "postgres")
        await migrate(url)
        owner = await asyncpg.connect(url)
        began = time.perf_counter()
        await _fill(owner, book, rows, orgs)
        fill_s = time.perf_counter() - began
        operators, app = await open_pool(url, "tickmark_operator"), await open_pool(url, "tickmark_app")
        began = time.perf_counter()
        async with operators.acquire() as connection:
            await sum_up(connection)
        sum_s = time.perf_counter() - began
        await _pages(app, book, orgs, 3)
        waits = await _pages(app, book, orgs, pages)
        before_mb, began = _memory_mb(), time.perf_counter()
        units = await _close(operators, book, orgs)
        close_s, after_mb = time.perf_counter() - began, _memory_mb()
        async with operators.acquire() as connection:
            found = [await reconcile(connection, book, org_id, _MONTH) for org_id in orgs[:10]]
        size: int = await owner.fetchval("SELECT pg_database_size(current_database())")
        await owner.close()
        await asyncio.gather(operators.close(), app.close())
    cuts = statistics.quantiles(waits, n=100)
    return Report(
        rows, organizations, load, fill_s, sum_s, close_s, units, before_mb, after_mb, size / 2**20,
        sum(one.difference for one in found), cuts[49] * 1e3, cuts[98] * 1e3,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--organizations", type=int, default=1_000)
    parser.add_argument("--pages", type=int, default=300)
    options = parser.parse_args()
    report = uvloop.run(measure(options.rows, options.organizations, options.pages))
    if options.json:
        print(json.dumps(msgspec.to_builtins(report)))
        return
    print(
        f"{report.rows:,} calls of {report.organizations:,} organizations, load {report.load:.1f}\n"
        f"closed in {report.close_s:.1f} s, {report.billed_units:,} units billed, "
        f"memory {report.memory_before_mb:.0f} -> {report.memory_after_mb:.0f} MB, difference {report.differences}\n"
        f"usage page p50 {report.page_p50_ms:.1f} ms, p99 {report.page_p99_ms:.1f} ms; "
        f"filled in {report.fill_s:.0f} s, summed in {report.sum_s:.1f} s, database {report.database_mb:,.0f} MB"
    )


if __name__ == "__main__":
    main()
