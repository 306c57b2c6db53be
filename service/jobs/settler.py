"""Settles writes of unknown outcome, beside the worker's other jobs; every worker does.

The API through which it is done is opened when the first such write is due: most workers never need it.
"""

import asyncio
import logging
from contextlib import AsyncExitStack, suppress
from typing import Final

from service.app import open_settler
from service.clock import Clock, now
from service.db.pool import Pool
from service.operations.settling import Settler, is_anything_due
from service.settings import Settings

EVERY_S: Final = 15.0
_CUT_OFF_EVERY: Final = 20
"""Rounds after which operations are ended whose writes are over."""
_log: Final = logging.getLogger(__name__)


class Settling:
    """One worker's rounds."""

    def __init__(self, settings: Settings, operators: Pool, clock: Clock = now) -> None:
        self._settings = settings
        self._operators = operators
        self._clock = clock
        self._settler: Settler | None = None
        self._rounds = 0

    async def settle_once(self) -> None:
        """One round."""
        async with AsyncExitStack() as stack:
            await self._round(stack)

    async def settle_until(self, over: asyncio.Event) -> None:
        """Rounds until told to stop; one under way is finished first."""
        async with AsyncExitStack() as stack:
            while not over.is_set():
                try:
                    await self._round(stack)
                except Exception as error:  # the rim: whatever is in the way, the next round tries again
                    _log.exception("writes cannot be settled now", exc_info=error)
                with suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), EVERY_S)

    async def _round(self, stack: AsyncExitStack) -> None:
        ends_cut_off = self._rounds % _CUT_OFF_EVERY == 0
        self._rounds += 1
        async with self._operators.acquire() as connection:
            due = await is_anything_due(connection, self._clock(), cut_off=ends_cut_off)
        if not due:
            return
        if self._settler is None:
            opening = open_settler(self._settings, self._operators, clock=self._clock)
            self._settler = await stack.enter_async_context(opening)
        await self._settler.settle_due()
        if ends_cut_off:
            await self._settler.end_cut_off()
