"""Records calls so that money can rest on them: durably, once each, many in one commit.

One flusher per process writes what has gathered while the last flush was under way, then the next. A flush costs much
the same for one row as for ten, so while most calls of the process are still at their vendors it waits for company, at
most `GATHER_S`. `record` returns when PostgreSQL has committed the row; an answer leaves after that or not at all.

When the outcome of a flush is unknown (the connection broke, the time ran out) the same rows are sent again on a new
connection, by a statement that keeps what is there: the insert is the deduplication. When the time is up every waiting
caller gets MeteringDown. Rows that were never sent are forgotten; rows that were sent may have been written, so the
flusher voids them, in the ledger, as soon as it reaches the database again, and only then answers: a caller who was
answered 503 does not pay, even if this process dies right after. It waits for `DOUBT_HELD_S` at most.

An answer that is streamed is recorded before its first byte leaves. Where it breaks off, `take_back` voids the row.
"""

import asyncio
import logging
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import asyncpg
from msgspec.structs import astuple

from billing import literals
from billing.errors import InvocationRefused, MeteringDown
from billing.invocation import Invocation, VoidReason
from billing.store import QUERIES, Connection, Pool

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

ANSWER_WITHIN_S: Final = 2.0
"""Longest wait in `record` for its row, until it returns or raises MeteringDown."""
QUEUE_ROWS: Final = 16_384
"""Calls that may wait in one process; one more is refused at once."""
BATCH_ROWS: Final = 1_024
"""Rows in one commit; with more, the first would wait for the last."""
GATHER_S: Final = 0.002
"""Longest wait of a row for company in its commit. Alone, or with half of those under way, it does not wait."""
RETRY_S: Final = 0.05
"""Pause between attempts to reach the database; while metering is down it doubles, up to LONGEST_RETRY_S."""
LONGEST_RETRY_S: Final = 0.25
DOUBT_HELD_S: Final = 8.0
"""How much longer a call waits whose row may have been written, for it to be void before its 503 goes out."""

_INSERT: Final = QUERIES["insert_invocations"]
_INSERT_AGAIN: Final = QUERIES["insert_invocations_again"]
_log = logging.getLogger(__name__)
_BAD_ROW = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
_NO_ANSWER = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, TimeoutError)


class Beside(NamedTuple):
    """Somebody else's table, written in the ledger's own statement: a call and its row there are committed together.

    Each is a statement `WITH …, … INSERT …` with two parameters: `$1::text`, an array of the rows' heads, and
    `$2::text[]`, their contents. It may read nothing.
    """

    insert: str
    insert_again: str


class BesideRow(NamedTuple):
    """A row of the other table."""

    head: str
    """Its short fields, as `billing.literals.record` gives them."""
    content: str


class _Entry(NamedTuple):
    invocation: Invocation
    beside: BesideRow | None
    committed: "asyncio.Future[None]"
    arrived: float


_Batch: TypeAlias = list[_Entry]


