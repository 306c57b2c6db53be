"""What Canopy's records have in common.

Canopy gives its reference to approved customers only, so the whole contract is `assumed`.
"""

from datetime import date
from typing import Annotated, Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.binding import Doc
from service.connectors.sdk.money import from_cents
from service.connectors.sdk.wire import UNMAPPED
from service.ids import Book
from service.resources.common import Money

DOC: Final = Doc("https://www.getcanopy.com/api/", date(2026, 11, 20), "assumed")


class Labelled(Struct, frozen=True, gc=False):
    """An e-mail address or a telephone number."""

    value: str
    type: str | None = None


Cents = Annotated[int, UNMAPPED]
"""An amount that names no currency of its own: where nobody else does, it can be told as Canopy's number only."""


def money(cents: int, currency: str | None, path: str) -> Money | UnsetType:
    """An amount; UNSET where nobody knows its currency: a firm at Canopy may bill in US and in Canadian dollars."""
    return UNSET if currency is None else from_cents(cents, currency, path)


def reference(prefix: str, remote_id: str | None, book: Book) -> str | None:
    return None if remote_id is None else book.ref(prefix, remote_id)
