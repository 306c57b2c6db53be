"""Calls to Canopy's public API: bodies are wrapped in the name of what they are."""

from datetime import UTC
from typing import Final, Literal

import msgspec
from msgspec import Struct

from service.connectors.sdk.binding import Query
from service.connectors.sdk.faults import NotFound
from service.connectors.sdk.flow import Request
from service.connectors.sdk.paging import cursor_start
from service.connectors.sdk.references import path_segment

Plural = Literal["clients", "contacts", "custom_fields"]

_encode: Final = msgspec.json.Encoder().encode


def rows(plural: Plural, query: Query) -> Request:
    """One page of a list. `updated_at` finds what was changed after it; how it is to be written nobody says, so it
    goes as RFC 3339 in UTC (assumed)."""
    cursor, since = cursor_start(query), query.updated_after
    asked = [("limit", str(query.limit))]
    if cursor is not None:
        asked.append(("next_cursor", cursor))
    if since is not None:
        asked.append(("updated_at", f"{since.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"))
    return Request(method="GET", path=f"/{plural}", query=tuple(asked), lane="read")


def read(plural: Plural, remote_id: str) -> Request:
    """One record. Raises NotFound for what cannot be an id."""
    return Request(method="GET", path=_at(plural, remote_id), lane="read")


def create(plural: Plural, name: str, body: Struct) -> Request:
    return Request(method="POST", path=f"/{plural}", body=_encode({name: body}), lane="write")


def change(plural: Plural, name: str, remote_id: str, body: Struct) -> Request:
    """Changes what `body` names. Not repeated by itself: somebody else may have changed the record in between."""
    return Request(method="PATCH", path=_at(plural, remote_id), body=_encode({name: body}), lane="write")


def delete(plural: Plural, remote_id: str) -> Request:
    """Takes a record away. Not repeated by itself: a second try would meet nothing."""
    return Request(method="DELETE", path=_at(plural, remote_id), lane="write")


def _at(plural: Plural, remote_id: str) -> str:
    if remote_id == "search":
        raise NotFound("no record has such an id")  # another call has its address
    return f"/{plural}/{path_segment(remote_id)}"
