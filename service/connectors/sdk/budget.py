"""Vendor limits: what we may spend, shared over all workers. The keeper that counts lives outside the SDK."""

from collections.abc import Mapping
from typing import Literal, Protocol

from msgspec import Struct


class Limit(Struct, frozen=True):
    """At most `count` calls in any window of `window_s` seconds."""

    count: int
    window_s: float


class BudgetSpec(Struct, frozen=True, kw_only=True):
    """A vendor's published limits.

    `scope` says whose they are: each account of a connection, each connection, or all of our app at that vendor.
    """

    limits: tuple[Limit, ...]
    scope: Literal["account", "connection", "app"] = "connection"
    apart: Mapping[str, tuple[Limit, ...]] = {}
    """What some calls are limited to besides, by the name that `Request.counts_as` gives them."""
    concurrent: int | None = None
    default_retry_after_s: float = 1.0
    """How long to stay away after a 429 that does not say."""
    source: str = ""


class Remaining(Struct, frozen=True):
    """The tightest of a budget's limits after a call, for `Upstream-RateLimit`."""

    limit: int
    remaining: int
    reset_s: float
    spent_in_s: float | None = None
    """When nothing will remain, at the pace of the last seconds; None where that does not come."""


class BudgetExhausted(Exception):  # noqa: N818
    """The vendor's budget is spent; `retry_after_s` says when there is room again."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"vendor budget spent; room in {retry_after_s:.1f} s")
        self.retry_after_s = retry_after_s


class BudgetKeeper(Protocol):
    """Counts calls over all workers."""

    async def acquire(self, key: str, spec: BudgetSpec, *, wait_s: float) -> Remaining | None:
        """Takes one call from the budget `key`, waiting at most `wait_s` for room; else raises BudgetExhausted."""
        ...

    async def penalize(self, key: str, spec: BudgetSpec, retry_after_s: float) -> None:
        """The vendor said 429 all the same: nobody calls under `key` for `retry_after_s`."""
        ...
