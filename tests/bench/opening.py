"""Opening a connection, sealing and opening a secret, warm: `python -m tests.bench.opening [--json]`.

Goals: a connection (its state, its consent, its credentials at hand) in 20 us, a secret sealed or opened in 10 us.
"""

import argparse
import asyncio
import json
import secrets
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import uvloop

from service import embedded
from service.accounts.caller import Caller
from service.accounts.organizations import create_firm, create_organization
from service.accounts.tokens import Mode
from service.application import quiet_garbage_collector
from service.connections.credentials import Credentials
from service.connections.link import create_connection
from service.connections.open import Connections
from service.connections.refresh import CredentialKeeper, TokenReply
from service.connections.store import Account
from service.connections.vault import LocalKey, Place, Vault
from service.consent.ledger import ConsentLedger
from service.db.migrate import migrate
from service.db.pool import open_pool
from service.ids import new_uuid

ROUNDS = 20_000


class Report(msgspec.Struct, frozen=True):
    """Medians, in microseconds."""

    open_us: float
    seal_us: float
    unseal_us: float


async def measure(postgres_url: str) -> Report:
    await migrate(postgres_url)
    vault, at = Vault(LocalKey(secrets.token_bytes(32))), datetime.now(UTC)
    async with await open_pool(postgres_url, "tickmark_operator", max_size=2) as pool:
        async with pool.acquire() as connection:
            organization = await create_organization(connection, "Bench Apps")
            firm = await create_firm(connection, organization.id, "Bench & Co")
            made = await create_connection(
                connection,
                vault,
                org_id=organization.id,
                firm_id=firm.id,
                vendor="quickbooks",
                accounts=[Account(0, "9130", "Bench & Co", "USD")],
                credentials=Credentials(access_token="a" * 900, expires_at=at + timedelta(hours=1)),
                granted_by="bench",
                consent_scopes=["clients"],
                sandbox=True,
            )
        caller = Caller(
            org_id=organization.id,
            key_id=new_uuid(),
            mode=Mode.TEST,
            scopes=frozenset(),
            firm_ids=None,
            connection_ids=None,
            api_version=date(2026, 11, 20),
            ip_allow=(),
            expires_at=None,
        )
        connections, keeper, ledger = Connections(pool), CredentialKeeper(pool, vault), ConsentLedger(pool)

        async def refuse(_: Credentials) -> TokenReply:
            raise AssertionError("nothing to renew")

        async def whole() -> None:
            opened = await connections.open(caller, made.id)
            await ledger.cover(opened.org_id, opened.firm_id, opened.id, "clients", at)
            if keeper.held(opened) is None:
                await keeper.fresh_credentials(opened, refuse)

        place, plain = Place("connection_secrets", "sealed", "row"), secrets.token_bytes(900)
        key = await vault.new_data_key(organization.id, firm.id, 1)
        sealed = await vault.seal(key, place, plain)
        quiet_garbage_collector()
        at = datetime.now(UTC)
        return Report(
            await _median_us(whole),
            await _median_us(lambda: vault.seal(key, place, plain)),
            await _median_us(lambda: vault.open(key, place, sealed)),
        )


async def _median_us(step: Callable[[], Awaitable[object]]) -> float:
    waits: list[int] = []
    for number in range(ROUNDS):
        began = time.perf_counter_ns()
        await step()
        waits.append(time.perf_counter_ns() - began)
        if number % 100 == 0:
            await asyncio.sleep(0)
    return round(statistics.median(waits) / 1000, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory,
        embedded.running(Path(directory)) as servers,
    ):
        report = uvloop.run(measure(servers.postgres_url))
    if options.json:
        print(json.dumps(msgspec.to_builtins(report)))
        return
    print(f"open a connection: {report.open_us} us (goal: 20)")
    print(f"seal a secret: {report.seal_us} us, open it: {report.unseal_us} us (goal: 10)")


if __name__ == "__main__":
    main()
