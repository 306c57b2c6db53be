"""Change data capture: what was written or deleted since an instant, at most 30 days ago."""

from collections.abc import Mapping
from datetime import datetime

from service.sandbox.http import Json, Request
from service.sandbox.quickbooks.errors import FaultError
from service.sandbox.quickbooks.schema import NOT_IN_CDC
from service.sandbox.quickbooks.wire import stamp
from service.sandbox.table import Table

CDC_DAYS = 30
CDC_OBJECTS = 1000


def changed_entities(tables: Mapping[str, Table], request: Request, now_s: float) -> list[Json]:
    """What has changed since an instant, entity by entity; of a deleted row its stub."""
    since_s = _changed_since(request.query.get("changedSince", ""), now_s)
    room = CDC_OBJECTS
    responses: list[Json] = []
    for entity in request.query.get("entities", "").split(","):
        if entity not in tables or entity in NOT_IN_CDC:
            raise FaultError("4001", f"Invalid entity in CDC: {entity}")
        rows = _rows(tables[entity], since_s)[:room]
        room -= len(rows)
        responses.append({entity: rows, "startPosition": 1, "maxResults": len(rows)} if rows else {})
    return responses


def _rows(table: Table, since_s: float) -> list[Json]:
    return [
        table[position] if table.is_live(position) else _stub(table.id_at(position), table.updated_s(position))
        for position in table.changed_since(since_s)[:CDC_OBJECTS]
    ]


def _changed_since(text: str, now_s: float) -> float:
    try:
        since = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise FaultError("4001", f"Invalid changedSince: {text}") from error
    since_s = since.astimezone().timestamp()
    if now_s - since_s > CDC_DAYS * 86_400:
        raise FaultError("6000", f"changedSince must lie within the last {CDC_DAYS} days")
    return since_s


def _stub(row_id: str, at_s: int) -> Json:
    meta = {"LastUpdatedTime": stamp(at_s)}
    return {"domain": "QBO", "status": "Deleted", "Id": row_id, "MetaData": meta}
