"""One expired token, a thousand calls, four processes, one refresh: `python -m tests.bench.refresh [--json]`.

Every process opens the same connection with the product's own parts (pool, vault, keeper, transport) and asks for good
credentials 250 times at once; all start together. The QuickBooks sandbox rotates refresh tokens and counts refreshes: a
second one would be refused. The last line is one JSON object.
"""

import argparse
import asyncio
import base64
import json
import multiprocessing
import secrets
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from service import embedded
from service.accounts.organizations import create_firm, create_organization
from service.connections.credentials import Credentials
from service.connections.link import create_connection
from service.connections.open import OpenConnection
from service.connections.refresh import CredentialKeeper
from service.connections.store import Account
from service.connections.vault import LocalKey, Vault
from service.connections.vendors import Vendors, VendorSetup
from service.connectors.registry import CONNECTORS
from service.connectors.sdk.auth import AppCredentials, TokenReply
from service.connectors.transport import HttpTransport
from service.db.migrate import migrate
from service.db.pool import open_pool
from service.sandbox.serve import SandboxServer, running

CALLS = 1000
PROCESSES = 4


class Plan(msgspec.Struct, frozen=True):
    """All that a process has to know."""

    database_url: str
    key: str
    client: tuple[str, str]
    opened: OpenConnection
    calls: int


class Report(msgspec.Struct, frozen=True):
    """What came of it."""

    calls: int
    processes: int
    vendor_refreshes: int
    failed: int


async def prepare(postgres_url: str, sandbox: SandboxServer, calls: int, processes: int) -> Plan:
    """A connection whose access token has just expired."""
    await migrate(postgres_url)
    grant = sandbox.grant()
    key = secrets.token_bytes(32)
    async with await open_pool(postgres_url, "tickmark_operator", max_size=1) as pool, pool.acquire() as connection:
        organization = await create_organization(connection, "Bench Apps")
        firm = await create_firm(connection, organization.id, "Bench & Co")
        made = await create_connection(
            connection,
            Vault(LocalKey(key)),
            org_id=organization.id,
            firm_id=firm.id,
            vendor="quickbooks",
            accounts=[Account(0, grant.account, "Bench & Co", "USD")],
            credentials=Credentials(
                access_token=grant.access_token,
                refresh_token=grant.refresh_token,
                expires_at=datetime.now(UTC) - timedelta(seconds=1),
            ),
            granted_by="bench",
            consent_scopes=["clients"],
            sandbox=True,
            base_url=sandbox.url,
        )
    opened = OpenConnection(
        org_id=made.org_id,
        firm_id=made.firm_id,
        id=made.id,
        vendor=made.vendor,
        sandbox=True,
        base_url=sandbox.url,
        accounts=(Account(0, grant.account, "Bench & Co", "USD"),),
    )
    text = base64.b64encode(key).decode()
    return Plan(postgres_url, text, (grant.client_id, grant.client_secret), opened, calls // processes)


def ask(plan: Plan, together: Barrier, answers: "multiprocessing.SimpleQueue[tuple[int, str]]") -> None:
    """One process: how many of its calls failed, and the token that the others got."""
    answers.put(uvloop.run(_ask(plan, together)))


async def _ask(plan: Plan, together: Barrier) -> tuple[int, str]:
    async with await open_pool(plan.database_url, "tickmark_app", max_size=6) as pool, HttpTransport() as transport:
        setups = {"quickbooks": VendorSetup(AppCredentials(*plan.client))}
        vendors = Vendors(transport, CONNECTORS, setups)
        keeper = CredentialKeeper(pool, Vault(LocalKey.from_base64(plan.key)))
        door = vendors.door("quickbooks", sandbox=True, base_url=plan.opened.base_url)
        assert door is not None

        async def exchange(stored: Credentials) -> TokenReply:
            return await vendors.renew(door, stored)

        await asyncio.to_thread(together.wait)
        found = await asyncio.gather(
            *(keeper.fresh_credentials(plan.opened, exchange) for _ in range(plan.calls)), return_exceptions=True
        )
        await keeper.close()
    tokens = {one.access_token for one in found if isinstance(one, Credentials)}
    failed = sum(isinstance(one, BaseException) for one in found)
    return failed + (len(tokens) > 1), next(iter(tokens), "")


def measure(calls: int, processes: int) -> tuple[Report, float]:
    """The report, and the seconds it took from the starting shot."""
    context: Any = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory,
        running("quickbooks", clients=10) as sandbox,
        embedded.running(Path(directory)) as servers,
    ):
        plan = uvloop.run(prepare(servers.postgres_url, sandbox, calls, processes))
        together = context.Barrier(processes + 1)
        answers = context.SimpleQueue()
        children = [context.Process(target=ask, args=(plan, together, answers)) for _ in range(processes)]
        for child in children:
            child.start()
        together.wait()
        began = time.perf_counter()
        results = [answers.get() for _ in children]
        took_s = time.perf_counter() - began
        for child in children:
            child.join()
        refreshes: int = sandbox.stats()["token_refreshes"]
    failed = sum(count for count, _ in results) + (len({token for _, token in results}) > 1)
    return Report(calls, processes, refreshes, failed), took_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="the last line alone")
    parser.add_argument("--calls", type=int, default=CALLS)
    parser.add_argument("--processes", type=int, default=PROCESSES)
    options = parser.parse_args()
    report, took_s = measure(options.calls, options.processes)
    if not options.json:
        print(f"{report.calls} calls in {report.processes} processes on an expired token: {took_s * 1000:.0f} ms")
    print(json.dumps(msgspec.to_builtins(report), separators=(",", ":")))
    sys.exit(0 if (report.vendor_refreshes, report.failed) == (1, 0) else 1)


if __name__ == "__main__":
    main()
