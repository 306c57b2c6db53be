"""The lines of an invoice."""

from datetime import date
from decimal import Decimal
from typing import Final

from msgspec import Struct

from service.connectors.quickbooks.wire import Ref, RefId, name_of
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
    TaxCodeRef: RefId | None = None
    ServiceDate: date | None = None


class GroupDetail(Struct, frozen=True, gc=False):
    """A bundle: its parts are lines of their own."""

    GroupItemRef: Ref | None = None
    Quantity: Decimal | None = None
    Line: "list[WireLine]" = []


class WireLine(Struct, frozen=True, gc=False):
    """A line without a `DetailType`, which the schema allows, is `other`."""

    DetailType: str | None = None
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
    lines: list[InvoiceLine] = []
    for wire in wires:
        if wire.DetailType != _SUBTOTAL:
            lines.append(_line(wire, currency, book))
            if wire.GroupLineDetail is not None:
                lines += to_lines(wire.GroupLineDetail.Line, currency, book)
    return lines


_SUBTOTAL: Final = "SubTotalLineDetail"
_ITEM: Final = LineKind.ITEM
_DISCOUNT: Final = LineKind.DISCOUNT
_DESCRIPTION: Final = LineKind.DESCRIPTION
_OTHER: Final = LineKind.OTHER
_KINDS: Final = {
    "SalesItemLineDetail": _ITEM,
    "DiscountLineDetail": _DISCOUNT,
    "DescriptionOnly": _DESCRIPTION,
    "GroupLineDetail": LineKind.GROUP,
}
_NO_DETAIL: Final = SalesItemDetail()


def _line(wire: WireLine, currency: str, book: Book) -> InvoiceLine:
    kind = _KINDS.get(wire.DetailType or "", _OTHER)
    detail, group = wire.SalesItemLineDetail or _NO_DETAIL, wire.GroupLineDetail
    item = detail.ItemRef if group is None else group.GroupItemRef
    tax_code, class_ref = detail.TaxCodeRef, detail.ClassRef
    return InvoiceLine(
        id=wire.Id,
        kind=kind,
        description=wire.Description,
        service_item=None if item is None else book.ref("itm_", item.value),
        service_item_name=None if item is None else item.name,
        quantity=detail.Qty if group is None else group.Quantity,
        unit_price=detail.UnitPrice,
        amount=_amount(wire, kind, currency),
        tax_code=None if tax_code is None else tax_code.value,
        service_date=detail.ServiceDate,
        class_name=None if class_ref is None else name_of(class_ref),
        tracking=[] if class_ref is None else [book.ref("trk_", f"class:{class_ref.value}")],
    )


def _amount(wire: WireLine, kind: LineKind, currency: str) -> Money | None:
    amount = wire.Amount
    if kind is _ITEM and amount is not None:
        return to_money(amount, currency, "$.Line[...].Amount")
    if kind is _DISCOUNT and amount is not None:
        return to_money(-amount, currency, "$.Line[...].Amount")
    if kind is _ITEM or kind is _DISCOUNT:
        raise SchemaDrift("$.Line[...].Amount", "Object missing required field `Amount`")
    group = wire.GroupLineDetail
    if amount is None or kind is _DESCRIPTION or (group is not None and group.Line):
        return None
    return to_money(amount, currency, "$.Line[...].Amount")
