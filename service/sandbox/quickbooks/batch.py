"""`POST /batch`: items in their order, each of which succeeds or carries its own Fault, under one HTTP 200.

At QuickBooks no item sees what an earlier one did; here a later one does.
Source: https://developer.intuit.com/hub/blog/2017/07/27/batch-operations-important, read 2026-11-20.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeAlias, cast

from service.sandbox.http import Json
from service.sandbox.quickbooks.errors import FaultError, missing
from service.sandbox.quickbooks.once import Item
from service.sandbox.quickbooks.schema import READ_ONLY

MAX_ITEMS = 30

Select: TypeAlias = Callable[[str], Json]
Perform: TypeAlias = Callable[[str, Json, Mapping[str, str]], Json]
Once: TypeAlias = Callable[[object, Item], Json]


def run_batch(body: Json, select: Select, perform: Perform, once: Once) -> list[Json]:
    """The `BatchItemResponse` of a batch, in the order of its items. A batch that cannot be read does nothing."""
    items = body.get("BatchItemRequest")
    if not isinstance(items, list):
        raise missing("BatchItemRequest")
    found = cast(list[object], items)
    if len(found) > MAX_ITEMS:
        raise FaultError("6000", f"A batch holds at most {MAX_ITEMS} items")
    if not all(isinstance(item, dict) for item in found):
        raise FaultError("2010", "Property Name:BatchItemRequest holds what is no item", "BatchItemRequest")
    asked = cast(list[Json], found)
    names = [item["bId"] for item in asked if "bId" in item]
    if len({str(name) for name in names}) < len(names):
        raise FaultError("6000", "Two items of the batch have the same bId", "bId")
    return [_answered(item, once, partial(_run, item, select, perform)) for item in asked]


def _answered(item: Json, once: Once, run: Item) -> Json:
    try:
        return once(item.get("bId"), run)
    except FaultError as error:  # of the name itself
        return {"bId": item.get("bId"), "Fault": error.fault}


def _run(item: Json, select: Select, perform: Perform) -> Json:
    answer: Json = {"bId": item.get("bId")}
    try:
        if "Query" in item:
            return answer | {"QueryResponse": select(str(item["Query"]))}
        entity = next((name for name in READ_ONLY if name in item), None)
        if entity is None:
            raise missing("entity")
        body: object = item[entity]
        if not isinstance(body, dict):
            raise missing(entity)
        options = {"operation": str(item.get("operation", "")), "include": str(item.get("optionsData", ""))}
        return answer | {entity: perform(entity, cast(Json, body), options)}
    except FaultError as error:
        return answer | {"Fault": error.fault}
