"""What Canopy's records have in common.

Canopy gives its reference to approved customers only, so the whole contract is `assumed`.
"""

from datetime import date
from typing import Final

from msgspec import Struct

from service.connectors.sdk.binding import Doc
from service.connectors.sdk.faults import SchemaDrift
from service.ids import Book

DOC: Final = Doc("https://www.getcanopy.com/api/", date(2026, 11, 20), "assumed")


class Labelled(Struct, frozen=True, gc=False):
    """An e-mail address or a telephone number."""

    value: str
    type: str | None = None


def currency_of(code: str | None, book: Book) -> str:
    """The record's currency, else the account's. Raises SchemaDrift where neither is known: the firm may use USD or
    CAD."""
    found = code or book.currency
    if found is None:
        raise SchemaDrift("$.currency", "Expected a currency")
    return found


def reference(prefix: str, remote_id: str | None, book: Book) -> str | None:
    return None if remote_id is None else book.ref(prefix, remote_id)
