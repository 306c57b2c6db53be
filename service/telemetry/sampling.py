"""Which calls are traced, decided from what is known at the start: the incoming traceparent, else the request id."""

from time import monotonic
from uuid import UUID

from msgspec import Struct

_RANDOM_BITS = 56
_RANDOM = (1 << _RANDOM_BITS) - 1
_HEX = frozenset("0123456789abcdef")


class Parent(Struct, frozen=True):
    """The caller's span, from `traceparent`."""

    trace_id: int
    span_id: int
    sampled: bool


class Sampler:
    """Samples `ratio` of the calls that come without a decision; follows the caller's decision where there is one.

    Never more than `most_per_s`: callers who ask for every call to be traced must not slow down the others.
    """

    __slots__ = ("_below", "_left", "_most_per_s", "_second")

    def __init__(self, ratio: float, *, most_per_s: int = 100) -> None:
        if not 0 <= ratio <= 1:
            raise ValueError("the sample ratio is between 0 and 1")
        self._below = round(ratio * (1 << _RANDOM_BITS))
        self._most_per_s = self._left = most_per_s
        self._second = 0

    def samples(self, request_id: UUID, traceparent: str | None = None) -> bool:
        """The last 56 bits of a request id are random, as W3C Trace Context 2 asks of a trace id."""
        if traceparent is not None and (parent := parse_traceparent(traceparent)) is not None:
            return parent.sampled and self._has_room()
        return request_id.int & _RANDOM < self._below and self._has_room()

    def _has_room(self) -> bool:
        second = int(monotonic())
        if second != self._second:
            self._second, self._left = second, self._most_per_s
        self._left -= 1
        return self._left >= 0


def parse_traceparent(text: str) -> Parent | None:
    """The parent a `traceparent` header names; None for anything malformed (W3C Trace Context, read 2026-11-20)."""
    parts = text.split("-")
    if len(parts) < 4 or [len(part) for part in parts[:4]] != [2, 32, 16, 2]:
        return None
    version, trace, span, flags = parts[:4]
    if version == "ff" or (version == "00" and len(parts) != 4) or not _HEX.issuperset("".join(parts[:4])):
        return None
    trace_id, span_id = int(trace, 16), int(span, 16)
    if trace_id == 0 or span_id == 0:
        return None
    return Parent(trace_id, span_id, bool(int(flags, 16) & 1))
