"""What the server runs: the parts, opened when the server starts and closed when it stops.

Until they are open, calls are answered 503 and `/readyz` says no: a database that is down is waited for, not died of.
"""

import asyncio
import gc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final, cast

from billing import MeteringDown
from service import telemetry
from service.all_operations import contract
from service.api.asgi import App, Receive, Scope, Send
from service.api.starting import starting
from service.app import open_edge
from service.connections.hosted.opening import opened_connect
from service.connections.setups import vendor_setups
from service.connectors.registry import CONNECTORS
from service.connectors.sdk.connector import Connector
from service.db.pool import is_away
from service.derived_key import derived_key
from service.portal.opening import opened_front
from service.settings import Settings
from service.telemetry import Telemetry

_HELD_S: Final = 10.0
"""The server accepts when all is open, so that a usual start refuses nobody; or when the database was found to be away,
or after so long."""
_RETRY_S: Final = 0.1
_LONGEST_RETRY_S: Final = 1.0


class Application:
    """One process's application."""

    def __init__(self, settings: Settings, connectors: tuple[Connector, ...] = CONNECTORS) -> None:
        self._settings = settings
        self._connectors = connectors
        self._front: App = starting
        self._opened = asyncio.Event()
        self._tried = asyncio.Event()
        self._over = asyncio.Event()
        self._accepts = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._front(scope, receive, send)

    async def until_open(self) -> None:
        """Returns once calls are served."""
        await self._opened.wait()

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        # One task opens and closes: what it opens holds cancel scopes, which belong to their task.
        running = asyncio.create_task(self._run(), name="application")
        tried = asyncio.create_task(self._tried.wait())
        await asyncio.wait((running, tried), timeout=_HELD_S, return_when=asyncio.FIRST_COMPLETED)
        tried.cancel()
        if running.done():
            await send({"type": "lifespan.startup.failed", "message": type(running.exception()).__name__})
            running.result()
        self._accepts = True
        await send({"type": "lifespan.startup.complete"})
        try:
            await receive()
        finally:
            self._over.set()
            await running
        await send({"type": "lifespan.shutdown.complete"})

    async def _run(self) -> None:
        settings = self._settings
        observer = telemetry.setup(
            log_level=settings.log_level.upper(),
            otlp_endpoint=settings.otlp_endpoint,
            sample_ratio=settings.trace_share,
            metrics_port=settings.metrics_port or None,
            metrics_host=settings.metrics_host,
        )
        pause_s = _RETRY_S
        try:
            while not self._over.is_set():
                try:
                    await self._serve(observer)
                except Exception as error:
                    telemetry.log_exception(error)
                    # Once calls are accepted, whatever is in the way may be put right: a grant, a migration.
                    if not (self._accepts or may_pass(error)):
                        raise
                    self._tried.set()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._over.wait(), pause_s)
                pause_s = min(2 * pause_s, _LONGEST_RETRY_S)
        finally:
            observer.shutdown()

    async def _serve(self, observer: Telemetry) -> None:
        async with self._parts(observer) as self._front:
            quiet_garbage_collector()
            self._opened.set()
            self._tried.set()
            try:
                await self._over.wait()
            finally:
                self._front = starting

    @asynccontextmanager
    async def _parts(self, observer: Telemetry) -> AsyncGenerator[App]:
        settings = self._settings
        key_for = partial(derived_key, settings.cursor_key.value)
        async with (
            open_edge(settings, self._connectors, observer) as edge,
            opened_connect(settings, edge, self._connectors, vendor_setups(settings)) as api,
            opened_front(settings, api, self._connectors, contract, key_for) as front,
        ):
            yield front


def may_pass(error: BaseException) -> bool:
    """Whether start-up failed for want of the database alone."""
    if isinstance(error, BaseExceptionGroup):
        return all(may_pass(one) for one in cast("BaseExceptionGroup[BaseException]", error).exceptions)
    return isinstance(error, MeteringDown) or is_away(error)


def quiet_garbage_collector() -> None:
    """What start-up made lives as long as the process: it is never looked at again, and calls make little garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
