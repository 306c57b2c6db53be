"""Running sums of the ledger: what is asked of a month is answered from them and the rest that came after, exactly.

`sum_up` keeps them near; without it every answer is the same, and slower. Invoices are made from the ledger itself.
"""

from datetime import datetime
from uuid import UUID

from billing.calendar import Days
from billing.invocation import Meter
from billing.store import QUERIES, Connection


async def sum_up(connection: Connection) -> None:
    """Takes everything into the sums that has been recorded until now, in steps that each are a short transaction."""
    await connection.execute(QUERIES["note_new_ranges"])
    while await connection.fetchval(QUERIES["sum_up_ledger"]):
        pass
    while await connection.fetchval(QUERIES["sum_up_keys"]):
        pass


async def sum_units(connection: Connection, org_id: UUID, starts_at: datetime, ends_at: datetime) -> dict[Meter, int]:
    """Units by meter between two instants that are whole quarters of an hour, as days and months are."""
    rows = await connection.fetch(QUERIES["sum_units"], org_id, starts_at, ends_at)
    return {Meter(row["meter"]): row["units"] for row in rows}


async def sum_units_of(
    connection: Connection, org_id: UUID, days: Days, *, key_id: UUID | None = None, connection_id: UUID | None = None
) -> dict[Meter, int]:
    """The same in whole days, of one key or one connection."""
    bounds = (days.first, days.end, days.starts_at, days.ends_at)
    rows = await connection.fetch(QUERIES["sum_units_of"], org_id, *bounds, key_id, connection_id)
    return {Meter(row["meter"]): row["units"] for row in rows}
