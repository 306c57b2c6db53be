"""The lines of an invoice or credit memo: what is checked, what they add up to."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from service.sandbox.http import Json
from service.sandbox.quickbooks.errors import FaultError, invalid_reference, missing, unknown_property
from service.sandbox.quickbooks.schema import LINE_KNOWN
from service.sandbox.quickbooks.wire import decimal, number, ref, ref_value
from service.sandbox.table import Table

_DETAILS = frozenset(
    {"SalesItemLineDetail", "DiscountLineDetail", "DescriptionOnly", "SubTotalLineDetail", "GroupLineDetail"}
)
_CENT = Decimal("0.01")


def check_lines(lines: object, tables: Mapping[str, Table]) -> list[Json]:
    """The lines as they will be read: numbered, and with the subtotal row that QuickBooks adds."""
    if not isinstance(lines, list) or not lines:
        raise missing("Line")
    checked: list[Json] = []
    for line in lines:  # pyright: ignore[reportUnknownVariableType]
        if not isinstance(line, dict):
            raise FaultError("2010", "Property Name:Can not instantiate a line", "Line")
        sent: Json = line  # pyright: ignore[reportUnknownVariableType]
        if sent.get("DetailType") != "SubTotalLineDetail":
            checked.append(_checked(sent, len(checked) + 1, tables))
    if not any(line["DetailType"] == "SalesItemLineDetail" for line in checked):
        raise missing("Line")
    subtotal = _sum_of(checked, "SalesItemLineDetail")
    discounts = [line for line in checked if line["DetailType"] == "DiscountLineDetail"]
    for discount in discounts:
        _price_discount(discount, subtotal)
    others = [line for line in checked if line["DetailType"] != "DiscountLineDetail"]
    subtotal_row: Json = {"Amount": number(subtotal), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    return [*others, subtotal_row, *discounts]


def total_of(lines: list[Json]) -> Decimal:
    """What the lines come to: what was sold, less discounts."""
    return _sum_of(lines, "SalesItemLineDetail") - _sum_of(lines, "DiscountLineDetail")


def _checked(line: Json, at: int, tables: Mapping[str, Table]) -> Json:
    unknown = sorted(set(line) - LINE_KNOWN)
    if unknown:
        raise unknown_property(unknown[0], LINE_KNOWN)
    kind = line.get("DetailType")
    if kind is None:
        raise missing("Line.DetailType")
    if kind not in _DETAILS:
        raise FaultError("6000", f"DetailType {kind} does not belong on this transaction", "Line.DetailType")
    finished = {**line, "Id": line.get("Id") or str(at), "LineNum": at}
    if kind == "SalesItemLineDetail":
        finished |= _sold(line, tables)
    return finished


def _sold(line: Json, tables: Mapping[str, Table]) -> Json:
    if "Amount" not in line:
        raise missing("Line.Amount")
    amount = decimal(line["Amount"], "Line.Amount")
    detail: Json = dict(line.get("SalesItemLineDetail") or {})
    item_id = ref_value(detail.get("ItemRef")) or "1"
    item = tables["Item"].get(item_id)
    if item is None or item["Type"] == "Category":
        raise invalid_reference("Items", item_id)
    for name, entity, kind in (("ClassRef", "Class", "Klasses"),):
        wanted = ref_value(detail.get(name))
        if wanted is not None and tables[entity].get(wanted) is None:
            raise invalid_reference(kind, wanted)
    detail["ItemRef"] = ref(item_id, item["Name"])
    if class_id := ref_value(detail.get("ClassRef")):
        found = tables["Class"].get(class_id)
        detail["ClassRef"] = ref(class_id, found["Name"] if found else "")
    detail.setdefault("TaxCodeRef", ref("NON"))
    if "UnitPrice" in detail and "Qty" in detail:
        product = decimal(detail["UnitPrice"], "UnitPrice") * decimal(detail["Qty"], "Qty")
        if product.quantize(_CENT, ROUND_HALF_UP) != amount:
            raise FaultError("6000", "Amount is not equal to UnitPrice * Qty", "Line.Amount")
    return {"Amount": number(amount), "SalesItemLineDetail": detail}


def _price_discount(line: Json, subtotal: Decimal) -> None:
    detail: Json = line.get("DiscountLineDetail") or {}
    if detail.get("PercentBased"):
        percent = decimal(detail.get("DiscountPercent"), "DiscountPercent")
        line["Amount"] = number((subtotal * percent / 100).quantize(_CENT, ROUND_HALF_UP))
    elif "Amount" not in line:
        raise missing("Line.Amount")


def _sum_of(lines: list[Json], kind: str) -> Decimal:
    return sum((decimal(line["Amount"], "Line.Amount") for line in lines if line["DetailType"] == kind), Decimal(0))
