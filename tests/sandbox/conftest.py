"""Both sandbox vendors as real servers, back to their seed before every test."""

from collections.abc import Iterator

import httpx
import pytest

from service.sandbox.serve import SandboxServer, running


@pytest.fixture(scope="session")
def canopy_server() -> Iterator[SandboxServer]:
    """One Canopy for all tests of this process."""
    with running("canopy") as server:
        yield server


@pytest.fixture(scope="session")
def quickbooks_server() -> Iterator[SandboxServer]:
    """One QuickBooks for all tests of this process."""
    with running("quickbooks") as server:
        yield server


@pytest.fixture
def canopy(canopy_server: SandboxServer) -> SandboxServer:
    """Canopy at its seed."""
    canopy_server.reset()
    return canopy_server


@pytest.fixture
def quickbooks(quickbooks_server: SandboxServer) -> SandboxServer:
    """QuickBooks at its seed, and in no hurry: its limits are off."""
    quickbooks_server.reset()
    quickbooks_server.limits(per_second=None, per_minute=None, batch_per_minute=None)
    return quickbooks_server


@pytest.fixture
def cny(canopy: SandboxServer) -> Iterator[httpx.Client]:
    """Calls Canopy with a fresh grant that may write everything."""
    canopy.limits(per_minute=None)
    grant = canopy.grant(scopes=["clients:read", "clients:write", "tasks:*", "billing:read", "billing:write"])
    headers = {"authorization": f"Bearer {grant.access_token}"}
    with httpx.Client(base_url=f"{canopy.url}/practice/v1", headers=headers, timeout=5) as client:
        yield client


@pytest.fixture
def qbo(quickbooks: SandboxServer) -> Iterator[httpx.Client]:
    """Calls QuickBooks with a fresh grant."""
    grant = quickbooks.grant()
    headers = {"authorization": f"Bearer {grant.access_token}", "accept": "application/json"}
    base_url = f"{quickbooks.url}/v3/company/{grant.account}"
    with httpx.Client(base_url=base_url, headers=headers, timeout=5) as client:
        yield client


@pytest.fixture(scope="session")
def taxdome_server() -> Iterator[SandboxServer]:
    """One TaxDome for all tests of this process."""
    with running("taxdome") as server:
        yield server


@pytest.fixture
def taxdome(taxdome_server: SandboxServer) -> SandboxServer:
    """TaxDome at its seed, and in no hurry: its limit is off."""
    taxdome_server.reset()
    taxdome_server.limits(per_minute=None)
    return taxdome_server


@pytest.fixture
def tdm(taxdome: SandboxServer) -> Iterator[httpx.Client]:
    """Calls TaxDome in a fresh session of the firm, at its first account."""
    grant = taxdome.grant()
    headers = {"authorization": f"Bearer {grant.access_token}", "x-account-id": grant.account}
    with httpx.Client(base_url=f"{taxdome.url}/api", headers=headers, timeout=10) as client:
        yield client


@pytest.fixture(scope="session")
def sodium_server() -> Iterator[SandboxServer]:
    """One Sodium for all tests of this process."""
    with running("sodium") as server:
        yield server


@pytest.fixture
def sodium(sodium_server: SandboxServer) -> SandboxServer:
    """Sodium at its seed."""
    sodium_server.reset()
    return sodium_server


@pytest.fixture
def sod(sodium: SandboxServer) -> Iterator[httpx.Client]:
    """Calls Sodium's first tenant with a fresh API key."""
    grant = sodium.grant()
    headers = {"x-api-key": grant.access_token}
    with httpx.Client(base_url=f"{sodium.url}/tenants/{grant.account}", headers=headers, timeout=5) as client:
        yield client


@pytest.fixture(scope="session")
def canopy_public_server() -> Iterator[SandboxServer]:
    """One Canopy, seen through its public API, for all tests of this process."""
    with running("canopy_public", clients=60) as server:
        yield server


@pytest.fixture
def canopy_public(canopy_public_server: SandboxServer) -> SandboxServer:
    """Canopy's public API at its seed."""
    canopy_public_server.reset()
    return canopy_public_server


@pytest.fixture
def pub(canopy_public: SandboxServer) -> Iterator[httpx.Client]:
    """Calls Canopy's public API with a fresh grant of every scope."""
    canopy_public.limits(per_minute=None)
    headers = {"authorization": f"Bearer {canopy_public.grant().access_token}"}
    with httpx.Client(base_url=f"{canopy_public.url}/public/v3", headers=headers, timeout=5) as client:
        yield client
