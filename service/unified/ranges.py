"""One range of bytes (RFC 9110, 14): asked for, placed within a document, and cut out of a stream."""

import re
from collections.abc import AsyncIterator
from typing import Final

from msgspec import Struct

from service.connectors.sdk.faults import TimedOut
from service.errors import RANGE_NOT_SATISFIABLE, ApiProblem

_RANGE: Final = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15}|\*)")


class Span(Struct, frozen=True):
    """A part of a document, in bytes; both ends included."""

    first: int
    last: int

    @property
    def size_bytes(self) -> int:
        return self.last - self.first + 1


class Wanted(Struct, frozen=True):
    """A range as it was asked for: from `first` to `last`, or the `last` bytes at the end where `first` is None."""

    first: int | None
    last: int | None

    @property
    def header(self) -> str:
        """The same as a header for the vendor."""
        return f"bytes={'' if self.first is None else self.first}-{'' if self.last is None else self.last}"

    def within(self, size_bytes: int) -> Span:
        """The part of a document of this size. Raises a 416 problem when there is none."""
        end = size_bytes - 1
        if self.first is None:
            span = Span(max(0, size_bytes - (self.last or 0)), end)
        else:
            span = Span(self.first, end if self.last is None else min(self.last, end))
        if span.first > span.last:
            raise out_of_range(size_bytes)
        return span


def read_range(header: str | None) -> Wanted | None:
    """The range that is asked for; None for what is ignored: several ranges, other units, ends before beginnings."""
    found = _RANGE.fullmatch((header or "").strip())
    if found is None or found[0] == "bytes=-":
        return None
    first, last = (int(text) if text else None for text in found.groups())
    if first is not None and last is not None and last < first:
        return None
    return Wanted(first, last)


def read_content_range(header: str | None) -> tuple[Span, int | None] | None:
    """The part that an answer holds, and the size of the whole where it is told; None for what is neither."""
    found = _CONTENT_RANGE.fullmatch(header or "")
    if found is None or int(found[2]) < int(found[1]):
        return None
    return Span(int(found[1]), int(found[2])), None if found[3] == "*" else int(found[3])


def out_of_range(size_bytes: int | None) -> ApiProblem:
    """A document has no such bytes."""
    if size_bytes is None:
        return ApiProblem(RANGE_NOT_SATISFIABLE, "The document ends before the range begins.")
    return ApiProblem(
        RANGE_NOT_SATISFIABLE,
        f"The document has {size_bytes:,} bytes.",
        headers=(("content-range", f"bytes */{size_bytes}"),),
    )


async def cut(chunks: AsyncIterator[bytes], span: Span | None, size_bytes: int | None) -> AsyncIterator[bytes]:
    """The bytes of the span, or all; `size_bytes` of them were promised.

    Raises TimedOut when fewer come, and never gives more.
    """
    skipped, left = span.first if span is not None else 0, size_bytes
    async for chunk in chunks:
        if skipped >= len(chunk):
            skipped -= len(chunk)
            continue
        part = chunk[skipped:] if skipped else chunk
        skipped = 0
        if left is not None:
            part = part[:left] if len(part) > left else part
            left -= len(part)
        yield part
        if left == 0:
            return
    if left:
        raise TimedOut("the vendor sent fewer bytes than it announced")
