"""Flows: vendor calls as generators that yield requests and return unified values.

A flow sees no socket, token, retry or clock. The engine sends what it yields and sends the answer back in; when the
vendor faults, the engine throws a `VendorFault` in at the `yield`, so that "404 means none" is a plain try/except.
Flows compose with `yield from`.
"""

from collections.abc import Generator, Mapping
from typing import Literal, TypeAlias, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Request(Struct, frozen=True, kw_only=True, gc=False):
    """One vendor call, before address and credentials are put on it."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    """Below the connector's root for the account; starts with `/`, already percent-encoded."""
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    content_type: str = "application/json"
    accept: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    lane: Literal["read", "write"]
    """A search by POST is a read: it may be repeated, and it draws on the read budget."""
    repeatable: bool = False
    """A write that carries the vendor's own idempotency key: sending it again cannot do it twice."""

    @property
    def may_retry(self) -> bool:
        return self.lane == "read" or self.repeatable


class Response(Struct, frozen=True, gc=False):
    """What the vendor answered; header names in lower case, the body whole and within the size cap."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Flow: TypeAlias = Generator[Request, Response, T]
