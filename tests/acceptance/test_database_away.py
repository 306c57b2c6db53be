"""PostgreSQL stops under load: no answer without a row, and service comes back by itself."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest
from msgspec.structs import replace

from service import ids
from service.api.asgi import Message
from service.application import Application
from service.db.migrate import migrate
from service.settings import Settings
from tests.acceptance.conftest import Api, Customers, problem_of
from tests.conftest import Database
from tests.db.crashable import Crashable, crashable_postgres

pytestmark = pytest.mark.anyio

CALLERS = 8


@pytest.fixture(scope="module")
def crashable() -> Iterator[Crashable]:
    with crashable_postgres() as server:
        asyncio.run(migrate(server.url))
        yield server


@pytest.fixture(scope="module")
def database(crashable: Crashable) -> Database:
    return Database("postgres", crashable.url)


async def test_stopped_database_is_503_and_every_200_has_its_row(customers: Customers, crashable: Crashable) -> None:
    apis = [await customers() for _ in range(CALLERS)]  # each with the vendor's whole limit to itself
    answers: list[httpx.Response] = []
    stop = asyncio.Event()
    callers = [asyncio.create_task(_call_until(stop, api, answers)) for api in apis]
    await _until(lambda: len(answers) > 30)

    await asyncio.to_thread(crashable.crash)
    await _until(lambda: sum(answer.status_code == 503 for answer in answers) > 3 * CALLERS)
    down = await apis[0].http.get("/readyz")
    await asyncio.to_thread(crashable.start)
    served = sum(answer.status_code == 200 for answer in answers)
    await _until(lambda: sum(answer.status_code == 200 for answer in answers) > served + 30)
    stop.set()
    await asyncio.gather(*callers)

    assert {answer.status_code for answer in answers} == {200, 503}
    refused = {problem_of(answer) for answer in answers if answer.status_code == 503}
    assert refused <= {"metering_unavailable", "platform_unavailable"}
    assert down.status_code == 503
    assert "database" in down.json()["detail"]
    assert await _is_ready(apis[0].http)
    good = {ids.decode("req", answer.headers["request-id"]) for answer in answers if answer.status_code == 200}
    logged, billed = await _rows(crashable.url)
    assert good <= logged
    assert billed == good


async def test_start_without_database_is_503_until_it_is_back(settings: Settings, crashable: Crashable) -> None:
    crashable.crash()
    async with started(settings) as http:
        alive = await http.get("/healthz")
        down = await http.get("/readyz")
        refused = await http.get("/v1/clients", headers={"Authorization": "Bearer tm_live_unknown"})
        await asyncio.to_thread(crashable.start)
        async with asyncio.timeout(30):
            while not await _is_ready(http):  # noqa: ASYNC110 - what is waited for happens in another process
                await asyncio.sleep(0.02)
        served = await http.get("/v1/clients", headers={"Authorization": "Bearer tm_live_unknown"})

    assert alive.status_code == 200
    for answer in (down, refused):
        assert (answer.status_code, problem_of(answer)) == (503, "platform_unavailable")
        assert answer.headers["retry-after"] == "1"
        assert answer.headers["request-id"].startswith("req_")
    assert (served.status_code, problem_of(served)) == (401, "invalid_key")


async def test_start_with_a_database_that_is_not_there_fails(settings: Settings) -> None:
    nowhere = replace(settings, database_url=settings.database_url.replace("/postgres?", "/nowhere?"))

    with pytest.raises(asyncpg.InvalidCatalogNameError):
        async with started(nowhere):
            pass


@asynccontextmanager
async def started(settings: Settings) -> AsyncGenerator[httpx.AsyncClient]:
    """The application as the server runs it: from the end of its start-up on, ready or not."""
    application = Application(settings)
    inbox: asyncio.Queue[Message] = asyncio.Queue()
    told: asyncio.Queue[Message] = asyncio.Queue()
    living = asyncio.create_task(application({"type": "lifespan"}, inbox.get, told.put))
    inbox.put_nowait({"type": "lifespan.startup"})
    if (await told.get())["type"] != "lifespan.startup.complete":
        await living
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://api.example") as http:
            yield http
    finally:
        inbox.put_nowait({"type": "lifespan.shutdown"})
        await living


async def _call_until(stop: asyncio.Event, api: Api, answers: list[httpx.Response]) -> None:
    while not stop.is_set():
        answers.append(await api.get("/v1/clients?limit=1", "quickbooks"))
        await asyncio.sleep(0.1)


async def _is_ready(http: httpx.AsyncClient) -> bool:
    """Whether the process says so within two seconds."""
    for _ in range(100):
        if (await http.get("/readyz")).status_code == 200:
            return True
        await asyncio.sleep(0.02)
    return False


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.02)


async def _rows(url: str) -> tuple[set[object], set[object]]:
    """The calls that were logged as answered, and those that are billed."""
    connection = await asyncpg.connect(url)
    try:
        logged = await connection.fetch("SELECT request_id FROM billing.calls")
        billed = await connection.fetch(
            "SELECT request_id FROM billing.usage u "
            "WHERE NOT EXISTS (SELECT FROM billing.voids v WHERE v.request_id = u.request_id)"
        )
    finally:
        await connection.close()
    return {row["request_id"] for row in logged}, {row["request_id"] for row in billed}
