"""Processes and the database die at bad moments: nothing acknowledged is lost, nothing refused is billed."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit, urlunsplit
from uuid import UUID, uuid4

import asyncpg
import pytest

from billing import (
    PUBLIC_PLAN,
    Invocation,
    MeteringDown,
    PriceBook,
    UsageLedger,
    get_call,
    month_to_date,
    open_account,
    reconcile,
)
from billing.calendar import month_of
from billing.store import Connection
from service.db.migrate import migrate
from service.db.pool import Pool, open_pool
from tests.billing.calls import billable
from tests.conftest import Database
from tests.db.crashable import Crashable, crashable_postgres

pytestmark = pytest.mark.anyio

_NOW = datetime.now(UTC)
_SHORT_S = 0.4
_METER = "SELECT pid FROM pg_stat_activity WHERE application_name = 'tickmark_meter' AND datname = current_database()"


async def _until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await true():  # noqa: ASYNC110 - what is waited for lives in another process
            await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
def crashable() -> Iterator[Crashable]:
    with crashable_postgres() as server:
        asyncio.run(migrate(server.url))
        yield server


@pytest.fixture
async def short_ledger(meter_pool: Pool) -> AsyncIterator[UsageLedger]:
    """A ledger that gives up quickly."""
    ledger = UsageLedger(meter_pool, answer_within_s=_SHORT_S)
    await ledger.start()
    yield ledger
    await ledger.close()


async def test_a_call_answered_503_is_never_billed_although_its_row_was_written(
    database: Database, operator: Connection, book: PriceBook
) -> None:
    """PostgreSQL commits; its word of it never arrives."""
    org_id = uuid4()
    await open_account(operator, org_id, book.find(*PUBLIC_PLAN), "UTC", "USD", opened_at=_NOW)
    calls = [billable(org_id, _NOW) for _ in range(8)]
    async with _relay(database.owner_url) as (url, mute):
        pool = await open_pool(url, "tickmark_meter")
        ledger = UsageLedger(pool, answer_within_s=_SHORT_S)
        await ledger.start()
        mute()
        outcomes = await asyncio.gather(*(ledger.record(call) for call in calls), return_exceptions=True)
        await _until(lambda: _is_up(ledger))
        await ledger.close()
        await pool.close()

    assert [type(outcome) for outcome in outcomes] == [MeteringDown] * 8
    assert len((await _ledger_of(database.owner_url, org_id))[0]) == 8
    receipt = await get_call(operator, book, org_id, calls[0].request_id)
    assert receipt is not None
    assert (receipt.call.status, receipt.call.void, receipt.price) == (200, True, Decimal(0))
    await _assert_nothing_owed(operator, book, org_id)


async def test_a_row_that_would_arrive_after_its_503_is_kept_out(
    short_ledger: UsageLedger, operator: Connection, owner: Connection, book: PriceBook
) -> None:
    """The backend is frozen with the rows in its hands and wakes up after the callers were refused."""
    org_id = uuid4()
    await open_account(operator, org_id, book.find(*PUBLIC_PLAN), "UTC", "USD", opened_at=_NOW)
    calls = [billable(org_id, _NOW) for _ in range(8)]
    backend: int = await owner.fetchval(_METER)
    os.kill(backend, signal.SIGSTOP)
    try:
        outcomes = await asyncio.gather(*(short_ledger.record(call) for call in calls), return_exceptions=True)
        await _until(lambda: _is_up(short_ledger))
    finally:
        os.kill(backend, signal.SIGCONT)
    await _until(lambda: _is_gone(owner, backend))

    assert [type(outcome) for outcome in outcomes] == [MeteringDown] * 8
    receipt = await get_call(operator, book, org_id, calls[0].request_id)
    assert receipt is not None
    assert (receipt.call.status, receipt.call.void, receipt.price) == (503, True, Decimal(0))
    await _assert_nothing_owed(operator, book, org_id)


@asynccontextmanager
async def _in_doubt(
    crashable: Crashable, doubt_held_s: float
) -> AsyncGenerator[tuple[UsageLedger, "asyncio.Task[None]"]]:
    """A ledger that is down, and a call whose row it has written without hearing of it. The database is away."""
    call = billable(uuid4(), _NOW)
    async with _relay(crashable.url) as (url, mute):
        pool = await open_pool(url, "tickmark_meter")
        ledger = UsageLedger(pool, answer_within_s=1.5, doubt_held_s=doubt_held_s)
        await ledger.start()
        mute()
        recording = asyncio.create_task(ledger.record(call))
        await _until(lambda: _is_written(crashable.url, call))
        await asyncio.to_thread(crashable.crash)
        await _until(lambda: _is_down(ledger))
        yield ledger, recording
        await _until(lambda: _is_up(ledger))
        await ledger.close()
        await pool.close()
    assert (await _ledger_of(crashable.url, call.org_id))[1] == {call.request_id}


async def test_a_doubtful_call_is_not_answered_before_its_row_is_void(crashable: Crashable) -> None:
    """A process that answered first and died then would leave a 503 that is billed."""
    async with _in_doubt(crashable, 20.0) as (ledger, recording):
        waits = not recording.done()
        with pytest.raises(MeteringDown):
            await ledger.record(billable(uuid4(), _NOW))
        await asyncio.to_thread(crashable.start)
        with pytest.raises(MeteringDown):
            await recording
        up = ledger.refusal is None

    assert waits
    assert up


async def test_nobody_waits_for_a_database_that_stays_away(crashable: Crashable) -> None:
    async with _in_doubt(crashable, _SHORT_S) as (ledger, recording):
        with pytest.raises(MeteringDown):
            await recording
        down = ledger.refusal is not None
        await asyncio.to_thread(crashable.start)

    assert down


async def _assert_nothing_owed(operator: Connection, book: PriceBook, org_id: UUID) -> None:
    assert (await month_to_date(operator, book, org_id, _NOW)).quantities == {}
    found = await reconcile(operator, book, org_id, month_of(_NOW, "UTC").starts_on)
    assert (found.balanced, found.served_units, found.usage_units) == (True, 0, 0)


@asynccontextmanager
async def _relay(url: str) -> AsyncGenerator[tuple[str, Callable[[], None]]]:
    """The same database behind a socket of ours, and what silences the server on the connections open by then."""
    split = urlsplit(url)
    target = f"{parse_qs(split.query)['host'][0]}/.s.PGSQL.5432"
    open_now: list[asyncio.Event] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, muted: asyncio.Event) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                if not muted.is_set():
                    writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        muted = asyncio.Event()
        open_now.append(muted)
        try:
            server_reader, server_writer = await asyncio.open_unix_connection(target)
        except OSError:  # it is down
            writer.close()
            return
        await asyncio.gather(pump(reader, server_writer, asyncio.Event()), pump(server_reader, writer, muted))

    def mute() -> None:
        for muted in open_now:
            muted.set()

    with tempfile.TemporaryDirectory() as directory:
        async with await asyncio.start_unix_server(serve, f"{directory}/.s.PGSQL.5432"):
            yield urlunsplit(split._replace(query=f"host={directory}")), mute


async def _is_written(url: str, call: Invocation) -> bool:
    return call.request_id in (await _ledger_of(url, call.org_id))[0]


async def _is_down(ledger: UsageLedger) -> bool:
    return ledger.refusal is not None


async def _is_up(ledger: UsageLedger) -> bool:
    return ledger.refusal is None


async def _is_gone(owner: Connection, backend: int) -> bool:
    return not await owner.fetchval("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)", backend)


async def test_a_broken_connection_is_ridden_out_without_a_double(ledger: UsageLedger, owner: Connection) -> None:
    org_id = uuid4()
    acknowledged = 0

    async def caller() -> None:
        nonlocal acknowledged
        for _ in range(100):
            await ledger.record(billable(org_id, _NOW))
            acknowledged += 1

    load = asyncio.gather(*(caller() for _ in range(16)))
    for share in (200, 600, 1_000):
        await _until(lambda share=share: _reached(lambda: acknowledged, share))  # type: ignore[misc]
        await owner.execute(f"SELECT pg_terminate_backend(pid) FROM ({_METER}) AS meter")
    await load

    assert await owner.fetchval("SELECT count(*) FROM billing.usage WHERE org_id = $1", org_id) == 1_600


async def _reached(count: Callable[[], int], share: int) -> bool:
    return count() >= share


async def test_a_dead_database_refuses_in_time_and_leaves_nothing_half_written(crashable: Crashable) -> None:
    pool = await open_pool(crashable.url, "tickmark_meter")
    ledger = UsageLedger(pool, answer_within_s=1.0, doubt_held_s=0.0)
    await ledger.start()
    org_id = uuid4()
    kept: set[UUID] = set()
    refused: set[UUID] = set()

    async def caller() -> None:
        while not refused:
            call = billable(org_id, _NOW)
            try:
                await ledger.record(call)
                kept.add(call.request_id)
            except MeteringDown:
                refused.add(call.request_id)

    load = asyncio.gather(*(caller() for _ in range(16)))
    await _until(lambda: _reached(lambda: len(kept), 500))
    began = asyncio.get_running_loop().time()
    await asyncio.to_thread(crashable.crash)
    await load
    waited = asyncio.get_running_loop().time() - began
    with pytest.raises(MeteringDown):
        await ledger.record(billable(org_id, _NOW))
    await asyncio.to_thread(crashable.start)
    await _until(lambda: _is_up(ledger))
    after = billable(org_id, _NOW)
    await ledger.record(after)
    await ledger.close()
    await pool.close()

    usage, voids = await _ledger_of(crashable.url, org_id)
    assert waited < 2.5
    assert kept | {after.request_id} <= usage
    assert usage - voids == kept | {after.request_id}
    assert voids <= refused


async def _ledger_of(url: str, org_id: UUID) -> tuple[set[UUID], set[UUID]]:
    connection = await asyncpg.connect(url)
    try:
        usage = await connection.fetch("SELECT request_id FROM billing.usage WHERE org_id = $1", org_id)
        voids = await connection.fetch("SELECT request_id FROM billing.voids WHERE org_id = $1", org_id)
        return {row[0] for row in usage}, {row[0] for row in voids}
    finally:
        await connection.close()


async def test_starting_without_a_database_is_metering_down(crashable: Crashable) -> None:
    pool = await asyncpg.create_pool(crashable.url, min_size=0)
    ledger = UsageLedger(pool, answer_within_s=_SHORT_S)
    await asyncio.to_thread(crashable.crash)
    try:
        with pytest.raises(MeteringDown):
            await ledger.start()
    finally:
        await asyncio.to_thread(crashable.start)
        await pool.close()


async def test_a_killed_process_loses_nothing_it_acknowledged(database: Database, owner: Connection) -> None:
    org_id = uuid4()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.metering",
        "--until-killed",
        database.owner_url,
        str(org_id),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    lines = [await process.stdout.readline() for _ in range(3_000)]
    process.kill()
    rest = await process.stdout.read()
    await process.wait()
    acknowledged = {
        UUID(line.decode().strip()) for line in [*lines, *rest.splitlines(keepends=True)] if line.endswith(b"\n")
    }

    usage, voids = await _ledger_of(database.owner_url, org_id)

    assert len(acknowledged) >= 3_000
    assert acknowledged <= usage
    assert not voids
