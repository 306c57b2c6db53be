"""Whether a key opens the company that was named beside it. A key names no company, and nothing tells its name."""

from collections.abc import Mapping
from typing import Final

from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.connector import FoundAccount
from service.connectors.sdk.flow import Flow, Request
from service.connectors.uku.clients import WireClient
from service.connectors.uku.lists import WireList

COMPANY: Final = "company"
_read: Final = json_reader(WireList[WireClient])


def discover(told: Mapping[str, str]) -> Flow[tuple[FoundAccount, ...]]:
    """The one company, once it has answered."""
    _read((yield Request(method="GET", path="/api/v3/clients", query=(("limit", "1"),), lane="read")))
    company = told.get(COMPANY) or COMPANY
    return (FoundAccount(company, f"Uku company {company[:8]}"),)
