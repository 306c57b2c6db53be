"""Canopy's searches: `POST /<entity>/search` with a filter and a page, answered with rows and the next cursor."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from service.connectors.sdk.binding import Query
from service.connectors.sdk.flow import Request
from service.connectors.sdk.paging import cursor_start
from service.connectors.sdk.references import path_segment

EntityName = Literal[
    "clients",
    "contacts",
    "invoices",
    "payments",
    "credits",
    "tasks",
    "documents",
    "folders",
    "engagements",
    "questionnaires",
    "time_entries",
    "users",
]


class _Filter(Struct, frozen=True):
    status: tuple[str, ...] | UnsetType = UNSET
    updated_since: datetime | UnsetType = UNSET


class _Page(Struct, frozen=True):
    size: int
    cursor: str | None


class _Search(Struct, frozen=True):
    filter: _Filter
    page: _Page


_encode: Final = msgspec.json.Encoder().encode


def search(entity: EntityName, query: Query, statuses: Mapping[str, tuple[str, ...]] | None = None) -> Request:
    """The call for one page; `statuses` are Canopy's words for each unified status that can be asked for."""
    wanted = query.filters.get("status") if statuses is not None else None
    since = query.updated_after
    body = _Search(
        _Filter(
            UNSET if wanted is None or statuses is None else tuple(w for value in wanted for w in statuses[value]),
            UNSET if since is None else since.astimezone(UTC),
        ),
        _Page(query.limit, cursor_start(query)),
    )
    return Request(method="POST", path=f"/{entity}/search", body=_encode(body), lane="read")


def read_one(entity: EntityName, remote_id: str) -> Request:
    """The call for one record. Raises NotFound for what cannot be an id."""
    return Request(method="GET", path=f"/{entity}/{path_segment(remote_id)}", lane="read")