class UsageLedger:
    """The one writer of the ledger in this process; keeps one connection of `pool`, which must be `tickmark_meter`."""

    def __init__(
        self,
        pool: Pool,
        *,
        answer_within_s: float = ANSWER_WITHIN_S,
        doubt_held_s: float = DOUBT_HELD_S,
        beside: Beside | None = None,
    ) -> None:
        self._pool = pool
        self._beside = beside
        self._statements = {_INSERT: _INSERT, _INSERT_AGAIN: _INSERT_AGAIN}
        if beside is not None:
            self._statements = {
                _INSERT: _joined(_INSERT, beside.insert),
                _INSERT_AGAIN: _joined(_INSERT_AGAIN, beside.insert_again),
            }
        self._answer_within_s = answer_within_s
        self._doubt_held_s = doubt_held_s
        self._queue: _Batch = []
        self._broken_off: list[Invocation] = []
        self._wake = asyncio.Event()
        self._refusal: str | None = "metering has not started"
        self._closing = False
        self._flusher: asyncio.Task[None] | None = None
        self._connection: PoolConnectionProxy[asyncpg.Record] | None = None
        self._sent = False
        self._enough = 1
        self.under_way = 0
        """Calls that the process has let in and not answered yet, as far as who records them keeps count here."""

    @property
    def refusal(self) -> str | None:
        """Why calls are refused at once, or None while they are recorded. For readiness checks."""
        return self._refusal

    @property
    def waiting(self) -> int:
        """Calls that wait for the next commit."""
        return len(self._queue)

    async def start(self) -> None:
        """Connects, tries the statement on no rows and begins to flush; MeteringDown if the ledger is not to be had."""
        self._loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._answer_within_s):
                await self._write(_INSERT, [])
        except _NO_ANSWER as error:
            await self._disconnect()
            raise MeteringDown("the ledger cannot be reached") from error
        self._refusal = None
        self._flusher = asyncio.create_task(self._flush_forever(), name="usage flusher")

    async def record(self, invocation: Invocation, beside: BesideRow | None = None) -> None:
        """Returns once the row is committed; recording the same request id again changes nothing.

        `beside` is the row of the other table, if there is one, committed with it.

        Raises MeteringDown within `answer_within_s` otherwise (`doubt_held_s` later where the row may have been written
        and is to be void first): then the call must not be answered with data and will not be billed. Raises
        InvocationRefused for a row that cannot be, which is a bug of the caller's.
        Give it no timeout of your own: whoever stops waiting is taken for a client that left, and pays if the row was
        written.
        """
        if self._refusal is not None:
            raise MeteringDown(self._refusal)
        if len(self._queue) >= QUEUE_ROWS:
            raise MeteringDown("too many calls wait to be recorded")
        entry = _Entry(invocation, beside, self._loop.create_future(), self._loop.time())
        self._queue.append(entry)
        if len(self._queue) >= self._enough:
            self._wake.set()
        await entry.committed

    def take_back(self, invocation: Invocation) -> None:
        """Takes a recorded call off the bill: its answer broke off. Returns at once; the flusher sees to it, and goes
        on trying while the database is away."""
        self._broken_off.append(invocation)
        self._wake.set()

    async def close(self) -> None:
        """Writes what waits, then gives the connection back. MeteringDown if rows are left that should be void."""
        self._refusal, self._closing = "metering is closed", True
        self._wake.set()
        try:
            if self._flusher is not None:
                async with asyncio.timeout(2 * self._answer_within_s):
                    await self._flusher
        except TimeoutError as error:
            raise MeteringDown("metering closed while the database was away") from error
        finally:
            await self._disconnect()

    async def _flush_forever(self) -> None:
        batch: _Batch = []
        try:
            while self._queue or self._broken_off or not self._closing:
                await self._wake.wait()
                self._wake.clear()
                while self._queue:
                    await self._gather()
                    batch, self._queue = self._queue[:BATCH_ROWS], self._queue[BATCH_ROWS:]
                    self._sent = False
                    if not await self._flush(batch, batch[0].arrived + self._answer_within_s):
                        await self._go_down(batch)
                await self._void_broken_off()
        except Exception:
            _log.exception("the usage flusher stopped; this process serves no metered call until it is started again")
            raise
        finally:
            # Reached with entries only when the flusher itself was stopped: nobody may wait for ever.
            self._refusal = self._refusal or "metering has stopped"
            _fail(batch + self._queue, self._refusal)

    async def _gather(self) -> None:
        """Waits until half of the calls under way are here, or the first has waited long enough."""
        enough, until = self.under_way // 2, self._queue[0].arrived + GATHER_S
        if self._closing or len(self._queue) >= enough or self._loop.time() >= until:
            return
        self._enough = enough
        self._wake.clear()
        timer = self._loop.call_at(until, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            timer.cancel()
            self._enough = 1

    async def _flush(self, batch: _Batch, deadline: float) -> bool:
        """Whether each entry was settled, as committed or as impossible, before the deadline."""
        insert = _INSERT
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    await self._write(insert, batch)
            except _NO_ANSWER as error:
                if insert is _INSERT and isinstance(error, asyncpg.UniqueViolationError):
                    insert = _INSERT_AGAIN
                    continue
                if _is_bad_row(error):
                    return await self._isolate(batch, deadline, error)
                _log.warning("usage flush failed (%s); %d rows wait", type(error).__name__, len(batch))
                insert = _INSERT_AGAIN
                await self._disconnect()
                if self._loop.time() + RETRY_S >= deadline:
                    return False
                await asyncio.sleep(RETRY_S)
            else:
                _settle(batch)
                return True

    async def _write(self, insert: str, batch: _Batch) -> None:
        connection = await self._connect()
        parameters: list[str | list[str]] = [literals.array([as_record(entry.invocation) for entry in batch])]
        if self._beside is not None:
            others = [entry.beside for entry in batch if entry.beside is not None]
            parameters += (literals.array([row.head for row in others]), [row.content for row in others])
        self._sent = True
        await connection.fetch(self._statements[insert], *parameters)

    async def _isolate(self, batch: _Batch, deadline: float, error: Exception) -> bool:
        """PostgreSQL refused the batch for one of its rows: halves it until that row is alone."""
        if len(batch) == 1:
            _refuse(batch[0], error)
            return True
        middle = len(batch) // 2
        return await self._flush(batch[:middle], deadline) and await self._flush(batch[middle:], deadline)

    async def _go_down(self, batch: _Batch) -> None:
        """Answers all who wait, refuses all who come, and voids what may have been written before it serves again.

        Who is told that the call is not billed must be right although this process dies the next moment: calls whose
        rows may be there are answered when they are void, or when nobody would wait any longer.
        """
        doubtful = [entry for entry in batch if self._sent and not entry.committed.done()]
        self._refusal = "the ledger cannot be reached"
        _fail(self._queue if doubtful else batch + self._queue, self._refusal)
        self._queue = []
        _log.error("metering is down; %d rows of unknown outcome will be void", len(doubtful))
        held_until = self._loop.time() + self._doubt_held_s
        pause = RETRY_S
        while not await self._void([entry.invocation for entry in doubtful], VoidReason.ANSWERED_503):
            if self._loop.time() > held_until:
                _fail(doubtful, self._refusal)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_RETRY_S)
        _fail(doubtful, self._refusal)
        _log.warning("metering is up again")
        self._refusal = "metering is closed" if self._closing else None

    async def _void_broken_off(self) -> None:
        """Voids what was taken back; where the database is away, soon again."""
        broken_off, self._broken_off = self._broken_off, []
        if broken_off and not await self._void(broken_off, VoidReason.BROKEN_OFF):
            self._broken_off = broken_off + self._broken_off
            self._loop.call_later(RETRY_S, self._wake.set)

    async def _void(self, taken_back: list[Invocation], reason: VoidReason) -> bool:
        try:
            async with asyncio.timeout(self._answer_within_s):
                await insert_voids(await self._connect(), taken_back, reason)
        except _NO_ANSWER:
            await self._disconnect()
            return False
        return True

    async def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = await self._pool.acquire()
            # A statement that waits for another's lock gives up when we do.
            await self._connection.execute(f"SET statement_timeout = {int(self._answer_within_s * 1000)}")
        return self._connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            # A connection that broke has gone back to the pool already, and says so by InterfaceError.
            with suppress(*_NO_ANSWER):
                connection.terminate()
                await self._pool.release(connection)


