"""The production server: Granian with uvloop, one process for each worker."""

import asyncio
import ctypes
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Final

from granian.constants import HTTPModes, Interfaces, Loops
from granian.server import Server as WorkerServer
from granian.server.embed import Server as EmbeddedServer

from service.application import Application
from service.connectors.registry import CONNECTORS
from service.connectors.sdk.connector import Connector
from service.settings import Settings, load

_BACKLOG: Final = 1024
_READY_WITHIN_S: Final = 20.0
_M_ARENA_MAX: Final = -8  # mallopt(3)
_ARENAS: Final = 2


def application() -> Application:
    """The application of one worker, as the environment sets it up."""
    return Application(load())


def serve(settings: Settings, target: str = "service.server:application") -> None:
    """Serves until it is told to stop; `settings` must be those of the environment, which each worker reads again."""
    _share_heaps()
    WorkerServer(
        target,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        factory=True,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=False,
        backlog=_BACKLOG,
        log_access=False,
        respawn_failed_workers=True,
    ).serve()


@asynccontextmanager
async def serving(settings: Settings, port: int, connectors: tuple[Connector, ...] = CONNECTORS) -> AsyncGenerator[str]:
    """The same server inside this process, for the length of the block, once it is ready; gives its base URL."""
    application = Application(settings, connectors)
    server = EmbeddedServer(
        application,
        settings.host,
        port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
    )
    task = asyncio.create_task(server.serve())
    try:
        await _listening(settings.host, port, task)
        async with asyncio.timeout(_READY_WITHIN_S):
            await application.until_open()
        yield f"http://{settings.host}:{port}"
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        await task


async def _listening(host: str, port: int, task: "asyncio.Task[None]") -> None:
    async with asyncio.timeout(_READY_WITHIN_S):
        while True:
            if task.done():
                task.result()
            try:
                _, writer = await asyncio.open_connection(host, port)
            except OSError:
                await asyncio.sleep(0.005)
            else:
                writer.close()
                return


def _share_heaps() -> None:
    """Keeps glibc from giving each of a worker's threads a heap of its own: they hand answers to one another, and what
    one frees of another's stays. A worker is 20 MB smaller after 100,000 calls and grows no further."""
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):  # another C library
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)
