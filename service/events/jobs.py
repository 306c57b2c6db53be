"""What is forgotten of deliveries: for the worker, on a connection of the operator role."""

from datetime import datetime, timedelta
from typing import Final

from service.db.pool import Connection
from service.events.store import SQL

KEPT_FOR: Final = timedelta(days=30)
"""Deliveries with their attempts, after they were settled. Events stay listed."""
_AT_ONCE: Final = 10_000


async def forget_old_deliveries(connection: Connection, at: datetime) -> None:
    """Deletes those that were settled longer ago than `KEPT_FOR`, some at a time."""
    while len(await connection.fetch(SQL["delete_old_deliveries"], at - KEPT_FOR, _AT_ONCE)) == _AT_ONCE:
        pass
