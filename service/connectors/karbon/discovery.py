"""Whether two keys open a tenant. Karbon's keys are of one tenant each, and nothing tells what it is called.

Source: https://karbonhq.github.io/karbon-api-reference/KarbonAPI.json (TenantSettings), read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.connector import FoundAccount
from service.connectors.sdk.flow import Flow, Request


class _Settings(Struct, frozen=True, gc=False):
    ContactTypes: list[object]


_read: Final = json_reader(_Settings)
_ONLY: Final = FoundAccount("tenant", "Karbon")


def discover(_told: Mapping[str, str]) -> Flow[tuple[FoundAccount, ...]]:
    """The one tenant, once the vendor has said yes to both secrets."""
    _read((yield Request(method="GET", path="/v3/TenantSettings", lane="read")))
    return (_ONLY,)
