"""The whole product over HTTP, as in the acceptance tests."""

from tests.acceptance.conftest import (
    api,
    canopy,
    canopy_server,
    customers,
    database,
    http,
    keys,
    operator_pool,
    quickbooks,
    quickbooks_server,
    redis_url,
    settings,
)

__all__ = [
    "api",
    "canopy",
    "canopy_server",
    "customers",
    "database",
    "http",
    "keys",
    "operator_pool",
    "quickbooks",
    "quickbooks_server",
    "redis_url",
    "settings",
]
