"""Karbon's lists: `$top` and `$skip` over `{"@odata.nextLink", "value": []}`.

The next link says whether there is more, and from which row; its host is of no use to us. 100 rows at most.
Source: https://karbonhq.github.io/karbon-api-reference/KarbonAPI.json, read 2026-11-20.
"""

from typing import Final, Generic, TypeVar
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct, field

from service.connectors.sdk.faults import BrokenPaging, SchemaDrift
from service.connectors.sdk.flow import Request

W = TypeVar("W")

MOST: Final = 100


class Listed(Struct, Generic[W], frozen=True, gc=False):
    """One page of a list."""

    value: list[W]
    next_link: str | None = field(name="@odata.nextLink", default=None)


def rows(path: str, start: int, count: int) -> Request:
    """The request for `count` rows from number `start`."""
    return Request(method="GET", path=path, query=(("$top", str(count)), ("$skip", str(start))), lane="read")


def following(page: Listed[W], start: int) -> int | None:
    """The number of the row that the next page begins with; None at the end. It only ever goes forward."""
    if page.next_link is None:
        return None
    try:
        skip = parse_qs(urlsplit(page.next_link).query).get("$skip", [""])[-1]
    except ValueError:
        skip = ""
    if not (skip.isascii() and skip.isdigit()) or len(skip) > 12:
        raise SchemaDrift("$.@odata.nextLink", "Expected a link with a row number")
    if not page.value or int(skip) <= start:
        raise BrokenPaging("rows are promised and not given")
    return int(skip)
