"""Karbon's lists: `$top` and `$skip` over `{"@odata.count", "@odata.nextLink", "value": []}`.

The next link says that there is more, and mostly from which row; its host is of no use to us. 100 rows at most.

By OData a list that was asked for `$top` rows and gave them owes no link, and people who page through real tenants
report both: with a link, and without one however much is left. So a full page without a link is not the end, unless
the count says so.
Source: https://karbonhq.github.io/karbon-api-reference/KarbonAPI.json and its guide to pages, read 2026-11-20.
"""

from typing import Final, Generic, TypeVar
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct, field

from service.connectors.sdk.faults import BrokenPaging
from service.connectors.sdk.flow import Request

W = TypeVar("W")

MOST: Final = 100


class Listed(Struct, Generic[W], frozen=True, gc=False):
    """One page of a list."""

    value: list[W]
    next_link: str | None = field(name="@odata.nextLink", default=None)
    count: int | None = field(name="@odata.count", default=None)
    """How many rows there are on all pages."""


def rows(path: str, start: int, count: int) -> Request:
    """The request for `count` rows from number `start`."""
    return Request(method="GET", path=path, query=(("$top", str(count)), ("$skip", str(start))), lane="read")


def following(page: Listed[W], start: int, asked: int) -> int | None:
    """The number of the row that the next page begins with; None at the end. It only ever goes forward."""
    given = len(page.value)
    if page.next_link is not None:
        row = _row(page.next_link)
        if not given or (row is not None and row <= start):
            raise BrokenPaging("rows are promised and not given")
        return start + given if row is None else row
    end = start + given
    return end if given >= asked and (page.count is None or end < page.count) else None


def _row(link: str) -> int | None:
    """The row that a link begins with; None where it says so in words of its own, as the guide allows it to."""
    try:
        skip = parse_qs(urlsplit(link).query).get("$skip", [""])[-1]
    except ValueError:
        return None
    return int(skip) if skip.isascii() and skip.isdigit() and len(skip) <= 12 else None
