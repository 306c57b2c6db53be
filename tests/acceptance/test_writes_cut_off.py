"""A process is killed between the vendor's write and our record of it; a worker that comes later settles the write."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from service import embedded
from service.clock import now
from service.db.pool import Pool
from service.demo.cast import prepare_cast
from service.jobs.settler import Settling
from service.sandbox import serve
from service.sandbox.serve import SandboxServer
from service.settings import Settings, load
from tests.acceptance.conftest import Api, peppers_of, vault_of
from tests.bench.stage import environ_of, free_port
from tests.conftest import Database

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).resolve().parents[2]
CLIENT: dict[str, Any] = {"display_name": "Alder & Sons"}
PERSON: dict[str, Any] = {"display_name": "Rowan Alder", "kind": "individual"}
LATER = timedelta(minutes=3)


@pytest.fixture(scope="module")
def environ(database: Database, redis_url: str) -> dict[str, str]:
    return environ_of(embedded.Servers(database.owner_url, redis_url))


@pytest.fixture(scope="module")
def settings(environ: dict[str, str]) -> Settings:
    return load(environ)


@pytest.fixture(scope="module")
def sodium_server() -> Iterator[SandboxServer]:
    with serve.running("sodium") as server:
        yield server


@pytest.fixture
def sodium(sodium_server: SandboxServer) -> SandboxServer:
    sodium_server.reset()
    return sodium_server


class Process:
    """The API in a process of its own, which can be killed."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.port = free_port()
        self._environ = {**os.environ, **environ, "TICKMARK_PORT": str(self.port)}
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        self._process = subprocess.Popen(  # noqa: ASYNC220 - making it takes no time
            [sys.executable, "-m", "service", "serve"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self._environ,
            cwd=ROOT,
            start_new_session=True,
        )
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}") as http, asyncio.timeout(60):
            while not await _is_ready(http):  # noqa: ASYNC110 - what is waited for is another process
                await asyncio.sleep(0.05)

    def kill(self) -> None:
        """Without any warning, as the machine would: it and its workers."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


async def _is_ready(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/readyz")).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
async def process(environ: dict[str, str]) -> AsyncIterator[Process]:
    process = Process(environ)
    await process.start()
    yield process
    process.kill()


@pytest.fixture
async def api(
    process: Process, settings: Settings, operator_pool: Pool, quickbooks: SandboxServer, sodium: SandboxServer
) -> AsyncIterator[Api]:
    await operator_pool.execute("DELETE FROM idempotency_claims")
    async with operator_pool.acquire() as connection:
        cast = await prepare_cast(connection, peppers_of(settings), vault_of(settings), (quickbooks, sodium))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{process.port}", timeout=60) as http:
        yield Api(http, cast)


async def until(holds: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < ends_at
        await asyncio.sleep(0.01)


async def settle(settings: Settings, pool: Pool) -> None:
    """A worker's round, some minutes later, in a process that knows nothing of the one that died."""
    await Settling(settings, pool, lambda: now() + LATER).settle_once()


async def begun_and_killed(
    api: Api, process: Process, sandbox: SandboxServer, body: dict[str, Any], *, done: bool = True
) -> str:
    """Where the operation is whose process died once the vendor had the write, done or refused."""
    sandbox.fault("lost_answer", method="POST", path=None if sandbox.vendor == "quickbooks" else "/*", seconds=30)
    before = sandbox.stats()["total"]
    begun = await api.post("/v1/clients", body, sandbox.vendor, Prefer="respond-async", Idempotency_Key="a-1")
    assert begun.status_code == 202, begun.text
    await until(lambda: sandbox.stats()["writes" if done else "total"] > (0 if done else before))
    process.kill()
    return begun.headers["location"]


async def units_written(api: Api) -> int:
    summary = (await api.get("/v1/usage/summary?by=meter")).json()
    return sum(group["units"] for group in summary["data"] if group["meter"] == "write")


async def test_killed_write_is_settled_without_anybody_asking(
    api: Api, process: Process, settings: Settings, operator_pool: Pool, quickbooks: SandboxServer
) -> None:
    location = await begun_and_killed(api, process, quickbooks, CLIENT)

    await settle(settings, operator_pool)
    await settle(settings, operator_pool)

    await process.start()
    operation = (await api.get(location)).json()
    assert (operation["state"], operation["result"]["status"]) == ("succeeded", 201)
    assert operation["result"]["body"] == (await api.get(operation["result"]["location"])).json()
    assert quickbooks.stats()["writes"] == 1
    assert await units_written(api) == 1


async def test_killed_write_that_was_refused_ends_failed(
    api: Api, process: Process, settings: Settings, operator_pool: Pool, quickbooks: SandboxServer
) -> None:
    await api.post("/v1/clients", CLIENT, "quickbooks")
    location = await begun_and_killed(api, process, quickbooks, CLIENT, done=False)

    await settle(settings, operator_pool)

    await process.start()
    operation = (await api.get(location)).json()
    assert (operation["state"], operation["result"]["body"]["code"]) == ("failed", "conflict")
    assert await units_written(api) == 1


async def test_killed_write_of_which_the_vendor_cannot_tell_ends_unknown(
    api: Api, process: Process, settings: Settings, operator_pool: Pool, sodium: SandboxServer
) -> None:
    location = await begun_and_killed(api, process, sodium, PERSON)

    await settle(settings, operator_pool)

    await process.start()
    operation = (await api.get(location)).json()
    assert (operation["state"], operation["result"]["body"]["code"]) == ("unknown", "outcome_unsettled")
    assert sodium.stats()["writes"] == 1
    assert await units_written(api) == 0


async def test_killed_write_that_its_caller_waited_for_is_settled_too(
    api: Api, process: Process, settings: Settings, operator_pool: Pool, quickbooks: SandboxServer
) -> None:
    quickbooks.fault("lost_answer", seconds=30)
    waiting = asyncio.create_task(api.post("/v1/clients", CLIENT, "quickbooks", Idempotency_Key="a-1"))
    await until(lambda: quickbooks.stats()["writes"] == 1)
    process.kill()
    with pytest.raises(httpx.TransportError):
        await waiting

    await settle(settings, operator_pool)

    await process.start()
    calls = quickbooks.stats()["total"]
    again = await api.post("/v1/clients", CLIENT, "quickbooks", Idempotency_Key="a-1")
    assert (again.status_code, again.headers["usage-reason"]) == (201, "replay")
    assert (quickbooks.stats()["writes"], quickbooks.stats()["total"]) == (1, calls)
    assert await units_written(api) == 1


async def test_worker_as_an_operator_runs_it_settles_what_is_due(
    api: Api, process: Process, environ: dict[str, str], operator_pool: Pool, quickbooks: SandboxServer
) -> None:
    location = await begun_and_killed(api, process, quickbooks, CLIENT)
    owner = await asyncpg.connect(environ["DATABASE_URL"])
    await owner.execute("UPDATE idempotency_claims SET held_until = now(), look_at = now()")
    await owner.close()

    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "service", "worker", "--once"],
        env={**os.environ, **environ},
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=False,
    )

    await process.start()
    assert done.returncode == 0, done.stderr
    assert (await api.get(location)).json()["state"] == "succeeded"
    assert quickbooks.stats()["writes"] == 1
    assert await units_written(api) == 1
