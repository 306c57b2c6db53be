"""The one place that knows what time it is."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Gives this instant, in UTC. Passed to what must be testable on another day."""


def now() -> datetime:
    """This instant, in UTC."""
    return datetime.now(UTC)
