"""Who an organization's invoices are made out to, and how they are taxed."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from billing.store import QUERIES, Connection


class Details(msgspec.Struct, frozen=True):
    """As printed on invoices; `address` has one line for each line. A tax has both a name and a percentage."""

    name: str
    address: str
    tax_id: str | None = None
    tax_name: str | None = None
    tax_percent: Decimal | None = None


async def set_details(connection: Connection, org_id: UUID, details: Details) -> None:
    """Holds for everything drafted from now on. ValueError for a tax that lies outside 0 to 100 % or has no name."""
    if (details.tax_name is None) != (details.tax_percent is None):
        raise ValueError("a tax has a name and a percentage")
    if details.tax_percent is not None and not 0 <= details.tax_percent <= 100:
        raise ValueError("a tax lies between 0 and 100 %")
    await connection.execute(QUERIES["insert_details"], org_id, *msgspec.structs.astuple(details))


async def get_details(connection: Connection, org_id: UUID, at: datetime) -> Details | None:
    """What held at that instant; None where nothing was ever said."""
    row = await connection.fetchrow(QUERIES["get_details"], org_id, at)
    return None if row is None else Details(**row)
