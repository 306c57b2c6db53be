"""Writing the short lists: items and categories, classes and departments."""

from collections.abc import Mapping

from service.sandbox.http import Json
from service.sandbox.quickbooks.errors import FaultError, invalid_reference, missing
from service.sandbox.quickbooks.wire import ref, ref_value
from service.sandbox.table import Table

LISTED = ("Item", "Class", "Department")
_SUB = {"Item": "SubItem", "Class": "SubClass", "Department": "SubDepartment"}
_KINDS = {"Item": "Items", "Class": "Klasses", "Department": "Depts"}
_MADE = frozenset({"Service", "NonInventory", "Category"})
_DEEPEST = 5


def finish_listed(tables: Mapping[str, Table], entity: str, row: Json, old: Json | None) -> None:
    """Checks a row of a list and completes it: its name is alone below its parent, its parent exists."""
    if not row.get("Name"):
        raise missing("Name")
    if any(character in row["Name"] for character in ":\t\n"):
        raise FaultError("6000", "A name must not contain a colon, tab or newline", "Name")
    if entity == "Item":
        _check_item(row, old, tables)
    row.setdefault("Active", True)
    table, sub = tables[entity], _SUB[entity]
    if not row.setdefault(sub, "ParentRef" in row):
        row.pop("ParentRef", None)
    parent_id = ref_value(row.get("ParentRef"))
    row["FullyQualifiedName"] = row["Name"]
    if parent_id is not None:
        parent = table.get(parent_id)
        if parent is None or (entity == "Item" and parent["Type"] != "Category"):
            raise invalid_reference(_KINDS[entity], parent_id)
        full: str = parent["FullyQualifiedName"]
        if full.count(":") + 1 >= _DEEPEST:
            raise FaultError("6000", "Lists are five levels deep at most", "ParentRef")
        row |= {"ParentRef": ref(parent_id, parent["Name"]), "FullyQualifiedName": f"{full}:{row['Name']}"}
    others = (table[at] for at in range(table.size) if table.is_live(at))
    if any(other["Id"] != row["Id"] and other["FullyQualifiedName"] == row["FullyQualifiedName"] for other in others):
        raise FaultError("6240", "The name supplied already exists. : null", "Name")


def _check_item(row: Json, old: Json | None, tables: Mapping[str, Table]) -> None:
    kind = row.setdefault("Type", "Service")
    if old is not None and kind != old["Type"]:
        raise FaultError("6000", "The type of an item cannot change", "Type")
    if old is None and kind not in _MADE:
        raise FaultError("6000", f"An item of type {kind} cannot be made here", "Type")
    if kind == "Category":
        if row.get("Active") is False:
            raise FaultError("6000", "A category cannot be made inactive", "Active")
        return
    account_id = ref_value(row.get("IncomeAccountRef"))
    if account_id is None:
        raise missing("IncomeAccountRef")
    account = tables["Account"].get(account_id)
    if account is None:
        raise invalid_reference("Accounts", account_id)
    row["IncomeAccountRef"] = ref(account_id, account["Name"])
    row.setdefault("Taxable", False)
    row.setdefault("UnitPrice", 0)
