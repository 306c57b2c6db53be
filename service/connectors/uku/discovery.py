"""Which company we are let in to. Nothing tells its name.

A key names no company: the person names it, and it is tried. A token has its company in it, where we cannot read it, so
the company's own clients say which one it is (`account_id`: a third party's inventory of the answers, read 2026-11-20).
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.connector import FoundAccount
from service.connectors.sdk.faults import Refused
from service.connectors.sdk.flow import Flow, Request
from service.connectors.uku.lists import WireList

COMPANY: Final = "company"
_FIRST: Final = Request(method="GET", path="/api/v3/clients", query=(("limit", "1"),), lane="read")


class _WireOwned(Struct, frozen=True):
    id: int | str
    account_id: int | str | None = None


_read: Final = json_reader(WireList[_WireOwned])


def discover(told: Mapping[str, str]) -> Flow[tuple[FoundAccount, ...]]:
    """The one company, once it has answered. Raises Refused (`nothing_yet`) where nothing says which one it is."""
    clients = _read((yield _FIRST)).data
    company = told.get(COMPANY)
    if company is None:
        owner = clients[0].account_id if clients else None
        if owner is None:
            raise Refused("nothing says which company it is", code="nothing_yet")
        company = str(owner)
    return (FoundAccount(company, f"Uku company {company[:8]}"),)
