"""Flows: vendor calls as generators that yield requests and return unified values.

A flow sees no socket, token, retry or clock. The engine sends what it yields and sends the answer back in; when the
vendor faults, the engine throws a `VendorFault` in at the `yield`, so that "404 means none" is a plain try/except.
Flows compose with `yield from`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping
from typing import Literal, TypeAlias, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Frame(Struct, frozen=True, gc=False):
    """What goes around the bytes that a caller uploads, such as the parts of a multipart form."""

    before: bytes = b""
    after: bytes = b""
    is_base64: bool = False
    """The bytes stand in the frame as base64, as in a JSON text."""

    def size_bytes(self, of_bytes: int) -> int:
        """How long the frame is around so many bytes."""
        return len(self.before) + (4 * -(-of_bytes // 3) if self.is_base64 else of_bytes) + len(self.after)


class Request(Struct, frozen=True, kw_only=True, gc=False):
    """One vendor call, before address and credentials are put on it."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    """Below the connector's root for the account; starts with `/`, already percent-encoded."""
    query: tuple[tuple[str, str], ...] = ()
    address: str | None = None
    """An absolute address that the vendor has just handed out, such as a signed download link: used instead of the
    path, and never given our credentials."""
    body: bytes | None = None
    upload: Frame | None = None
    """The body is what the caller sends, in this frame. It can be sent only once."""
    content_type: str = "application/json"
    accept: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    lane: Literal["read", "write"]
    """A search by POST is a read: it may be repeated, and it draws on the read budget."""
    repeatable: bool = False
    """A write that carries the vendor's own idempotency key: sending it again cannot do it twice."""

    counts_as: str | None = None
    """The vendor limits such calls apart, besides all: the name of that limit in `BudgetSpec.apart`."""

    aside: bool = False
    """The answer is not the record's own: it only helps to map it, and `include=raw` is made of another."""

    @property
    def may_retry(self) -> bool:
        return (self.lane == "read" or self.repeatable) and self.upload is None


class Response(Struct, frozen=True, gc=False):
    """What the vendor answered; header names in lower case, the body whole and within the size cap."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Opened(Response, frozen=True, gc=False):
    """An answer whose bytes are still to come. `body` is empty, but for a fault, which is read whole."""

    chunks: AsyncIterator[bytes]
    close: Callable[[], Awaitable[None]]


class Source(Struct, frozen=True, gc=False):
    """Bytes that a caller is sending."""

    chunks: AsyncIterator[bytes]
    size_bytes: int | None


Flow: TypeAlias = Generator[Request, Response, T]
