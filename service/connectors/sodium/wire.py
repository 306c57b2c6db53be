"""What Sodium's records have in common.

Every record has an opaque `code`, unique inside the tenant; references are `{code, name}`. Instants without an offset
are taken to be in UTC, days may come with a time that says nothing (both assumed).
Source: https://sodiumhq.com/docs/api/schemas/, read 2026-11-20.
"""

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Final, Literal

from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.binding import Doc
from service.connectors.sdk.codec import unsaid_is_utc
from service.connectors.sdk.faults import SchemaDrift
from service.connectors.sdk.money import to_money
from service.connectors.sdk.wire import UNMAPPED
from service.ids import Book
from service.resources.common import Meta, Money

_READ_ON: Final = date(2026, 11, 20)


def documented(page: str) -> Doc:
    """A page of the vendor's API reference, such as `schemas/clientdto.html`."""
    return Doc(f"https://sodiumhq.com/docs/api/{page}", _READ_ON, "documented")


def third_party(page: str) -> Doc:
    """The vendor documents the record; where it is found is told by a public client of somebody else's."""
    return Doc(f"https://sodiumhq.com/docs/api/{page}", _READ_ON, "third_party")


def assumed(page: str) -> Doc:
    """The vendor says that this exists, on the page; the paths and names used are ours to guess."""
    return Doc(f"https://sodiumhq.com/docs/api/{page}", _READ_ON, "assumed")


class Ref(Struct, frozen=True, gc=False):
    """A reference to another record."""

    code: str
    name: str | None = None


class RefId(Struct, frozen=True, gc=False):
    """A reference of which only the code has a place in the unified record; its name stays unmapped."""

    code: str


class RefName(Struct, frozen=True, gc=False):
    """A reference of which only the name has a place in the unified record; its code stays unmapped."""

    code: Annotated[str, UNMAPPED]
    name: str | None = None


Prefix = Literal["cli_", "cnt_", "usr_", "itm_", "tsk_"]


def reference(prefix: Prefix, wire: Ref | RefId | None, book: Book) -> str | None:
    return None if wire is None else book.ref(prefix, wire.code)


def name_of(wire: Ref | RefName | None) -> str | None:
    """How people call what is referred to; its code where the vendor left the name out."""
    return None if wire is None else wire.name or wire.code


instant: Final = unsaid_is_utc


def day(wire: str | None, path: str) -> date | None:
    """The calendar day of `2026-03-31` and of `2026-03-31T00:00:00Z` alike."""
    if not wire:
        return None
    try:
        return date.fromisoformat(wire[:10])
    except ValueError:
        raise SchemaDrift(path, "Expected a day") from None


def money(amount: Decimal | None, path: str, book: Book) -> Money | None | UnsetType:
    """An amount in the account's currency, which Sodium never names; not said where we do not know it either."""
    if amount is None or book.currency is None:
        return None if amount is None else UNSET
    return to_money(amount, book.currency, path)


def minutes(hours: Decimal | None, path: str) -> int | None:
    """Hours with decimals as whole minutes, half a minute up: 0.33 h → 20."""
    if hours is None:
        return None
    if not hours.is_finite() or not -20 < hours.adjusted() <= 6:
        raise SchemaDrift(path, "Expected a number of hours")
    numerator, denominator = hours.as_integer_ratio()
    return (numerator * 120 + denominator) // (denominator * 2)


@lru_cache(maxsize=256)
def meta(*names: str) -> Meta:
    """What a record cannot say; made once for each set of names."""
    return Meta(unsupported=names)
