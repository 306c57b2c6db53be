"""A vendor that answers at once: canned bytes over a raw uvloop protocol, so that it is never the bottleneck.

    python -m tests.bench.upstream <directory with record.http, page.http and flat.http>

Prints its port. Each file is a whole HTTP answer; a path with `/query` gets the page, or where it asks for items the
flat one, every other path the record.
"""

import asyncio
import sys
import threading
from pathlib import Path
from typing import cast

import uvloop

_END = b"\r\n\r\n"


class Canned(asyncio.Protocol):
    """One connection. Requests have no body."""

    def __init__(self, record: bytes, page: bytes, flat: bytes) -> None:
        self._record = record
        self._page = page
        self._flat = flat
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        *requests, self._rest = (self._rest + data).split(_END)
        for request in requests:
            self._transport.write(self._answer(request.partition(b"\r\n")[0]))

    def _answer(self, line: bytes) -> bytes:
        if b"/query" not in line:
            return self._record
        return self._flat if b"Item" in line else self._page


async def serve(directory: Path) -> None:
    """Answers until standard input ends."""
    record, page, flat = ((directory / f"{name}.http").read_bytes() for name in ("record", "page", "flat"))
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    server = await loop.create_server(lambda: Canned(record, page, flat), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)

    def wait_for_parent() -> None:
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(stopped.set)

    threading.Thread(target=wait_for_parent, daemon=True).start()
    await stopped.wait()
    server.close()


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1])))
