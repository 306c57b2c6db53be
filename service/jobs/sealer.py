"""Seals the audit log every other second, beside the worker's other jobs; one sealer acts, whoever it is."""

import asyncio
import logging
from contextlib import suppress
from typing import Final

import asyncpg

from service.audit.checkpoints import Signer, Sink
from service.audit.sealing import CHECKPOINT_EVERY, chain, seal
from service.clock import Clock, now
from service.db.pool import AWAY, Pool

EVERY_S: Final = 2.0
_log: Final = logging.getLogger(__name__)


async def seal_until(over: asyncio.Event, pool: Pool, signer: Signer, sink: Sink | None, clock: Clock = now) -> None:
    """Chains what is committed every two seconds and vouches for it every minute, until told to stop."""
    due = clock()
    while not over.is_set():
        try:
            async with pool.acquire() as connection:
                if clock() < due:
                    await chain(connection)
                else:
                    await seal(connection, signer, sink, clock())
                    due = clock() + CHECKPOINT_EVERY
        except (asyncpg.PostgresError, *AWAY) as error:
            _log.exception("the audit log cannot be sealed now", exc_info=error)
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), EVERY_S)
    with suppress(asyncpg.PostgresError, *AWAY):
        async with pool.acquire() as connection:
            await seal(connection, signer, sink, clock())
