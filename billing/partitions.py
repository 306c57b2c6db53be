"""Room for the months to come. Rows of a month without a partition are kept all the same, in the default one."""

from datetime import datetime
from typing import Final

from billing.store import QUERIES, Connection

MONTHS_AHEAD: Final = 3


async def make_partitions(connection: Connection, around: datetime, ahead: int = MONTHS_AHEAD) -> int:
    """Makes what is missing for the UTC month of `around` and `ahead` more; how many are new. Run it daily.

    `connection` is the operator's. Raises asyncpg.LockNotAvailableError rather than hold up the meter for long.
    """
    made: int = await connection.fetchval(QUERIES["make_partitions"], around, ahead)
    return made
