"""The paged lists: a page's rows, of which one alone is an object, and a link with the token of the page that follows.

Source: https://developer.xero.com/documentation/api/practice-manager-3-1/clients, read 2026-11-20.
"""

from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from service.connectors.sdk.binding import Query
from service.connectors.sdk.flow import Request
from service.connectors.sdk.paging import cursor_start
from service.connectors.xpm.wire import read
from service.ids import Book

W = TypeVar("W")


class NextLinks(Struct, frozen=True, gc=False):
    Next: str | None = None


class Paging(Struct, frozen=True, gc=False):
    Links: NextLinks | None = None


def ask(path: str, query: Query, book: Book) -> Request:
    token = cursor_start(query)
    asked = (("pageSize", str(query.limit)), *((("pageToken", token),) if token is not None else ()))
    return read(path, book, asked)


def rows_of(held: list[W] | W | None) -> list[W]:
    """One alone is an object, not an array; none at all is null."""
    if isinstance(held, list):
        return held  # pyright: ignore[reportUnknownVariableType] - a row is a Struct, never a list
    return [] if held is None else [held]


def next_token(pagination: Paging | None) -> str | None:
    """The token of the page that follows; none at the end."""
    links = None if pagination is None else pagination.Links
    if links is None or not links.Next:
        return None
    try:
        return parse_qs(urlsplit(links.Next).query).get("pageToken", [links.Next])[0]
    except ValueError:
        return links.Next
