"""Calls that the service makes to itself, by the same rim as everybody's: admitted, metered and recorded like them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from service.api.asgi import App, Message, Scope

_KEPT: tuple[str, ...] = ("asgi", "http_version", "scheme", "server", "client", "root_path", "extensions")
_ON_THE_WAY: tuple[bytes, ...] = (b"host", b"x-forwarded-for")


class Inner(Struct, frozen=True):
    """One call to make. `target` is path and query as they stand in a URL."""

    method: str
    target: str
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes = b""


class Given(Struct, frozen=True):
    """What it was answered, whole."""

    status: int
    headers: Mapping[bytes, bytes]
    body: bytes


async def call_within(app: App, outer: Scope, inner: Inner) -> Given:
    """Makes a call in the name of an outer one: from the same address, with headers of its own."""
    path, _, query = inner.target.partition("?")
    scope: dict[str, Any] = {
        **{name: outer[name] for name in _KEPT if name in outer},
        "type": "http",
        "method": inner.method,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [*_of_the_way(outer), *inner.headers, (b"content-length", b"%d" % len(inner.body))],
    }
    waiting = [inner.body]
    start: Message = {}
    parts: list[bytes] = []

    async def receive() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return Given(start["status"], dict(start["headers"]), b"".join(parts))


def _of_the_way(outer: Scope) -> list[tuple[bytes, bytes]]:
    """What says where the outer call came from, and to: the inner one is as near or far as that."""
    return [header for header in outer["headers"] if header[0] in _ON_THE_WAY]
