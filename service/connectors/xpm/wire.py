"""What Xero Practice Manager's records have in common.

Source: https://developer.xero.com/documentation/api/practice-manager-3-1/overview-practice-manager, read 2026-11-20.

Answers are XML whatever is asked for. Who switches `Xero-Features: practice-strict-content-type` on and asks for JSON
is given JSON of quite another shape (third party), so we ask for XML, and read XML or JSON in XML's shape.
"""

from typing import Final

from msgspec import Struct

from service.connectors.sdk.faults import SchemaDrift
from service.connectors.sdk.flow import Request
from service.connectors.sdk.references import path_segment
from service.ids import Book

_ACCEPT: Final = "application/xml, text/xml;q=0.9"


class Named(Struct, frozen=True, gc=False):
    """A reference to another record; an empty element refers to none."""

    UUID: str | None = None


def read(path: str, book: Book, query: tuple[tuple[str, str], ...] = ()) -> Request:
    """A read at the practice that `book` names: every call says which tenant it is for."""
    tenant = (("xero-tenant-id", path_segment(book.account)),)
    return Request(method="GET", path=path, query=query, accept=_ACCEPT, headers=tenant, lane="read")


def is_yes(text: str | None, at: str) -> bool:
    """Clients say Yes and No, jobs and time true and false. Raises SchemaDrift at the path for any other word."""
    if text is None or text == "No":
        return False
    answer = _WORDS.get(text.casefold())
    if answer is None:
        raise SchemaDrift(at, "Expected Yes or No")
    return answer


_WORDS: Final = {"yes": True, "no": False, "true": True, "false": False}
