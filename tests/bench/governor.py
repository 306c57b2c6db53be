"""Twice the load that a vendor takes, over two processes: `python -m tests.bench.governor [--seconds 10] [--json]`.

Each process runs the product's own engine, budget keeper and transport against the QuickBooks sandbox, which enforces
Intuit's 10 calls a second for each realm. Calls come in evenly, 20 a second in all; each waits at most 2 seconds. Told
is how many of the calls that reached the vendor were answered 429. The last line is one JSON object.
"""

import argparse
import asyncio
import json
import multiprocessing
import secrets
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import uvloop
from redis.asyncio import Redis

from service import embedded, ids
from service.connectors.budgets import RedisBudgetKeeper
from service.connectors.quickbooks.connector import QUICKBOOKS
from service.connectors.sdk.binding import Query
from service.connectors.sdk.engine import Engine, Leg, Link
from service.connectors.sdk.faults import RateLimited
from service.connectors.transport import HttpTransport
from service.sandbox.serve import SandboxServer, running

PROCESSES = 2
LIMIT_A_SECOND = 10
OFFERED = 2 * LIMIT_A_SECOND
WAIT_S = 2.0


class Plan(msgspec.Struct, frozen=True):
    """All that a process has to know."""

    redis_url: str
    vendor_url: str
    account: str
    token: str
    key: str
    calls: int
    every_s: float


class Report(msgspec.Struct, frozen=True):
    """What came of it."""

    offered: int
    served: int
    refused_by_us: int
    vendor_calls: int
    vendor_429: int
    share_429: float
    seconds: float


class Token:
    """A token that stays good."""

    def __init__(self, token: str) -> None:
        self._token = token

    def held(self) -> str | None:
        return self._token

    async def access_token(self) -> str:
        return self._token

    async def renewed(self, refused: str) -> str:
        return self._token


def work(plan: Plan, answers: "multiprocessing.SimpleQueue[tuple[int, int]]") -> None:
    """One process: calls served, and calls that found no room in time."""
    answers.put(uvloop.run(_work(plan)))


async def _work(plan: Plan) -> tuple[int, int]:
    redis = Redis.from_url(plan.redis_url)  # pyright: ignore[reportUnknownMemberType]
    async with HttpTransport() as transport:
        engine = Engine(transport, RedisBudgetKeeper(redis, processes=PROCESSES))
        link = Link(QUICKBOOKS, plan.vendor_url, plan.account, plan.key, Token(plan.token))
        book = ids.Book(ids.new_uuid(), 0, plan.account, "USD")
        binding = QUICKBOOKS.bindings()["clients"]
        assert binding.page is not None
        page = binding.page

        async def call() -> bool:
            try:
                await engine.run(page(Query(limit=1), book), link, Leg(), wait_s=WAIT_S)
            except RateLimited:
                return False
            return True

        tasks: list[asyncio.Task[bool]] = []
        for _ in range(plan.calls):
            tasks.append(asyncio.create_task(call()))
            await asyncio.sleep(plan.every_s)
        done = await asyncio.gather(*tasks)
    await redis.aclose()
    return sum(done), len(done) - sum(done)


def measure(redis_url: str, sandbox: SandboxServer, seconds: float) -> Report:
    """The load for so long."""
    grant = sandbox.grant()
    calls = int(OFFERED * seconds / PROCESSES)
    sandbox.limits(per_second=LIMIT_A_SECOND, per_minute=None)
    plan = Plan(
        redis_url, sandbox.url, grant.account, grant.access_token, secrets.token_hex(8), calls, PROCESSES / OFFERED
    )
    context = multiprocessing.get_context("spawn")
    answers: multiprocessing.SimpleQueue[tuple[int, int]] = context.SimpleQueue()
    workers = [context.Process(target=work, args=(plan, answers)) for _ in range(PROCESSES)]
    started = time.monotonic()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=seconds + 60)
    took_s = time.monotonic() - started
    told = [answers.get() for _ in workers]
    stats = sandbox.stats()
    total, throttled = int(stats["total"]), int(stats["throttled"])
    return Report(
        offered=calls * PROCESSES,
        served=sum(served for served, _ in told),
        refused_by_us=sum(refused for _, refused in told),
        vendor_calls=total,
        vendor_429=throttled,
        share_429=round(throttled / total, 5) if total else 0.0,
        seconds=round(took_s, 1),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", action="store_true", help="only the last line")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="tickmark-bench-") as directory,
        embedded.running(Path(directory)) as servers,
        running("quickbooks") as sandbox,
    ):
        report = measure(servers.redis_url, sandbox, options.seconds)
    if not options.json:
        print(
            f"{report.offered} calls offered, {report.served} served, {report.refused_by_us} refused by us; "
            f"the vendor saw {report.vendor_calls} and answered {report.vendor_429} with 429"
        )
    print(json.dumps(msgspec.to_builtins(report)))
    return 0 if report.share_429 < 0.001 else 1


if __name__ == "__main__":
    sys.exit(main())
