"""Random bytes for what every call needs: asking the operating system each time costs more than the rest of it."""

import os
import sys
from typing import Final

_AT_ONCE: Final = 256


class Noise:
    """Gives `size_bytes` of the operating system's, none of them twice, and a forked child none of its parent's."""

    __slots__ = ("_left", "_size_bytes")

    def __init__(self, size_bytes: int) -> None:
        self._size_bytes = size_bytes
        self._left: list[bytes] = []
        if sys.platform != "win32":
            os.register_at_fork(after_in_child=self._left.clear)

    def take(self) -> bytes:
        try:
            return self._left.pop()
        except IndexError:
            size = self._size_bytes
            block = os.urandom(size * _AT_ONCE)
            self._left.extend([block[at : at + size] for at in range(size, len(block), size)])
            return block[:size]
