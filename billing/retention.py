"""How long calls that cost nothing stand in the request log. What is billed stays: it is the proof of its invoice."""

from typing import Final
from uuid import UUID

from billing.store import QUERIES, Connection

LEAST_DAYS: Final = 30
MOST_DAYS: Final = 3650
_AT_ONCE: Final = 5_000


async def get_free_calls_days(connection: Connection, org_id: UUID) -> int | None:
    """For how many days; None for as long as what is billed."""
    days: int | None = await connection.fetchval(QUERIES["get_free_calls_days"], org_id)
    return days


async def set_free_calls_days(connection: Connection, org_id: UUID, days: int | None) -> None:
    """From now on so many days, 30 to 3650; None keeps all that is still there."""
    if days is None:
        await connection.execute(QUERIES["delete_free_calls_days"], org_id)
        return
    if not LEAST_DAYS <= days <= MOST_DAYS:
        raise ValueError(f"free calls are kept for {LEAST_DAYS} to {MOST_DAYS} days")
    await connection.execute(QUERIES["upsert_free_calls_days"], org_id, days)


async def forget_free_calls(connection: Connection) -> int:
    """Deletes what organizations keep no longer, a stretch at a time; how many calls are gone. For the worker."""
    gone = 0
    for row in await connection.fetch(QUERIES["list_forgetting"]):
        while count := await connection.fetchval(QUERIES["delete_free_calls"], row["org_id"], _AT_ONCE):
            gone += count
    return gone
