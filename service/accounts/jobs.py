"""What is forgotten of people: for the worker, on a connection of the operator role."""

from datetime import datetime, timedelta
from typing import Final

from service.accounts import members_store as store
from service.db.pool import Connection

INVITATIONS_KEPT_FOR: Final = timedelta(days=30)
"""After they ran out, taken up or not: who invited whom stays in the audit log."""


async def forget_old_sessions(connection: Connection, at: datetime) -> None:
    """Deletes sessions as soon as they have ended: they hold addresses of browsers."""
    await store.delete_ended_sessions(connection, at)


async def forget_old_invitations(connection: Connection, at: datetime) -> None:
    """Deletes invitations that ran out longer ago than `INVITATIONS_KEPT_FOR`."""
    await store.delete_old_invitations(connection, at - INVITATIONS_KEPT_FOR)
