"""Whether a consent opens a practice. Nothing in the public API tells which one it is, or what it is called."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.connector import FoundAccount
from service.connectors.sdk.flow import Flow, Request


class _List(Struct, frozen=True, gc=False):
    clients: list[object]


_read: Final = json_reader(_List)
_ONLY: Final = FoundAccount("practice", "Canopy")


def discover(_told: Mapping[str, str]) -> Flow[tuple[FoundAccount, ...]]:
    """The one practice, once it has answered."""
    _read((yield Request(method="GET", path="/public/v3/clients", query=(("limit", "1"),), lane="read")))
    return (_ONLY,)
