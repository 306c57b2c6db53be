"""New and changed invoices and credit memos for QuickBooks: the same but for the day that an invoice is due."""

from datetime import date
from typing import Final, Protocol, TypeVar

from msgspec import UNSET, Struct, UnsetType

from service.connectors.quickbooks.entity import Entity, Versioned
from service.connectors.quickbooks.lines_write import (
    WriteLine,
    WriteMemo,
    from_lines,
    from_memo,
    only_currency,
    refuse_unplaced_in,
)
from service.connectors.quickbooks.lists_write import tracked
from service.connectors.quickbooks.wire import Ref, RefId, currency_of
from service.connectors.sdk.binding import given
from service.connectors.sdk.flow import Flow
from service.connectors.sdk.references import accept, remote_id_of
from service.ids import Book
from service.resources.credit import CreditCreate, CreditUpdate
from service.resources.invoice import InvoiceCreate, InvoiceUpdate


class Sale(Versioned, Protocol):
    @property
    def CurrencyRef(self) -> RefId | None: ...  # noqa: N802 (the vendor's name)


M = TypeVar("M")
W = TypeVar("W", bound=Sale)


def update_sale(
    sales: Entity[W, M],
    remote_id: str,
    new: InvoiceUpdate | CreditUpdate,
    version: str | None,
    key: str,
    book: Book,
    term: Ref | UnsetType = UNSET,
) -> Flow[M]:
    """Changes what is given. The record is read first for its version, unless given, and for the currency of new
    lines. Raises Conflict if `version` is stale."""
    refuse_unplaced(new)
    currency: str | None = None
    if version is None or new.lines:
        current = yield from sales.current(remote_id)
        version = version or current.SyncToken
        currency = currency_of(current.CurrencyRef, book)
    return (yield from sales.changed(from_sale_update(remote_id, new, version, currency, book, term), key, book))


_ACCEPTED: Final = (
    "client",
    "lines",
    "number",
    "issued_on",
    "due_on",
    "terms",
    "currency",
    "tracking",
    "memo",
)


def refuse_unplaced(new: InvoiceCreate | InvoiceUpdate | CreditCreate | CreditUpdate) -> None:
    """Raises Invalid at what no sale can hold, before anything is read for it.

    Class and location are records in QuickBooks and go by `tracking`, not by name; a payment applies a credit.
    """
    accept(new, _ACCEPTED, "QuickBooks")
    for index, line in enumerate([] if isinstance(new.lines, UnsetType) else new.lines):
        refuse_unplaced_in(line, f"/lines/{index}")


class WriteSale(Struct, frozen=True, kw_only=True):
    Id: str | UnsetType = UNSET
    SyncToken: str | UnsetType = UNSET
    sparse: bool | UnsetType = UNSET
    CustomerRef: Ref | UnsetType = UNSET
    Line: list[WriteLine] | UnsetType = UNSET
    DocNumber: str | UnsetType = UNSET
    TxnDate: date | UnsetType = UNSET
    DueDate: date | UnsetType = UNSET
    CurrencyRef: Ref | UnsetType = UNSET
    SalesTermRef: Ref | UnsetType = UNSET
    ClassRef: Ref | UnsetType = UNSET
    DepartmentRef: Ref | UnsetType = UNSET
    CustomerMemo: WriteMemo | UnsetType = UNSET


def from_sale_create(new: InvoiceCreate | CreditCreate, book: Book, term: Ref | UnsetType = UNSET) -> WriteSale:
    """The body of a new sale. Raises Invalid for references of another account and for amounts that disagree."""
    refuse_unplaced(new)
    currency, places = given(new.currency), _places(new, book)
    return WriteSale(
        CustomerRef=Ref(remote_id_of(new.client, "cli_", book, "/client")),
        Line=from_lines(new.lines, currency or book.currency or only_currency(new.lines), book),
        DocNumber=new.number,
        TxnDate=new.issued_on,
        DueDate=new.due_on if isinstance(new, InvoiceCreate) else UNSET,
        SalesTermRef=term,
        ClassRef=places.get("class", UNSET),
        DepartmentRef=places.get("location", UNSET),
        CurrencyRef=UNSET if currency is None else Ref(currency),
        CustomerMemo=from_memo(new.memo),
    )


def from_sale_update(
    remote_id: str,
    new: InvoiceUpdate | CreditUpdate,
    version: str,
    currency: str | None,
    book: Book,
    term: Ref | UnsetType = UNSET,
) -> WriteSale:
    """The body of a sparse update. Lines, when given, replace all lines: QuickBooks removes those left out."""
    places = _places(new, book)
    return WriteSale(
        Id=remote_id,
        SyncToken=version,
        sparse=True,
        Line=UNSET if isinstance(new.lines, UnsetType) else from_lines(new.lines, currency, book),
        DocNumber=new.number,
        TxnDate=new.issued_on,
        DueDate=new.due_on if isinstance(new, InvoiceUpdate) else UNSET,
        SalesTermRef=term,
        ClassRef=places.get("class", UNSET),
        DepartmentRef=places.get("location", UNSET),
        CustomerMemo=from_memo(new.memo),
    )


def _places(new: InvoiceCreate | InvoiceUpdate | CreditCreate | CreditUpdate, book: Book) -> dict[str, Ref]:
    """The class and location of the whole."""
    if isinstance(new, CreditCreate | CreditUpdate):
        return {}
    return tracked(new.tracking, ("class", "location"), book, "/tracking")
