"""What happened to an organization's money that somebody may want to know of."""

from datetime import datetime
from uuid import UUID

import msgspec

from billing.store import QUERIES, Connection


class News(msgspec.Struct, frozen=True):
    """A budget was used to `percent` (`what` is `key.day`, `organization.month` …), or an invoice came into a state
    (`invoice.paid`). The amount is the budget's limit, or the invoice's total."""

    at: datetime
    what: str
    about: UUID
    percent: int | None
    amount_minor: int


async def list_news(connection: Connection, org_id: UUID, *, before: datetime, limit: int) -> tuple[News, ...]:
    """Newest first."""
    return msgspec.convert(await connection.fetch(QUERIES["list_news"], org_id, before, limit), tuple[News, ...])
