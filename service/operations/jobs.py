"""What becomes of operations that nobody asks for."""

import logging
from datetime import datetime, timedelta
from typing import Final

from service.db.pool import Connection
from service.operations import store
from service.operations.slow import KEPT_FOR

CARRIED_ON_WITHIN: Final = timedelta(hours=1)
"""So long an interrupted operation is one that somebody may still be about to end."""
_log: Final = logging.getLogger(__name__)


async def end_interrupted(connection: Connection, at: datetime) -> None:
    """Ends as `unknown` what has been interrupted for an hour, for every organization.

    Nothing could be learned of it in so long. What still settles its write (`settling.py`, the same Idempotency-Key)
    still ends it.
    """
    ended = await store.mark_operations_left_behind(connection, at - CARRIED_ON_WITHIN, at)
    if ended:
        _log.warning("interrupted operations ended as unknown: %d", ended)


async def forget_old_operations(connection: Connection, at: datetime) -> None:
    """Deletes what was begun longer ago than `KEPT_FOR`."""
    await store.delete_old_operations(connection, at - KEPT_FOR)
