"""As much HTTP as the sandbox vendors need: requests and responses as values, a router, and the way out over ASGI."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from tempfile import TemporaryFile
from typing import IO, Any, TypeAlias
from urllib.parse import parse_qsl

import msgspec

Json: TypeAlias = dict[str, Any]
"""A JSON object. Wire records stay plain objects here: a vendor's quirks are easier to read than to type."""

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

MAX_BODY_BYTES = 10 * 1024 * 1024
PIECE_BYTES = 256 * 1024


class Request(msgspec.Struct, frozen=True):
    """One call, wholly read. Header names are lower case; of a repeated query parameter the last value counts."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    pairs: tuple[tuple[str, str], ...] = ()
    """The query as it was sent, repeated parameters and all."""
    large: "Stream | None" = None
    """The body where it was too large to hold; `body` is empty then."""

    def every(self, name: str) -> list[str]:
        """All values of a query parameter that may be repeated."""
        return [value for key, value in self.pairs if key == name]

    @property
    def api_key(self) -> str | None:
        """The key of vendors that know callers by `x-api-key`, or `x-auth`."""
        return self.headers.get("x-api-key") or self.headers.get("x-auth") or None

    @property
    def bearer(self) -> str | None:
        """The bearer token, if the call carries one."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" and token.strip() else None

    @property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace")))


class Stream(msgspec.Struct, frozen=True):
    """A body too large to hold: `read(begin, end)` gives the bytes of any stretch of it."""

    size_bytes: int
    read: Callable[[int, int], bytes]

    def stretch(self, begin: int, end: int) -> "Stream":
        """The part from `begin` to before `end` as a body of its own."""
        return Stream(end - begin, lambda first, last: self.read(begin + first, begin + last))


class Response(msgspec.Struct, frozen=True):
    """One answer, before any fault has touched it; `payload` is what `body` was made from, if it was JSON.

    With a `stream` the body comes from there, and `body` is empty.
    """

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    payload: object = None
    stream: Stream | None = None

    @property
    def size_bytes(self) -> int:
        """The length of the body, wherever it comes from."""
        return len(self.body) if self.stream is None else self.stream.size_bytes

    def read(self, begin: int, end: int) -> bytes:
        """A stretch of the body, wherever it comes from."""
        if self.stream is None:
            return self.body[begin:end]
        return self.stream.read(begin, min(end, self.stream.size_bytes))

    def plus(self, *headers: tuple[str, str]) -> "Response":
        """The same answer with more headers."""
        return msgspec.structs.replace(self, headers=self.headers + headers)

    def header(self, name: str) -> str | None:
        """A header of the answer."""
        return next((value for key, value in self.headers if key == name), None)


def json_response(status: int, payload: object, *headers: tuple[str, str]) -> Response:
    """An answer of JSON."""
    head = (("content-type", "application/json;charset=UTF-8"), *headers)
    return Response(status, msgspec.json.encode(payload), head, payload)


Handler: TypeAlias = Callable[[Request, Mapping[str, str]], Response]


class Router:
    """Finds what answers a call; `{name}` in a pattern takes one segment of the path."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, tuple[str, ...], Handler, str]] = []

    def add(self, method: str, pattern: str, handler: Handler) -> None:
        """Routes added first win."""
        self._routes.append((method, tuple(pattern.split("/")), handler, pattern))

    def find(self, method: str, path: str) -> tuple[Handler, dict[str, str], str] | None:
        """The handler, its path parameters and the pattern; None when nothing answers."""
        segments = path.rstrip("/").split("/")
        for wanted, pattern, handler, text in self._routes:
            if wanted == method and len(pattern) == len(segments):
                values = _values(pattern, segments)
                if values is not None:
                    return handler, values, text
        return None


def _values(pattern: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    values: dict[str, str] = {}
    for expected, segment in zip(pattern, segments, strict=True):
        if expected.startswith("{"):
            values[expected[1:-1]] = segment
        elif expected != segment:
            return None
    return values


class BodyTooLargeError(Exception):
    """The caller sent more than MAX_BODY_BYTES."""


class DisconnectedError(Exception):
    """The caller was gone before the whole body was here."""


async def read_request(scope: Scope, receive: Receive, takes_large: bool = False) -> Request:
    """The call with its whole body; past MAX_BODY_BYTES in a file, or BodyTooLargeError. DisconnectedError."""
    parts: list[bytes] = []
    size = 0
    file: IO[bytes] | None = None
    async for part in _parts(receive):
        size += len(part)
        if file is not None:
            file.write(part)
        elif size <= MAX_BODY_BYTES:
            parts.append(part)
        elif takes_large:
            file = TemporaryFile()  # noqa: SIM115 - lives as long as somebody may read it
            file.writelines([*parts, part])
        else:
            raise BodyTooLargeError
    query_string: bytes = scope["query_string"]
    pairs = tuple(parse_qsl(query_string.decode("latin-1"), keep_blank_values=True))
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=dict(pairs),
        headers={key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]},
        body=b"" if file else b"".join(parts),
        pairs=pairs,
        large=None if file is None else _stored(file, size),
    )


async def _parts(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise DisconnectedError
        yield message.get("body", b"")
        more = message.get("more_body", False)


def _stored(file: IO[bytes], size: int) -> Stream:
    file.flush()
    return Stream(size, lambda begin, end: os.pread(file.fileno(), end - begin, begin))


async def start(send: Send, status: int, headers: tuple[tuple[str, str], ...], size_bytes: int | None) -> None:
    """Sends the head of an answer; without a size the body is chunked."""
    wire = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in headers]
    if size_bytes is not None:
        wire.append((b"content-length", str(size_bytes).encode()))
    await send({"type": "http.response.start", "status": status, "headers": wire})


async def respond(send: Send, response: Response) -> None:
    """Sends a whole answer."""
    await start(send, response.status, response.headers, response.size_bytes)
    if response.stream is not None:
        await send_pieces(send, response, response.size_bytes)
    await send({"type": "http.response.body", "body": response.body})


async def send_pieces(send: Send, response: Response, until: int) -> None:
    """Sends the body up to a byte, piece by piece, and leaves it open. Other calls are served in between."""
    for begin in range(0, until, PIECE_BYTES):
        piece = response.read(begin, min(begin + PIECE_BYTES, until))
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        await asyncio.sleep(0)
