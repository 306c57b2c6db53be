"""Deterministic invention: numbers that depend on nothing but the seed and the place they are asked for."""

from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

T = TypeVar("T")

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


class Dice:
    """A stream of numbers (splitmix64) named by integers: the same name always gives the same stream."""

    __slots__ = ("_state",)

    def __init__(self, *name: int) -> None:
        state = 0
        for part in name:
            state = _mix(state ^ (part * _GOLDEN & _MASK))
        self._state = state

    def roll(self, sides: int) -> int:
        """A number from 0 to sides - 1."""
        self._state = self._state + _GOLDEN & _MASK
        return _mix(self._state) % sides

    def between(self, low: int, high: int) -> int:
        """A number from low to high, both included."""
        return low + self.roll(high - low + 1)

    def pick(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[self.roll(len(options))]


def _mix(value: int) -> int:
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & _MASK
    return value ^ value >> 31


class Layout:
    """Which client a row hangs on, when clients repeat in blocks and each place in a block has as many rows.

    Both directions cost the same for the first row and the last, so nothing is counted or stored at start-up.
    """

    __slots__ = ("_block_rows", "_counts", "_owners", "_starts", "clients", "size")

    def __init__(self, counts: Sequence[int], clients: int) -> None:
        self.clients = clients
        self._counts = tuple(counts)
        self._starts = (0, *accumulate(counts))
        self._block_rows = self._starts[-1]
        self._owners = tuple(place for place, count in enumerate(counts) for _ in range(count))
        blocks, rest = divmod(clients, len(counts))
        self.size = blocks * self._block_rows + self._starts[rest]

    def locate(self, row: int) -> tuple[int, int]:
        """The client a row belongs to, and which of the client's rows it is."""
        block, rest = divmod(row, self._block_rows)
        place = self._owners[rest]
        return block * len(self._counts) + place, rest - self._starts[place]

    def rows_of(self, client: int) -> range:
        """The rows of one client."""
        block, place = divmod(client, len(self._counts))
        first = block * self._block_rows + self._starts[place]
        return range(first, first + self._counts[place])
