"""The sandbox vendors as real servers; each test finds them at their seed."""

from collections.abc import Iterator

import pytest

from service.sandbox.serve import SandboxServer, running
from tests.connectors.vendors import Vendor, connected


@pytest.fixture(scope="session")
def sandboxes() -> Iterator[dict[str, SandboxServer]]:
    with running("canopy", clients=60) as canopy, running("quickbooks", clients=60) as quickbooks:
        yield {"canopy": canopy, "quickbooks": quickbooks}


@pytest.fixture
def quickbooks(sandboxes: dict[str, SandboxServer]) -> Iterator[Vendor]:
    yield from connected(sandboxes["quickbooks"], "quickbooks")


@pytest.fixture
def canopy(sandboxes: dict[str, SandboxServer]) -> Iterator[Vendor]:
    yield from connected(sandboxes["canopy"], "canopy")
