"""Which practices a consent at Xero was given for: one login fronts several tenants, and none is the default.

Source: https://github.com/XeroAPI/Xero-OpenAPI/blob/master/xero-identity.yaml, read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from service.connectors.sdk.codec import json_reader
from service.connectors.sdk.connector import FoundAccount
from service.connectors.sdk.flow import Flow, Request


class _Tenant(Struct, frozen=True, gc=False, rename="camel"):
    tenant_id: str
    tenant_type: str
    tenant_name: str | None = None


_read: Final = json_reader(list[_Tenant])


def discover(_told: Mapping[str, str]) -> Flow[tuple[FoundAccount, ...]]:
    """Every practice. An organisation that the login also reaches is Xero's bookkeeping, not a practice."""
    tenants = _read((yield Request(method="GET", path="/connections", lane="read")))
    return tuple(
        FoundAccount(tenant.tenant_id, tenant.tenant_name or tenant.tenant_id)
        for tenant in tenants
        if tenant.tenant_type == "PRACTICE"
    )
