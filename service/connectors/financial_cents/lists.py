"""Financial Cents' lists: numbered pages of `{"data": [], "meta": {}}`, or of the rows alone, 100 by default.

That the last page has fewer rows than a full one is known from others' use of it; so is a page of 100, of which one
client says that 200 can be asked for and others that nothing can: we ask for no more. What stands in `meta` is assumed
to be what its framework puts there, and believed where it is. A position keeps the size its pages are counted in.
Source: https://raw.githubusercontent.com/jentic/jentic-public-apis/refs/heads/main/apis/openapi/financial-cents.com/main/1.0.0/openapi.json,
read 2026-11-20.
"""

from collections.abc import Callable
from datetime import date
from typing import Final, Generic, TypeVar

from msgspec import Struct

from service.connectors.sdk.binding import Doc, Query
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.faults import BrokenPaging
from service.connectors.sdk.flow import Request, Response

W = TypeVar("W")
Parameters = tuple[tuple[str, str], ...]

MOST: Final = 100
DOC: Final = Doc(
    "https://raw.githubusercontent.com/jentic/jentic-public-apis/refs/heads/main/apis/openapi/"
    "financial-cents.com/main/1.0.0/openapi.json",
    date(2026, 11, 20),
    "third_party",
)


class PageMeta(Struct, frozen=True, gc=False):
    current_page: int | None = None
    last_page: int | None = None
    per_page: int | None = None


class Listed(Struct, Generic[W], frozen=True, gc=False):
    """One page of a list."""

    data: list[W]
    meta: PageMeta | None = None


def reader(wire: type[W]) -> Callable[[Response], Listed[W]]:
    """Reads a page, in its envelope or bare: others have met both."""
    read_page, read_bare = json_reader(Listed[wire]), json_reader(list[wire])  # type: ignore[valid-type]  # a type made at run time

    def read(response: Response) -> Listed[W]:
        is_bare = response.body.lstrip()[:1] == b"["
        return Listed(read_bare(response)) if is_bare else read_page(response)

    return read


class Place(Struct, frozen=True, gc=False):
    """Where a list stands: the number of a page, from 1, and how many rows a page has."""

    number: int
    size: int


def place_of(query: Query) -> Place:
    """The page that is asked for."""
    if query.position is None:
        return Place(1, query.limit)
    number, _, size = query.position.partition(":")
    return Place(int(number), int(size))


def rows(path: str, place: Place, parameters: Parameters = ()) -> Request:
    """The request for a page."""
    window = (("page", str(place.number)), ("per_page", str(place.size)))
    return Request(method="GET", path=path, query=(*window, *parameters), lane="read")


def following(page: Listed[W], place: Place) -> str | None:
    """The position of the next page; None at the end. Raises BrokenPaging where the vendor contradicts itself."""
    meta = page.meta or PageMeta()
    if meta.current_page is not None and meta.current_page != place.number:
        raise BrokenPaging("another page than the one asked for")
    if meta.last_page is not None:
        has_more = meta.last_page > place.number
    else:
        has_more = len(page.data) >= min(place.size, meta.per_page or place.size) > 0
    if has_more and not page.data:
        raise BrokenPaging("rows are promised and not given")
    return f"{place.number + 1}:{place.size}" if has_more else None
