"""The lines of an invoice."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from msgspec import Struct

from service.connectors.quickbooks.wire import Ref, name_of
from service.connectors.sdk.faults import SchemaDrift
from service.connectors.sdk.money import to_money
from service.ids import Book
from service.resources.common import Money
from service.resources.invoice import InvoiceLine, LineKind


class SalesItemDetail(Struct, frozen=True, gc=False):
    ItemRef: Ref | None = None
    ClassRef: Ref | None = None
    UnitPrice: Decimal | None = None
    Qty: Decimal | None = None
    TaxCodeRef: Ref | None = None
    ServiceDate: date | None = None


class GroupDetail(Struct, frozen=True, gc=False):
    """A bundle: its parts are lines of their own."""

    GroupItemRef: Ref | None = None
    Quantity: Decimal | None = None
    Line: "list[WireLine]" = []


class WireLine(Struct, frozen=True, gc=False):
    DetailType: str
    Id: str | None = None
    Description: str | None = None
    Amount: Decimal | None = None
    SalesItemLineDetail: SalesItemDetail | None = None
    GroupLineDetail: GroupDetail | None = None


def to_lines(wires: list[WireLine], currency: str, book: Book) -> list[InvoiceLine]:
    """Lines in the invoice's order, so that their amounts and the tax make the total.

    The subtotal that QuickBooks adds on reading is dropped: it is no line. A discount's amount is turned negative.
    A bundle becomes a heading without an amount, followed by its parts.
    """
    return [line for wire in wires for line in _flat(wire, currency, book)]


_SUBTOTAL: Final = "SubTotalLineDetail"
_KINDS: Final = {
    "SalesItemLineDetail": LineKind.ITEM,
    "DiscountLineDetail": LineKind.DISCOUNT,
    "DescriptionOnly": LineKind.DESCRIPTION,
    "GroupLineDetail": LineKind.GROUP,
}
_NO_DETAIL: Final = SalesItemDetail()


def _flat(wire: WireLine, currency: str, book: Book) -> Iterator[InvoiceLine]:
    if wire.DetailType == _SUBTOTAL:
        return
    yield _line(wire, currency, book)
    if wire.GroupLineDetail is not None:
        for part in wire.GroupLineDetail.Line:
            yield from _flat(part, currency, book)


def _line(wire: WireLine, currency: str, book: Book) -> InvoiceLine:
    kind = _KINDS.get(wire.DetailType, LineKind.OTHER)
    detail = wire.SalesItemLineDetail or _NO_DETAIL
    group = wire.GroupLineDetail
    item = detail.ItemRef if group is None else group.GroupItemRef
    return InvoiceLine(
        id=wire.Id,
        kind=kind,
        description=wire.Description,
        service_item=None if item is None else book.ref("itm_", item.value),
        service_item_name=None if item is None else item.name,
        quantity=detail.Qty if group is None else group.Quantity,
        unit_price=detail.UnitPrice,
        amount=_amount(wire, kind, currency),
        tax_code=None if detail.TaxCodeRef is None else detail.TaxCodeRef.value,
        service_date=detail.ServiceDate,
        class_name=name_of(detail.ClassRef),
    )


def _amount(wire: WireLine, kind: LineKind, currency: str) -> Money | None:
    group = wire.GroupLineDetail
    if wire.Amount is None:
        if kind is LineKind.ITEM or kind is LineKind.DISCOUNT:
            raise SchemaDrift("$.Line[...].Amount", "Object missing required field `Amount`")
        return None
    if kind is LineKind.DESCRIPTION or (group is not None and group.Line):
        return None
    return to_money(-wire.Amount if kind is LineKind.DISCOUNT else wire.Amount, currency, "$.Line[...].Amount")
