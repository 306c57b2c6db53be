"""Which firm a consent at Canopy was given for (assumed: Canopy publishes no reference)."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.connector import FoundAccount
from service.connectors.sdk.flow import Flow, Request


class _Session(Struct, frozen=True, gc=False):
    user_id: str
    firm_id: str | None = None
    firm_name: str | None = None


_read: Final = json_reader(_Session)


def discover(_told: Mapping[str, str]) -> Flow[tuple[FoundAccount, ...]]:
    """A consent is one firm's. Where the session does not name it, the person who consented stands for it."""
    wire = _read((yield Request(method="GET", path="/practice/v1/me/sessions", lane="read")))
    firm = wire.firm_id or wire.user_id
    return (FoundAccount(firm, wire.firm_name or firm, "USD"),)
