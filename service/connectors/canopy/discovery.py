"""Which firm a consent at Canopy was given for (assumed: Canopy publishes no reference)."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from service.connectors.canopy.search import search
from service.connectors.sdk.binding import Query
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.connector import FoundAccount
from service.connectors.sdk.faults import ConnectionRefused, Refused
from service.connectors.sdk.flow import Flow, Request


class _Session(Struct, frozen=True, gc=False):
    user_id: str
    firm_id: str | None = None
    firm_name: str | None = None


class _Invoice(Struct, frozen=True, gc=False):
    currency: str


class _Invoices(Struct, frozen=True, gc=False):
    invoices: list[_Invoice]


_ROOT: Final = "/practice/v1"
_read: Final = json_reader(_Session)
_read_invoices: Final = json_reader(_Invoices)


def discover(_told: Mapping[str, str]) -> Flow[tuple[FoundAccount, ...]]:
    """A consent is one firm's. Where the session does not name it, the person who consented stands for it."""
    wire = _read((yield Request(method="GET", path=f"{_ROOT}/me/sessions", lane="read")))
    firm = wire.firm_id or wire.user_id
    return (FoundAccount(firm, wire.firm_name or firm),)


def home_currency() -> Flow[str | None]:
    """The one currency of a page of invoices; None for a firm that bills in two, or in none that we may see."""
    asked = search("invoices", Query(limit=200))
    try:
        answer = _read_invoices((yield replace(asked, path=_ROOT + asked.path)))
    except (ConnectionRefused, Refused):
        return None
    found = {invoice.currency for invoice in answer.invoices}
    return found.pop() if len(found) == 1 else None
