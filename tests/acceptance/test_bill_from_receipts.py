"""The bill as a customer can add it up: from nothing but the headers of the answers, of four apps at once."""

import asyncio
import random
from collections import Counter
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from service.settings import Settings
from tests.acceptance.conftest import Api, settings_of
from tests.conftest import Database

pytestmark = pytest.mark.anyio

CALLS = 30
FREE = {"client_error", "dry_run", "management", "not_modified", "replay", "vendor_error"}


@pytest.fixture(scope="module")
def settings(database: Database, redis_url: str) -> Settings:
    """With more room than four apps need."""
    return replace(
        settings_of(database.owner_url, redis_url), key_calls_per_second=10_000, key_calls_per_minute=1_000_000
    )


class App:
    """One app, and the receipts of all that it was answered."""

    def __init__(self, api: Api, seed: int) -> None:
        self._api = api
        self._dice = random.Random(seed)
        self._seed = seed
        self.receipts: list[httpx.Headers] = []

    async def run(self) -> None:
        doings = (
            self._list,
            self._read_twice,
            self._write_twice,
            self._try_out,
            self._mistake,
            self._upload,
            self._ask,
        )
        for number in range(CALLS):
            for answer in await self._dice.choice(doings)(f"{self._seed}-{number}"):
                self.receipts.append(answer.headers)

    async def _list(self, _: str) -> list[httpx.Response]:
        vendor = self._dice.choice(("canopy", "quickbooks"))
        return [await self._api.get(f"/v1/{self._dice.choice(('clients', 'invoices', 'payments'))}?limit=2", vendor)]

    async def _read_twice(self, _: str) -> list[httpx.Response]:
        listed = await self._api.get("/v1/clients?limit=5", "quickbooks")
        path = f"/v1/clients/{self._dice.choice(listed.json()['data'])['id']}"
        read = await self._api.get(path)
        return [listed, read, await self._api.get(path, If_None_Match=read.headers["etag"])]

    async def _write_twice(self, name: str) -> list[httpx.Response]:
        body = {"display_name": f"Alder {name}"}
        return [await self._api.post("/v1/clients", body, "quickbooks", Idempotency_Key=name) for _ in range(2)]

    async def _try_out(self, name: str) -> list[httpx.Response]:
        return [await self._api.post("/v1/clients?dry_run=true", {"display_name": name}, "quickbooks")]

    async def _mistake(self, _: str) -> list[httpx.Response]:
        paths = ("/v1/clients/cli_nope", "/v1/clients?limit=0", "/v1/signatures", "/v1/nothing")
        return [await self._api.get(self._dice.choice(paths), "quickbooks")]

    async def _upload(self, name: str) -> list[httpx.Response]:
        headers = {"Content-Type": "application/octet-stream", "Idempotency-Key": f"file {name}".replace(" ", "-")}
        sent = await self._api.http.post(
            f"/v1/documents?name={name}.txt", content=b"bytes", headers=self._api.headers("quickbooks") | headers
        )
        return [sent, await self._api.get(f"/v1/documents/{sent.json()['id']}/content", Range="bytes=0-1")]

    async def _ask(self, _: str) -> list[httpx.Response]:
        return [await self._api.get("/v1/me")]


async def test_receipts_usage_and_bill_agree(api: Api) -> None:
    apps = [App(api, seed) for seed in range(4)]
    await asyncio.gather(*(app.run() for app in apps))
    receipts = [receipt for app in apps for receipt in app.receipts]
    billed = [receipt for receipt in receipts if receipt["usage-billable"] == "?1"]
    units: Counter[str] = Counter()
    for receipt in billed:
        units[receipt["usage-meter"]] += int(receipt["usage-units"])

    rows = await every_call(api)
    month = (await api.get("/v1/billing/month-to-date")).json()

    assert {receipt["usage-reason"] for receipt in billed} == {"success"}
    assert {receipt["usage-reason"] for receipt in receipts if receipt not in billed} <= FREE
    assert [(rows[one["request-id"]]["units"], rows[one["request-id"]]["reason"]) for one in receipts] == [
        (int(one["usage-units"]), one["usage-reason"]) for one in receipts
    ]
    assert sum(row["units"] for row in rows.values()) == units.total()
    assert quantities(month) == units
    assert set(units) == {"read", "write", "document"}


async def every_call(api: Api) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    cursor = ""
    while True:
        page = (await api.get(f"/v1/usage?limit=200{cursor}")).json()
        found |= {row["id"]: row for row in page["data"]}
        if not page["has_more"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def quantities(month: dict[str, Any]) -> Counter[str]:
    found: Counter[str] = Counter()
    for line in month["lines"]:
        found[line["meter"]] += line["quantity"]
    return found
