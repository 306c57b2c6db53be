"""Answers that are written as they are sent."""

from collections.abc import AsyncIterator

from service.api.asgi import Receive, Scope, Send
from service.api.call import Answer


class Download:
    """An answer that is written as it is sent. An ASGI application."""

    def __init__(self, head: Answer, parts: AsyncIterator[bytes]) -> None:
        self._head = head
        self._parts = parts

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        start, _ = self._head.messages()
        start["headers"] = [(name, value) for name, value in start["headers"] if name != b"content-length"]
        await send(start)
        async for part in self._parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
