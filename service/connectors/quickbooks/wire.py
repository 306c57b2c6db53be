"""What QuickBooks' records have in common, by the vendor's own names.

Source: Intuit's Finance.xsd and the entity pages of https://developer.intuit.com/app/developer/qbo/docs/api/accounting,
read 2026-11-20.
"""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.codec import Instant
from service.connectors.sdk.faults import SchemaDrift
from service.connectors.sdk.money import is_currency
from service.connectors.sdk.wire import UNMAPPED
from service.ids import Book


class Ref(Struct, frozen=True, gc=False, omit_defaults=True):
    """A reference to another record; writes need its `value` alone."""

    value: str
    name: str | None = None


class RefId(Struct, frozen=True, gc=False):
    """A reference of which only the id has a place in the unified record; its name stays unmapped."""

    value: str


class RefName(Struct, frozen=True, gc=False):
    """A reference of which only the name has a place in the unified record; its id stays unmapped."""

    value: Annotated[str, UNMAPPED]
    name: str | None = None


class Times(Struct, frozen=True, gc=False):
    """Both instants carry the company's offset; leave as UTC."""

    CreateTime: Instant
    LastUpdatedTime: Instant


class Memo(Struct, frozen=True, gc=False):
    value: str | None = None


class Link(Struct, frozen=True, gc=False):
    TxnId: str
    TxnType: str


UnmappedText = Annotated[str | None, UNMAPPED]
"""Read to recognize voided records; has no place of its own in the unified record, so it stays among the unmapped."""


def currency_of(ref: Ref | RefId | None, book: Book) -> str:
    """The record's currency. QuickBooks leaves it out unless the company uses several; then it is the home currency.

    Raises SchemaDrift where neither is known: nothing published says that a missing currency means dollars.
    """
    code = book.currency if ref is None else ref.value
    if code is None or not is_currency(code):
        raise SchemaDrift("$.CurrencyRef", "Expected a currency")
    return code


def name_of(ref: Ref | RefName | None) -> str | None:
    """How people call what is referred to; its id where the vendor left the name out."""
    return None if ref is None else ref.name or ref.value


def written(text: str | None | UnsetType) -> str | UnsetType:
    """A text for a sparse write: the empty text clears the field, "not said" leaves it alone."""
    return UNSET if isinstance(text, UnsetType) else text or ""
