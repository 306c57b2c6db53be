"""A vendor that holds one huge file and swallows uploads, over a raw uvloop protocol: TaxDome's paths, canned bytes.

    python -m tests.bench.streams_upstream <size in bytes>

Prints its port. `GET /files/1` is the file; `POST` takes a body of `Content-Length` and answers with a document.
"""

import asyncio
import re
import sys
import threading
from typing import cast

import msgspec
import uvloop

PIECE = bytes(256 * 1024)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)


class Huge(asyncio.Protocol):
    """One connection."""

    def __init__(self, port: int, size_bytes: int) -> None:
        self._port = port
        self._size_bytes = size_bytes
        self._head = b""
        self._body_left = 0
        self._file_left = 0
        self._may_write = True
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def pause_writing(self) -> None:
        self._may_write = False

    def resume_writing(self) -> None:
        self._may_write = True
        self._write()

    def data_received(self, data: bytes) -> None:
        if self._body_left:
            self._swallow(len(data))
            return
        self._head += data
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if end:
            self._head = b""
            self._answer(head, len(rest))

    def _answer(self, head: bytes, arrived: int) -> None:
        line = head.split(b"\r\n", 1)[0]
        if b" /files/" in line and line.startswith(b"GET"):
            self._head_of(b"application/zip", self._size_bytes)
            self._file_left = self._size_bytes
            self._write()
            return
        length = _LENGTH.search(head)
        assert _CHUNKED.search(head) is None, "the length of an upload has to be announced"
        self._body_left = int(length[1]) if length is not None else 0
        if self._body_left:
            self._swallow(arrived)
        else:
            self._json({"url": f"http://127.0.0.1:{self._port}/files/1"} if b"/download" in line else self._document())

    def _swallow(self, count: int) -> None:
        self._body_left -= count
        if self._body_left == 0:
            self._json(self._document())

    def _document(self) -> dict[str, object]:
        return {
            "id": "doc_1", "account_id": "acc_1", "root": "private", "path": "/", "name": "a.zip",
            "size": self._size_bytes, "uploaded_at": "2026-11-20T09:00:00Z", "uploaded_by": "bench",
            "access": "private", "status": None,
        }  # fmt: skip

    def _json(self, value: object) -> None:
        body = msgspec.json.encode(value)
        self._head_of(b"application/json", len(body))
        assert self._transport is not None
        self._transport.write(body)

    def _head_of(self, media_type: bytes, size_bytes: int) -> None:
        assert self._transport is not None
        self._transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n" % (media_type, size_bytes)
        )

    def _write(self) -> None:
        assert self._transport is not None
        while self._file_left and self._may_write:
            piece = PIECE if self._file_left >= len(PIECE) else PIECE[: self._file_left]
            self._file_left -= len(piece)
            self._transport.write(piece)


async def serve(size_bytes: int) -> None:
    """Answers until standard input ends."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    ports: list[int] = [0]
    server = await loop.create_server(lambda: Huge(ports[0], size_bytes), "127.0.0.1", 0)
    ports[0] = server.sockets[0].getsockname()[1]
    print(ports[0], flush=True)

    def wait_for_parent() -> None:
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(stopped.set)

    threading.Thread(target=wait_for_parent, daemon=True).start()
    await stopped.wait()
    server.close()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
