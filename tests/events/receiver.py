"""A customer's server: a real HTTP server on this machine that keeps what it was sent and answers as it is told."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web
from standardwebhooks import Webhook


class Taken(msgspec.Struct, frozen=True):
    """One request as it came in."""

    headers: dict[str, str]
    body: bytes
    path: str

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.body)
        return found

    def verify(self, secret: str) -> None:
        """Raises where the independent library of Standard Webhooks does not believe it."""
        Webhook(secret).verify(self.body, self.headers)

    def bears(self, secret: str) -> bool:
        """Whether that library would have signed it so, whatever the time is now."""
        at = datetime.fromtimestamp(int(self.headers["webhook-timestamp"]), UTC)
        signature = Webhook(secret).sign(self.id, at, self.body.decode())
        return signature in self.headers["webhook-signature"].split(" ")


Answers = Callable[[Taken], Awaitable[web.StreamResponse]]


class Receiver:
    """`status` and `headers` are what it answers, unless `answers` decides."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.status = 204
        self.headers: dict[str, str] = {}
        self.answers: Answers | None = None
        self.port = 0
        self.came = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        taken = Taken({k.lower(): v for k, v in request.headers.items()}, await request.read(), request.path)
        self.taken.append(taken)
        self.came.set()
        if self.answers is not None:
            return await self.answers(taken)
        return web.Response(status=self.status, headers=self.headers)

    async def until(self, count: int) -> None:
        """Returns once so many requests came in."""
        async with asyncio.timeout(30):
            while len(self.taken) < count:
                self.came.clear()
                await self.came.wait()


@asynccontextmanager
async def receiving() -> AsyncGenerator[Receiver]:
    """The server, for the length of the block."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    listening = socket.create_server(("127.0.0.1", 0))
    receiver.port = listening.getsockname()[1]
    await web.SockSite(runner, listening).start()
    try:
        yield receiver
    finally:
        await runner.cleanup()
