"""What the bytes of a document count as."""

from math import ceil
from typing import Final

UNIT_BYTES: Final = 10 * 1000 * 1000
"""Every started 10 MB counts as one unit."""


def units_of(size_bytes: int | None) -> int:
    """What so many bytes count as; where nobody says how many there are, as one."""
    return max(1, ceil((size_bytes or 0) / UNIT_BYTES))
