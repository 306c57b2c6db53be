"""Which tenant two keys open. Karbon's keys are of one tenant each; its key is told, and not what it is called.

The vendor's reference says that `TenantKey` is answered, a guide of its own shows an answer without. So the keys of the
tenant's types and statuses are taken along, which are no other tenant's. A public integration met an application whose
keys read everything but this (401): then the list of contacts says whether they are good, and nothing whose they are.

Sources, read 2026-11-20: https://karbonhq.github.io/karbon-api-reference/KarbonAPI.json (TenantSettings) and
https://karbonhq.github.io/karbon-api-reference/KARBON_API.md (Tenant Settings).
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.connector import FoundAccount
from service.connectors.sdk.faults import ConnectionRefused, CredentialsExpired, Refused
from service.connectors.sdk.flow import Flow, Request

STAND_IN: Final = "tenant"
_NAME: Final = "Karbon"


class _Kind(Struct, frozen=True, gc=False):
    """A type or a status, with at most one of the keys. A primary status has none: it is everybody's."""

    ContactTypeKey: str | None = None
    ServiceTypeKey: str | None = None
    WorkStatusKey: str | None = None
    WorkTypeKey: str | None = None
    Children: "list[_Kind | str | None] | None" = None

    def keys(self) -> list[str]:
        """With those below it."""
        own = (self.ContactTypeKey, self.ServiceTypeKey, self.WorkStatusKey, self.WorkTypeKey)
        return [key for key in own if key] + _keys(self.Children)


class _Settings(Struct, frozen=True, gc=False):
    """In the guide's answer kinds are texts, which say nothing of whose they are."""

    ContactTypes: list[_Kind | str | None]
    TenantKey: str | None = None
    ServiceTypes: list[_Kind | str | None] | None = None
    WorkStatuses: list[_Kind | str | None] | None = None
    WorkTypes: list[_Kind | str | None] | None = None

    def keys(self) -> list[str]:
        """All that are this tenant's alone, its own first."""
        kinds = (self.ContactTypes, self.ServiceTypes, self.WorkStatuses, self.WorkTypes)
        return [self.TenantKey or "", *(key for some in kinds for key in _keys(some))]


_read: Final = json_reader(_Settings)


def discover(_told: Mapping[str, str]) -> Flow[tuple[FoundAccount, ...]]:
    """The one tenant, once the vendor has said yes to both secrets."""
    try:
        settings = _read((yield Request(method="GET", path="/v3/TenantSettings", lane="read")))
    except (ConnectionRefused, CredentialsExpired, Refused):
        yield Request(method="GET", path="/v3/Contacts", query=(("$top", "1"),), lane="read")
        return (FoundAccount(STAND_IN, _NAME),)
    marks = tuple(dict.fromkeys(filter(None, settings.keys())))
    return (FoundAccount(settings.TenantKey or STAND_IN, _NAME, marks=marks),)


def _keys(kinds: list[_Kind | str | None] | None) -> list[str]:
    return [key for kind in kinds or () if isinstance(kind, _Kind) for key in kind.keys()]  # noqa: SIM118 (not a dict)
