"""What TaxDome's records have in common.

TaxDome publishes no API that a firm can use. Paths, names and words follow a sketch of its portal's session and its
help pages (https://help.taxdome.com, read 2026-11-20), so the whole contract is `assumed`.
"""

from datetime import date, datetime
from typing import Final

from service.connectors.sdk.binding import Doc
from service.connectors.sdk.codec import utc
from service.connectors.sdk.faults import SchemaDrift
from service.ids import Book

ASSUMED: Final = "The whole contract is assumed: TaxDome publishes no API that a firm can use."
PAGES_MOVE: Final = "Pages are numbered: while records come and go, a walk may see one twice or pass one over."
DOC: Final = Doc("https://help.taxdome.com/", date(2026, 11, 20), "assumed")
"""The help pages tell what the screens show; names of fields are nowhere."""


def day(wire: str | None, path: str) -> date | None:
    """The calendar day of `2026-03-31` and of `2026-03-31T00:00:00Z` alike, as it is written."""
    if wire is None:
        return None
    try:
        return date.fromisoformat(wire[:10])
    except ValueError:
        raise SchemaDrift(path, "Expected a day") from None


def reference(prefix: str, remote_id: str | None, book: Book) -> str | None:
    return None if remote_id is None else book.ref(prefix, remote_id)


def instant(wire: datetime | None) -> datetime | None:
    return None if wire is None else utc(wire)


def currency_of(code: str | None, book: Book) -> str:
    """The record's currency, else the account's. Raises SchemaDrift where neither is known."""
    found = code or book.currency
    if found is None:
        raise SchemaDrift("$.currency", "Expected a currency")
    return found
