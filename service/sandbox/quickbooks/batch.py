"""`POST /batch`: each item succeeds or carries its own Fault, under one HTTP 200."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from service.sandbox.http import Json
from service.sandbox.quickbooks.errors import FaultError, missing
from service.sandbox.quickbooks.schema import READ_ONLY

MAX_ITEMS = 30

Select: TypeAlias = Callable[[str], Json]
Perform: TypeAlias = Callable[[str, Json, Mapping[str, str]], Json]


def run_batch(body: Json, select: Select, perform: Perform) -> list[Json]:
    """The `BatchItemResponse` of a batch, in the order of its items."""
    items = body.get("BatchItemRequest")
    if not isinstance(items, list):
        raise missing("BatchItemRequest")
    if len(items) > MAX_ITEMS:  # pyright: ignore[reportUnknownArgumentType]
        raise FaultError("6000", f"A batch holds at most {MAX_ITEMS} items")
    return [_run(item, select, perform) for item in items]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _run(item: Json, select: Select, perform: Perform) -> Json:
    answer: Json = {"bId": item.get("bId")}
    try:
        if "Query" in item:
            return answer | {"QueryResponse": select(str(item["Query"]))}
        entity = next((name for name in READ_ONLY if name in item), None)
        if entity is None:
            raise missing("entity")
        options = {"operation": str(item.get("operation", "")), "include": str(item.get("optionsData", ""))}
        return answer | {entity: perform(entity, item[entity], options)}
    except FaultError as error:
        return answer | {"Fault": error.fault}
