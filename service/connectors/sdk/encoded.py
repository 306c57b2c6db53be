"""Bytes as base64 while they pass: a few at a time, never all at once."""

from binascii import b2a_base64
from collections.abc import AsyncIterator


async def in_base64(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The chunks in base64 (RFC 4648, 4), as one text without line ends, whatever their lengths."""
    left = b""
    async for chunk in chunks:
        whole = left + chunk
        cut = len(whole) - len(whole) % 3
        left = whole[cut:]
        if cut:
            yield b2a_base64(memoryview(whole)[:cut], newline=False)
    if left:
        yield b2a_base64(left, newline=False)
