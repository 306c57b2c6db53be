"""The versions of the API: dates. A key keeps the one that it was made with."""

from typing import Final

VERSION: Final = "2026-11-20"
KNOWN: Final = frozenset({VERSION.encode()})
