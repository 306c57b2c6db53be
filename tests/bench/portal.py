"""Every page of the portal with a million billed calls and a hundred thousand rows in the log.

    python -m tests.bench.portal [--json] [--usage 1000000] [--calls 100000] [--loads 20]

Starts its own PostgreSQL, Valkey and server, writes the rows with SQL, closes the months that are over, makes the sums
as the worker would, leaves the last minute's calls beyond them, and loads each page one at a time, as its owner. What
is printed is the time from asking to the last byte, after the machine's load before: the figures of a busy one say
little, and the best ones most. Exit code 1 if a page's p95 is over 100 ms.
"""

import argparse
import json
import os
import secrets
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import asyncpg
import uvloop
from httpx import AsyncClient
from msgspec import Struct, to_builtins

from service import embedded
from service.db.migrate import migrate
from service.portal.cookies import SESSION
from service.portal.portal import portal_routes
from service.server import serving
from service.settings import Secret, Settings
from tests.bench.portal_stage import Staged, furnish

MOST_MS: Final = 100.0
_MINE: Final = ("/outbox", "/robots.txt", "/llms.txt")


class Load(Struct, frozen=True):
    """One page, loaded so often."""

    path: str
    status: int
    best_ms: float
    p50_ms: float
    p95_ms: float
    size_bytes: int


async def run(usage: int, calls: int, loads: int) -> list[Load]:
    with (
        tempfile.TemporaryDirectory(prefix="tickmark-bench-", ignore_cleanup_errors=True) as directory,
        embedded.running(Path(directory)) as servers,
    ):
        owner = await asyncpg.connect(servers.postgres_url)
        for setting in ("fsync = off", "max_wal_size = '4GB'"):  # of the filling alone: loading a page writes nothing
            await owner.execute(f"ALTER SYSTEM SET {setting}")
        await owner.execute("SELECT pg_reload_conf()")
        await owner.close()
        await migrate(servers.postgres_url)
        settings = Settings(
            database_url=servers.postgres_url,
            redis_url=servers.redis_url,
            key_peppers={1: Secret(secrets.token_bytes(32))},
            key_encryption_key=(Secret(secrets.token_bytes(32)),),
            cursor_key=Secret(secrets.token_bytes(32)),
            metrics_port=0,
        )
        began = time.perf_counter()
        staged = await furnish(servers.postgres_url, settings, usage, calls)
        print(f"filled in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        async with (
            serving(settings, port) as url,
            AsyncClient(base_url=url, cookies={SESSION: staged.session}, timeout=60) as browser,
        ):
            return [await load(browser, path, loads) for path in paths_of(staged)]


def paths_of(staged: Staged) -> list[str]:
    """Every page there is, and some of them asked for what is rare."""
    looked_at = [route.path for route in portal_routes() if route.method == "GET" and not route.path.startswith(_MINE)]
    found: list[str] = []
    for path in [*looked_at, *(name for name in staged.paths if name not in looked_at)]:
        if path in staged.paths:
            found.append(staged.paths[path])
        elif "{" not in path:
            found.append(path)
        elif not path.startswith("/assets"):
            print(f"not measured, for want of a thing to look at: {path}", file=sys.stderr)
    return found


async def load(browser: AsyncClient, path: str, loads: int) -> Load:
    """One after the other; the first is counted too."""
    times: list[float] = []
    status, size = 0, 0
    for _ in range(loads):
        began = time.perf_counter()
        answer = await browser.get(path)
        times.append((time.perf_counter() - began) * 1000)
        status, size = answer.status_code, len(answer.content)
    times.sort()
    best, p50, p95 = (round(times[place], 1) for place in (0, len(times) // 2, round((len(times) - 1) * 0.95)))
    return Load(path, status, best, p50, p95, size)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--usage", type=int, default=1_000_000)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--loads", type=int, default=20)
    options = parser.parse_args()
    load_before = os.getloadavg()[0]
    found = uvloop.run(run(options.usage, options.calls, options.loads))
    if options.json:
        print(json.dumps(to_builtins(found)))
    else:
        print(f"load of the machine {load_before:.1f}, on {os.cpu_count()} cores")
        print(f"{'best ms':>8} {'p50 ms':>8} {'p95 ms':>8} {'bytes':>8}  page")
        for one in sorted(found, key=lambda one: -one.p95_ms):
            print(
                f"{one.best_ms:8.1f} {one.p50_ms:8.1f} {one.p95_ms:8.1f} {one.size_bytes:8,}  {one.path}  {one.status}"
            )
    sys.exit(any(one.p95_ms > MOST_MS or one.status >= 500 for one in found))


if __name__ == "__main__":
    main()
