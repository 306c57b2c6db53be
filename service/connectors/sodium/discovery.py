"""The tenants that the owner of an API key belongs to.

Source: https://sodiumhq.com/docs/api/operations/ (Tenants), read 2026-11-20. Whether the list comes in the envelope
of other lists is not said: one without is taken to be whole.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.connector import FoundAccount
from service.connectors.sdk.faults import BrokenPaging
from service.connectors.sdk.flow import Flow, Request, Response

_PAGE: Final = 50
_MOST: Final = 1000


class _Tenant(Struct, frozen=True, gc=False):
    code: str
    name: str | None = None


class _Page(Struct, frozen=True, gc=False):
    data: list[_Tenant]
    hasMore: bool = False


_read_page: Final = json_reader(_Page)
_read_bare: Final = json_reader(list[_Tenant])


def _read(response: Response) -> _Page:
    return _Page(_read_bare(response)) if response.body.lstrip()[:1] == b"[" else _read_page(response)


def discover(_told: Mapping[str, str]) -> Flow[tuple[FoundAccount, ...]]:
    """All of them, page by page."""
    found: list[FoundAccount] = []
    while True:
        window = (("offset", str(len(found))), ("limit", str(_PAGE)))
        page = _read((yield Request(method="GET", path="/tenants", query=window, lane="read")))
        found += [FoundAccount(tenant.code, tenant.name or tenant.code) for tenant in page.data]
        if not page.hasMore:
            return tuple(found)
        if not page.data or len(found) > _MOST:
            raise BrokenPaging("the list of tenants does not end")
