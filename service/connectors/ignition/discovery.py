"""Which practice a consent at Ignition was given for: the token's own, which no call names (third party)."""

from collections.abc import Mapping
from typing import Final

from service.connectors.ignition.clients import WireClient
from service.connectors.ignition.lists import WireList
from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.connector import FoundAccount
from service.connectors.sdk.flow import Flow, Request

_read: Final = json_reader(WireList[WireClient])


def discover(_told: Mapping[str, str]) -> Flow[tuple[FoundAccount, ...]]:
    """The one practice, once a call has shown that its plan and the person's role let us read it."""
    path = "/external/api/v1/reporting/clients"
    _read((yield Request(method="GET", path=path, query=(("limit", "1"),), lane="read")))
    return (FoundAccount("practice", "Ignition practice"),)
