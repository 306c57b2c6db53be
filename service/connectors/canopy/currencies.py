"""Amounts whose currency Canopy does not name: payments and credits.

A firm bills in US or Canadian dollars, or in both. Where all its invoices are in one currency, the account has it.
Where they are not, a payment is in the currency of an invoice that it covers, which is read for it. What covers none
has no currency that anybody knows: its amounts are left out, never guessed.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from service.connectors.canopy.entity import Entity
from service.connectors.canopy.search import EntityName, read_one
from service.connectors.sdk.binding import Query, RemotePage
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.faults import NotFound
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.paging import cursor_page
from service.ids import Book

M = TypeVar("M")
W = TypeVar("W")

MOST_AT_ONCE: Final = 20
"""Records of a page, where an invoice may have to be read for each."""


class _Invoice(Struct, frozen=True, gc=False):
    currency: str


_read: Final = json_reader(_Invoice)


class Settled(Entity[W, M]):
    """An entity that settles invoices; `invoice_of` names one that a row settles, if its currency is wanted."""

    def __init__(
        self,
        name: EntityName,
        wire: type[W],
        convert: Callable[[W, Book], M],
        invoice_of: Callable[[W], str | None],
    ) -> None:
        super().__init__(name, wire, convert)
        self._invoice_of = invoice_of

    def page(self, query: Query, book: Book) -> Flow[RemotePage[M]]:
        if book.currency is not None:
            return (yield from super().page(query, book))
        query = replace(query, limit=min(query.limit, MOST_AT_ONCE))
        rows, cursor = yield from self.rows(query)
        known = yield from of_invoices(invoice for row in rows if (invoice := self._invoice_of(row)) is not None)

        def convert(row: W, book: Book) -> M:
            return self._convert(row, self._booked(row, book, known))

        return cursor_page(rows, cursor, query, convert, book, f"$.{self.name}")

    def shown(self, row: W, book: Book) -> Flow[M]:
        invoice = self._invoice_of(row) if book.currency is None else None
        known = yield from of_invoices(() if invoice is None else (invoice,))
        return self._convert(row, self._booked(row, book, known))

    def _booked(self, row: W, book: Book, known: Mapping[str, str]) -> Book:
        currency = known.get(self._invoice_of(row) or "")
        return book if currency is None else book.priced_in(currency)


def of_invoices(invoices: Iterable[str]) -> Flow[Mapping[str, str]]:
    """The currency of each invoice; one that is gone is left out."""
    found: dict[str, str] = {}
    for invoice in dict.fromkeys(invoices):
        try:
            found[invoice] = _read((yield replace(read_one("invoices", invoice), aside=True))).currency
        except NotFound:
            continue
    return found