async def insert_voids(
    connection: Connection, taken_back: list[Invocation], reason: VoidReason = VoidReason.ANSWERED_503
) -> None:
    """Takes those calls off the bill, whether or not their rows arrived, and logs as 503 those that did not."""
    if taken_back:
        rows = [(*astuple(one)[:6], one.rows, one.vendor_us, one.platform_us) for one in taken_back]
        await connection.execute(QUERIES["insert_voids"], reason, *zip(*rows, strict=True))


def _joined(insert: str, beside: str) -> str:
    """One statement out of the ledger's and the other's, whose parameters come last."""
    shifted = re.sub(r"\$(\d+)", lambda found: f"${int(found[1]) + 1}", beside)
    head, _, tail = shifted.rpartition("\nINSERT INTO ")
    return insert.replace("WITH batch AS", f"{head},\nkept_beside AS (INSERT INTO {tail}),\nbatch AS", 1)


def as_record(one: Invocation) -> str:
    """The call as a `billing.invocation`: `literals.record` of its fields, in one go because every call pays for it."""
    text, connection = literals.text, literals.uuid(one.connection_id)
    return (
        f'"({one.org_id.int:032x},{one.request_id.int:032x},{one.key_id.int:032x},{connection},{text(one.vendor)},'
        f"{text(one.operation)},{one.status},{text(one.meter)},{one.units},{one.billable},{text(one.reason)},"
        f'{one.rows},{one.vendor_us},{one.platform_us})"'
    )


def _is_bad_row(error: Exception) -> bool:
    # asyncpg's own encoding errors are InterfaceErrors that are ValueErrors too.
    return isinstance(error, _BAD_ROW) or (isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError))


def _settle(batch: _Batch) -> None:
    for entry in batch:
        if not entry.committed.done():
            entry.committed.set_result(None)


def _refuse(entry: _Entry, error: Exception) -> None:
    _log.error("a call cannot be recorded as described: %s of %s", type(error).__name__, entry.invocation.operation)
    if not entry.committed.done():
        refusal = InvocationRefused(f"no ledger row can say this: {entry.invocation.operation}")
        refusal.__cause__ = error
        entry.committed.set_exception(refusal)


def _fail(batch: _Batch, refusal: str) -> None:
    for entry in batch:
        if not entry.committed.done():
            entry.committed.set_exception(MeteringDown(refusal))
