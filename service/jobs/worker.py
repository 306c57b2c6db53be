"""The worker: does what is due, one worker at a time; others wait until it is gone."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import asyncpg
from msgspec import Struct

from service.accounts.jobs import forget_old_invitations, forget_old_sessions
from service.audit.sealing import seal
from service.audit.signing import signer_of, sink_of
from service.clock import Clock, now
from service.connections.jobs import Care
from service.db.pool import AWAY, Connection, Pool, open_pool
from service.db.region import check_region
from service.events.jobs import forget_old_deliveries
from service.idempotency.claim import forget_old_claims
from service.jobs import ledger
from service.jobs.connections import opened_care
from service.jobs.hooks import opened_deliverer
from service.jobs.rail import keep_reports, look_at_events, put_credits_on_stripe, put_on_stripe
from service.jobs.sealer import seal_until
from service.jobs.settler import Settling
from service.operations.jobs import end_interrupted, forget_old_operations
from service.settings import Settings
from service.usage.bodies import forget_old_bodies
from service.usage.rail import rail_of

_LOCK: Final = 0x7469636B_776F726B  # "tickwork"
_LOOK_EVERY_S: Final = 15.0
_SLOW_S: Final = 300.0
_log: Final = logging.getLogger(__name__)


class Job(Struct, frozen=True):
    """Something done when a worker begins, and then `every` so often or, with an `hour` (UTC), once a day."""

    name: str
    run: Callable[[Connection, datetime], Awaitable[None]]
    every: timedelta = timedelta(hours=1)
    hour: int | None = None

    def due_after(self, at: datetime) -> datetime:
        """When it is due next, having run at `at`."""
        if self.hour is None:
            return at + self.every
        today = at.astimezone(UTC).replace(hour=self.hour, minute=0, second=0, microsecond=0)
        return today if today > at else today + timedelta(days=1)


JOBS: Final = (
    Job("make_room", ledger.make_room, timedelta(hours=6)),
    Job("sum_up_ledger", ledger.sum_up_ledger, timedelta(minutes=1)),
    Job("sum_up_answers", ledger.sum_up_answers, timedelta(minutes=1)),
    Job("forget_claims", forget_old_claims),
    Job("end_interrupted", end_interrupted, timedelta(minutes=5)),
    Job("forget_operations", forget_old_operations),
    Job("forget_sessions", forget_old_sessions),
    Job("forget_invitations", forget_old_invitations),
    Job("forget_bodies", forget_old_bodies),
    Job("forget_free_calls", ledger.forget_free_calls),
    Job("forget_deliveries", forget_old_deliveries),
    Job("close_due_months", ledger.close_due_months),
    Job("mark_overdue", ledger.mark_overdue),
)
"""What is done with or without a payment rail."""


def jobs_of(settings: Settings) -> tuple[Job, ...]:
    """All jobs of this installation."""
    rail = rail_of(settings)
    compare = Job("compare_accounts", partial(keep_reports, rail=rail), hour=3)
    if rail is None:
        return (*JOBS, compare)
    return (
        *JOBS,
        Job("put_on_stripe", partial(put_on_stripe, rail=rail), timedelta(minutes=5)),
        Job("put_credits_on_stripe", partial(put_credits_on_stripe, rail=rail), timedelta(minutes=5)),
        Job("look_at_events", partial(look_at_events, rail=rail), timedelta(seconds=15)),
        compare,
    )


def care_jobs(care: Care) -> tuple[Job, ...]:
    """What keeps connections alive."""
    return (
        Job("renew_ahead", care.renew_ahead, timedelta(seconds=30)),
        Job("announce_ends", care.announce_ends),
        Job("empty_pages", care.empty_pages, timedelta(minutes=5)),
        Job("watch_vendors", care.watch_vendors, timedelta(minutes=1)),
    )


async def work(settings: Settings, *, once: bool = False) -> None:
    """Works until SIGINT or SIGTERM; a job under way is finished first. With `once`, does every job now and returns."""
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    pool = await open_pool(settings.database_url, "tickmark_operator", max_size=4, timeout_s=_SLOW_S)
    signer, sink = signer_of(settings), sink_of(settings)
    settling = Settling(settings, pool)
    try:
        await check_region(pool, settings.region)
        async with opened_care(settings) as care, opened_deliverer(settings) as deliverer:
            jobs = (*jobs_of(settings), *care_jobs(care))
            if once:
                async with pool.acquire() as connection:
                    await run_due(connection, dict.fromkeys(jobs, now()), now)
                    await seal(connection, signer, sink, now())
                await settling.settle_once()
                await deliverer.deliver_due()
            else:
                await asyncio.gather(
                    _take_turns(pool, over, jobs),
                    seal_until(over, pool, signer, sink),
                    settling.settle_until(over),
                    deliverer.deliver_until(over),
                )
    finally:
        await pool.close()


async def run_due(connection: Connection, due: Mapping[Job, datetime], clock: Clock) -> dict[Job, datetime]:
    """Does what is due; when each job is due next. One that failed is tried again at the next look."""
    later = dict(due)
    for job, at in due.items():
        started = clock()
        if at <= started and await _succeeds(job, connection, started):
            later[job] = job.due_after(started)
    return later


async def is_alone(connection: Connection) -> bool:
    """Whether this session is the worker now; it stays so until the session ends or is given back to its pool."""
    alone: bool = await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK)
    return alone


async def _take_turns(pool: Pool, over: asyncio.Event, jobs: tuple[Job, ...]) -> None:
    while not over.is_set():
        try:
            async with pool.acquire() as connection:
                if await is_alone(connection):
                    _log.info("this worker is at work")
                    await _work_until(over, connection, jobs)
        except (asyncpg.PostgresError, *AWAY) as error:
            _log.exception("the database does not answer", exc_info=error)
        await _pause(over)


async def _work_until(over: asyncio.Event, connection: Connection, jobs: tuple[Job, ...]) -> None:
    due = dict.fromkeys(jobs, now())
    while not over.is_set():
        due = await run_due(connection, due, now)
        await _pause(over)


async def _pause(over: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(over.wait(), _LOOK_EVERY_S)


async def _succeeds(job: Job, connection: Connection, at: datetime) -> bool:
    try:
        await job.run(connection, at)
    except (asyncpg.InterfaceError, asyncpg.InternalClientError, asyncpg.PostgresConnectionError, OSError):
        raise  # the connection is gone, and the lock with it
    except Exception as error:
        _log.exception("a job failed", exc_info=error, extra={"job": job.name})
        return False
    return True
