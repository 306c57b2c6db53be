"""Payment terms by their name, as invoices show them."""

from typing import Final

from msgspec import UNSET, Struct, UnsetType

from service.connectors.quickbooks.entity import rows_reader
from service.connectors.quickbooks.statement import MINOR_VERSION, literal
from service.connectors.quickbooks.wire import Ref
from service.connectors.sdk.flow import Flow, Request
from service.connectors.sdk.references import invalid


class _Term(Struct, frozen=True, gc=False):
    Id: str


_read: Final = rows_reader("Term", _Term)


def term_ref(name: str | UnsetType) -> Flow[Ref | UnsetType]:
    """The company's term of that name. Raises Invalid when it has none."""
    if isinstance(name, UnsetType):
        return UNSET
    try:
        condition = f"Name = {literal(name)}"
    except ValueError as error:
        raise invalid("/terms", "unknown", str(error)) from None
    statement = f"select * from Term where {condition} startposition 1 maxresults 1"  # noqa: S608 (a literal)
    rows = _read((yield Request(method="GET", path="/query", query=(("query", statement), MINOR_VERSION), lane="read")))
    if not rows:
        raise invalid("/terms", "unknown", "The company has no such terms in QuickBooks.")
    return Ref(rows[0].Id)
