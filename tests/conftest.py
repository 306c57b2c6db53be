"""Real servers for every test: PostgreSQL and Valkey from wheels, one pair for each test process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service import embedded


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Servers]:
    """The two servers, started once for each test process."""
    directory: Path = tmp_path_factory.mktemp("servers")
    with embedded.running(directory) as servers:
        yield servers
