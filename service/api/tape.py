"""What a caller sent, written down on its way in: for calls with test keys alone, where their owners asked for it."""

from typing import TYPE_CHECKING, Final, Protocol

from service.api.asgi import Message, Receive

if TYPE_CHECKING:
    from service.api.call import Answer, Call

MAX_TAPED_BYTES: Final = 64 * 1024


class Tape:
    """Stands in a request's way and keeps its first bytes."""

    __slots__ = ("_receive", "body", "size_bytes")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.body = b""
        self.size_bytes = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        part: bytes = message.get("body", b"")
        self.size_bytes += len(part)
        self.body += part[: MAX_TAPED_BYTES - len(self.body)]
        return message


class Taper(Protocol):
    """Keeps what was sent and answered."""

    async def begin(self, call: "Call") -> None:
        """Puts a tape into the call, where its owner wants one. Never raises."""
        ...

    async def keep(self, call: "Call", tape: Tape, answer: "Answer") -> None:
        """Keeps both bodies of an answered call. Never raises."""
        ...
